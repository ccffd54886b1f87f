#include "layers/activations.h"

#include <cstdint>

#include "core/base/check.h"
#include "core/base/parallel.h"
#include "layers/layer_kernels.h"

namespace pbgen {
namespace {

static_assert(activations_leaf::kWidth == kLanes);

// Calls body(from, to, vectors) for every thread's share of x and y, vectors of kLanes floats.
template <class Body>
void map_forward(ConstTensorView x, TensorView y, Body body) {
  check_equal(y.shape, x.shape, "output of an activation");
  parallel_for(x.shape.floats() / kLanes, [&](std::int64_t begin, std::int64_t end) {
    body(x.data + begin * kLanes, y.data + begin * kLanes, end - begin);
  }, min_piece_of(kLanes));
}

// Calls body(values, from, to, vectors) for every thread's share of y, dy and dx, where dx is wanted.
template <class Body>
void map_backward(ConstTensorView y, ConstTensorView dy, TensorView dx, Want want, Body body) {
  if (!want.input) return;
  check_equal(dy.shape, y.shape, "output gradient of an activation");
  check_equal(dx.shape, y.shape, "input gradient of an activation");
  parallel_for(y.shape.floats() / kLanes, [&](std::int64_t begin, std::int64_t end) {
    body(y.data + begin * kLanes, dy.data + begin * kLanes, dx.data + begin * kLanes, end - begin);
  }, min_piece_of(kLanes));
}

void rectify(ConstTensorView x, TensorView y, float slope) {
  const auto leaf = layer_kernels().activations.rectify;
  map_forward(x, y, [=](const float* from, float* to, std::int64_t vectors) { leaf(from, to, vectors, slope); });
}

void rectify_backward(ConstTensorView y, ConstTensorView dy, TensorView dx, Want want, float slope) {
  const auto leaf = layer_kernels().activations.rectify_backward;
  map_backward(y, dy, dx, want, [=](const float* values, const float* from, float* to, std::int64_t vectors) {
    leaf(values, from, to, vectors, slope);
  });
}

}  // namespace

void ReLU::forward(ConstTensorView x, TensorView y, std::span<float>, Workspace&, Mode) const {
  rectify(x, y, 0.0f);
}

void ReLU::backward(ConstTensorView, ConstTensorView y, ConstTensorView dy, TensorView dx, std::span<const float>, Want want, Workspace&) {
  rectify_backward(y, dy, dx, want, 0.0f);
}

LeakyReLU::LeakyReLU(float slope) : slope_(slope) {
  check(slope > 0.0f && slope < 1.0f, "leaky slope is ", slope, ", expected one in (0, 1)");
}

void LeakyReLU::forward(ConstTensorView x, TensorView y, std::span<float>, Workspace&, Mode) const {
  rectify(x, y, slope_);
}

void LeakyReLU::backward(ConstTensorView, ConstTensorView y, ConstTensorView dy, TensorView dx, std::span<const float>, Want want,
                         Workspace&) {
  rectify_backward(y, dy, dx, want, slope_);
}

void Tanh::forward(ConstTensorView x, TensorView y, std::span<float>, Workspace&, Mode) const {
  map_forward(x, y, layer_kernels().activations.tanh);
}

void Tanh::backward(ConstTensorView, ConstTensorView y, ConstTensorView dy, TensorView dx, std::span<const float>, Want want, Workspace&) {
  map_backward(y, dy, dx, want, layer_kernels().activations.tanh_backward);
}

}  // namespace pbgen
