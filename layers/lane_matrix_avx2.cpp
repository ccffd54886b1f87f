#include <immintrin.h>

#include "layers/lane_matrix_leaf.h"

namespace pbgen::lane_matrix_leaf {
namespace {

void sum_rows(std::int64_t rows, std::int64_t vectors, std::int64_t stride, const float* x, float* sums) {
  for (std::int64_t v = 0; v < vectors; ++v) _mm256_storeu_ps(sums + v * kWidth, _mm256_loadu_ps(x + v * kWidth));
  for (std::int64_t r = 1; r < rows; ++r)
    for (std::int64_t v = 0; v < vectors; ++v) {
      float* const sum = sums + v * kWidth;
      _mm256_storeu_ps(sum, _mm256_add_ps(_mm256_loadu_ps(sum), _mm256_loadu_ps(x + r * stride + v * kWidth)));
    }
}

}  // namespace

const Leaves kAvx2 = {.sum_rows = sum_rows};

}  // namespace pbgen::lane_matrix_leaf
