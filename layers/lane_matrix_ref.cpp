#include <algorithm>

#include "layers/lane_matrix_leaf.h"

namespace pbgen::lane_matrix_leaf {
namespace {

void sum_rows(std::int64_t rows, std::int64_t vectors, std::int64_t stride, const float* x, float* sums) {
  std::copy_n(x, vectors * kWidth, sums);
  for (std::int64_t r = 1; r < rows; ++r)
    for (std::int64_t i = 0; i < vectors * kWidth; ++i) sums[i] += x[r * stride + i];
}

}  // namespace

const Leaves kRef = {.sum_rows = sum_rows};

}  // namespace pbgen::lane_matrix_leaf
