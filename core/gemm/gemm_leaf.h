// Between gemm_blocked.cpp and its leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::gemm_leaf {

// The leaves whose tile is kRows x kColumns of C, in vectors of kVector floats.
template <std::int64_t kRows, std::int64_t kColumns, std::int64_t kVector>
struct TileLeaves {
  static constexpr std::int64_t kMr = kRows;
  static constexpr std::int64_t kNr = kColumns;
  static constexpr std::int64_t kWidth = kVector;

  // The first rows of one tile, all its columns.  With S_ij = sum over p < k of a[p*kMr + i] * b[p*kNr + j], added in the order
  // of p by fused multiply-adds:
  //   c[i*ldc + j] := S_ij, or c[i*ldc + j] + S_ij where accumulate, for i < rows.
  // k >= 1, 1 <= rows <= kMr; fewer rows may take less time.  b is aligned to a vector; a and c need not be.
  void (*ukernel)(std::int64_t k, std::int64_t rows, const float* a, const float* b, bool accumulate, float* c, std::int64_t ldc);
  // to[p*step + r] := from[r*ld + p] for p < k and r < rows; 0 for rows <= r < kWidth.  0 <= rows <= kWidth.
  // Rows of `to` are written in the order of p, kWidth floats each: what a row writes beyond its step the next one
  // overwrites, and the last one needs that room.
  void (*transpose)(std::int64_t k, std::int64_t rows, const float* from, std::int64_t ld, float* to, std::int64_t step);
};

using Avx2Leaves = TileLeaves<6, 16, 8>;
using Avx512Leaves = TileLeaves<12, 32, 16>;
extern const Avx2Leaves kAvx2;      // x86-64 alone
extern const Avx512Leaves kAvx512;  // x86-64 alone

}  // namespace pbgen::gemm_leaf
