// Between gemm_blocked.cpp and its leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::gemm_leaf {

inline constexpr std::int64_t kMr = 6;
inline constexpr std::int64_t kNr = 16;

struct Leaves {
  // The first rows of one tile, all its columns.  With S_ij = sum over p < k of a[p*6 + i] * b[p*16 + j], added in the order
  // of p by fused multiply-adds:
  //   c[i*ldc + j] := S_ij, or c[i*ldc + j] + S_ij where accumulate, for i < rows.
  // k >= 1, 1 <= rows <= 6; four rows and fewer take two thirds of the time.  b is 32-byte aligned; a and c need not be.
  void (*ukernel_6x16)(std::int64_t k, std::int64_t rows, const float* a, const float* b, bool accumulate, float* c, std::int64_t ldc);
  // to[p*step + r] := from[r*ld + p] for p < k and r < rows; 0 for rows <= r < 8.  0 <= rows <= 8 <= step + 2.
  // Rows of `to` are written in the order of p, eight floats each: what a row writes beyond its step the next one
  // overwrites, and the last one needs that room.
  void (*transpose)(std::int64_t k, std::int64_t rows, const float* from, std::int64_t ld, float* to, std::int64_t step);
};
extern const Leaves kAvx2;  // x86-64 alone

}  // namespace pbgen::gemm_leaf
