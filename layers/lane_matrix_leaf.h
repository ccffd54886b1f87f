// Between lane_matrix.cpp and its leaves.  Not for anybody else.
//
// The leaf comes twice: _ref is the definition, baseline code; _avx2 gives the same bits, because it adds in the same order.
#pragma once

#include <cstdint>

namespace pbgen::lane_matrix_leaf {

inline constexpr std::int64_t kWidth = 8;  // lanes

// Rows of `vectors` vectors of kWidth floats, rows `stride` floats apart: sums[v][lane] is overwritten with the sum over the
// rows, first to last.  rows >= 1.  The sums lie in L1.
using SumRows = void(std::int64_t rows, std::int64_t vectors, std::int64_t stride, const float* x, float* sums);
SumRows sum_rows_ref, sum_rows_avx2;

}  // namespace pbgen::lane_matrix_leaf
