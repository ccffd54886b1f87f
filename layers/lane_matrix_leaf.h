// Between lane_matrix.cpp and its leaves.  Not for anybody else.
//
// kRef is the definition, baseline code; the others give the same bits, because they add in the same order.
#pragma once

#include <cstdint>

namespace pbgen::lane_matrix_leaf {

inline constexpr std::int64_t kWidth = 8;  // lanes

struct Leaves {
  // Rows of `vectors` vectors of kWidth floats, rows `stride` floats apart: sums[v][lane] is overwritten with the sum over the
  // rows, first to last.  rows >= 1.  The sums lie in L1.
  void (*sum_rows)(std::int64_t rows, std::int64_t vectors, std::int64_t stride, const float* x, float* sums);
};
extern const Leaves kRef;
extern const Leaves kAvx2;  // x86-64 alone

}  // namespace pbgen::lane_matrix_leaf
