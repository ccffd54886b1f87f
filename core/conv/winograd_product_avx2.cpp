#include <immintrin.h>

#include "core/base/vector_avx2.h"
#include "core/conv/winograd_product_leaf.h"
#include "core/conv/winograd_product_loops.h"

namespace pbgen::winograd_product_leaf {
namespace {

//   registers  12 accumulators + 2 of the input + 1 weight = 15 of 16 ymm
//   latency    12 independent FMAs >= 2 ports * 5 cycles; 8 for the four rows that sixes leave of a panel
//   loads      2 inputs and 6 broadcasts for 12 FMAs: 8 of the 12 slots
void multiply(const Product& p, const float* next) {
  NextWeights next_weights(p, next);
  for (std::int64_t n = 0; n < p.columns; n += 2) {
    next_weights.prefetch_for_two_columns();
    if (n + 1 < p.columns) {
      tile<Ymm, 6, 2>(p, n, 0);
      tile<Ymm, 6, 2>(p, n, 6);
      tile<Ymm, 4, 2>(p, n, 12);
    } else {
      tile<Ymm, 8, 1>(p, n, 0);
      tile<Ymm, 8, 1>(p, n, 8);
    }
  }
}

void multiply_adjoint(const AdjointProduct& p, const float* next) {
  prefetch_panels(p, next);
  for (std::int64_t n = 0; n < p.columns; n += 2) {
    if (n + 1 < p.columns) {
      adjoint_tile<Ymm, 6, 2>(p, n, 0);
      adjoint_tile<Ymm, 6, 2>(p, n, 6);
      adjoint_tile<Ymm, 4, 2>(p, n, 12);
    } else {
      adjoint_tile<Ymm, 8, 1>(p, n, 0);
      adjoint_tile<Ymm, 8, 1>(p, n, 8);
    }
  }
}

void multiply_gradient(const GradientProduct& p, const float* next_big, const float* next_small) {
  constexpr std::int64_t kLanes = Ymm::kLanes;
  for (std::int64_t n = 0; n < p.columns; ++n) {
    for (std::int64_t line = 0; line < kPanel * kLanes; line += 16)
      _mm_prefetch(reinterpret_cast<const char*>(next_big + n * p.big_step + line), _MM_HINT_T0);
    for (std::int64_t line = 0; line < kLanes * 2 * kLanes / 4; line += 16)
      _mm_prefetch(reinterpret_cast<const char*>(next_small + n * kLanes * 2 * kLanes / 4 + line), _MM_HINT_T1);
  }
  const auto nothing = [](std::int64_t) {};
  gradient_tile<Ymm, 6>(p, 0, nothing);
  gradient_tile<Ymm, 6>(p, 6, nothing);
  gradient_tile<Ymm, 4>(p, 12, nothing);
}

}  // namespace

const Leaves kAvx2 = {.multiply = multiply, .multiply_adjoint = multiply_adjoint, .multiply_gradient = multiply_gradient};

}  // namespace pbgen::winograd_product_leaf
