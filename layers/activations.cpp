#include "layers/activations.h"

#include <cstdint>

#include "core/base/check.h"
#include "core/base/math.h"
#include "core/base/parallel.h"
#include "layers/layer_kernels.h"

namespace pbgen {
namespace {

static_assert(activations_leaf::kWidth == kLanes);

// Calls body(from, to, vectors) for every thread's share of x and y, vectors of kLanes floats.
template <class Body>
void map_shares(ConstTensorView x, TensorView y, Body body) {
  check_equal(y.shape, x.shape, "output of an activation");
  parallel_for(x.shape.floats() / kLanes, [&](std::int64_t begin, std::int64_t end) {
    body(x.data + begin * kLanes, y.data + begin * kLanes, end - begin);
  }, min_piece_of(kLanes));
}

// y = f(x), elementwise; y may be x.
template <class Function>
void map_forward(ConstTensorView x, TensorView y, Function f) {
  map_shares(x, y, [&f](const float* from, float* to, std::int64_t vectors) {
    // A copy, and below a capture by value: a store through y must not look as if it could change f.
    const Function local = f;
    for (std::int64_t i = 0; i < vectors * kLanes; ++i) to[i] = local(from[i]);
  });
}

// dx = df(y, dy), elementwise; dx may be dy.
template <class Function>
void map_backward(ConstTensorView y, ConstTensorView dy, TensorView dx, Want want, Function df) {
  if (!want.input) return;
  check_equal(dy.shape, y.shape, "output gradient of an activation");
  check_equal(dx.shape, y.shape, "input gradient of an activation");
  parallel_for(y.shape.floats() / kLanes, [value = y.data, from = dy.data, to = dx.data, df](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin * kLanes; i < end * kLanes; ++i) to[i] = df(value[i], from[i]);
  }, min_piece_of(kLanes));
}

}  // namespace

void ReLU::forward(ConstTensorView x, TensorView y, std::span<float>, Workspace&, Mode) const {
  map_forward(x, y, [](float v) { return v < 0.0f ? 0.0f : v; });
}

void ReLU::backward(ConstTensorView, ConstTensorView y, ConstTensorView dy, TensorView dx, std::span<const float>, Want want, Workspace&) {
  map_backward(y, dy, dx, want, [](float v, float gradient) { return choose(v > 0.0f, gradient, 0.0f); });
}

LeakyReLU::LeakyReLU(float slope) : slope_(slope) {
  check(slope > 0.0f && slope < 1.0f, "leaky slope is ", slope, ", expected one in (0, 1)");
}

void LeakyReLU::forward(ConstTensorView x, TensorView y, std::span<float>, Workspace&, Mode) const {
  // The larger of the two, in the one form that g++ 12 vectorises.
  map_forward(x, y, [slope = slope_](float v) {
    const float leak = slope * v;
    return v < leak ? leak : v;
  });
}

void LeakyReLU::backward(ConstTensorView, ConstTensorView y, ConstTensorView dy, TensorView dx, std::span<const float>, Want want,
                         Workspace&) {
  map_backward(y, dy, dx, want, [slope = slope_](float v, float gradient) { return choose(v > 0.0f, gradient, slope * gradient); });
}

void Tanh::forward(ConstTensorView x, TensorView y, std::span<float>, Workspace&, Mode) const {
  map_shares(x, y, layer_kernels().activations.tanh);
}

void Tanh::backward(ConstTensorView, ConstTensorView y, ConstTensorView dy, TensorView dx, std::span<const float>, Want want, Workspace&) {
  // (1 - v)(1 + v) keeps its digits near saturation, where 1 - v * v loses them.
  map_backward(y, dy, dx, want, [](float v, float gradient) { return gradient * ((1.0f - v) * (1.0f + v)); });
}

}  // namespace pbgen
