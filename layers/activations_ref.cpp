#include "core/base/math.h"
#include "layers/activations_leaf.h"

namespace pbgen::activations_leaf {
namespace {

void tanh(const float* x, float* y, std::int64_t vectors) {
  for (std::int64_t i = 0; i < vectors * kWidth; ++i) y[i] = tanh_of(x[i]);
}

}  // namespace

const Leaves kRef = {.tanh = tanh};

}  // namespace pbgen::activations_leaf
