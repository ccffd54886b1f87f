#include "core/base/math.h"
#include "layers/activations_leaf.h"

namespace pbgen::activations_leaf {

void tanh_ref(const float* x, float* y, std::int64_t vectors) {
  for (std::int64_t i = 0; i < vectors * kWidth; ++i) y[i] = tanh_of(x[i]);
}

void tanh_backward_ref(const float* y, const float* dy, float* dx, std::int64_t vectors) {
  // (1 - v)(1 + v) keeps its digits near saturation, where 1 - v * v loses them.
  for (std::int64_t i = 0; i < vectors * kWidth; ++i) dx[i] = dy[i] * ((1.0f - y[i]) * (1.0f + y[i]));
}

void rectify_ref(const float* x, float* y, std::int64_t vectors, float slope) {
  if (slope == 0.0f) {
    for (std::int64_t i = 0; i < vectors * kWidth; ++i) y[i] = x[i] < 0.0f ? 0.0f : x[i];
    return;
  }
  // The larger of the two, in the one form that g++ 12 vectorises.
  for (std::int64_t i = 0; i < vectors * kWidth; ++i) {
    const float leak = slope * x[i];
    y[i] = x[i] < leak ? leak : x[i];
  }
}

void rectify_backward_ref(const float* y, const float* dy, float* dx, std::int64_t vectors, float slope) {
  if (slope == 0.0f) {
    for (std::int64_t i = 0; i < vectors * kWidth; ++i) dx[i] = choose(y[i] > 0.0f, dy[i], 0.0f);
    return;
  }
  for (std::int64_t i = 0; i < vectors * kWidth; ++i) dx[i] = choose(y[i] > 0.0f, dy[i], slope * dy[i]);
}

}  // namespace pbgen::activations_leaf
