#include <immintrin.h>

#include "core/base/vector_avx512.h"
#include "core/conv/winograd_product_leaf.h"
#include "core/conv/winograd_product_loops.h"

namespace pbgen::winograd_product_leaf {
namespace {

constexpr int kRows = 8;

//   registers  16 accumulators + 2 of the input + 1 weight = 19 of 32 zmm
//   latency    16 independent FMAs >= 2 ports * 4 cycles
//   loads      2 inputs and 8 broadcasts for 16 FMAs: 10 of the 16 slots
void multiply(const Product& p, const float* next) {
  NextWeights next_weights(p, next);
  for (std::int64_t n = 0; n < p.columns; n += 2) {
    next_weights.prefetch_for_two_columns();
    for (int row = 0; row < kPanel; row += kRows) {
      if (n + 1 < p.columns) tile<Zmm, kRows, 2>(p, n, row);
      else tile<Zmm, kRows, 1>(p, n, row);
    }
  }
}

void multiply_adjoint(const AdjointProduct& p, const float* next) {
  prefetch_panels(p, next);
  for (int row = 0; row < kPanel; row += kRows)
    for (std::int64_t n = 0; n < p.columns; n += 2) {
      if (n + 1 < p.columns) adjoint_tile<Zmm, kRows, 2>(p, n, row);
      else adjoint_tile<Zmm, kRows, 1>(p, n, row);
    }
}

void multiply_gradient(const GradientProduct& p, const float* next_big, const float* next_small) {
  for (int row = 0; row < kPanel; row += kRows)
    gradient_tile<Zmm, kRows>(p, row, [&](std::int64_t n) __attribute__((always_inline)) {
      for (std::int64_t r = row; r < row + kRows; ++r)
        _mm_prefetch(reinterpret_cast<const char*>(next_big + n * p.big_step + r * Zmm::kLanes), _MM_HINT_T0);
      for (std::int64_t line = row / 2; line < row / 2 + kRows / 2; ++line)
        _mm_prefetch(reinterpret_cast<const char*>(next_small + (n * 8 + line) * 16), _MM_HINT_T1);
    });
}

}  // namespace

const Leaves kAvx512 = {.multiply = multiply, .multiply_adjoint = multiply_adjoint, .multiply_gradient = multiply_gradient};

}  // namespace pbgen::winograd_product_leaf
