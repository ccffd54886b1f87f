#include "core/conv/winograd.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/conv/winograd_blocked.h"
#include "core/conv/winograd_transform.h"

namespace pbgen {
namespace {

const winograd_blocked::Leaves& leaves_for(const ConvGeometry& g, const LaneShape& small, const LaneShape& big) {
  check_equal(small, LaneShape{big.batch, g.small_height, g.small_width, small.channels}, "small side of a convolution");
  check_equal(big, LaneShape{small.batch, g.big_height, g.big_width, big.channels}, "big side of a convolution");
  check(winograd_takes(g, {small.channels, big.channels, g.kernel}), "Winograd's algorithm does not take ", small, " and ", big);
  return *winograd_blocked::leaves_in_force();
}

void check_packed(const WinogradWeights& weights, const LaneShape& small, const LaneShape& big, const winograd_blocked::Leaves& leaves) {
  check(weights.shape() == ConvWeightShape{small.channels, big.channels},
        "convolution weights of other channels: ", weights.shape().c_small, " x ", weights.shape().c_big, " for ", small, " and ", big);
  check(weights.path() == leaves.path, "convolution weights were packed for the path ", name(weights.path()), " and are used on ",
        name(leaves.path));
}

}  // namespace

bool winograd_takes(const ConvWeightShape& shape) {
  return winograd_blocked::leaves_in_force() != nullptr && shape.kernel == 5 && shape.c_small % 32 == 0 && shape.c_big % 16 == 0;
}

bool winograd_takes(const ConvGeometry& g, const ConvWeightShape& shape) {
  return winograd_takes(shape) && g.kernel == 5 && g.stride == 2 && g.pad_top == 1 && g.pad_left == 1 && g.small_height % 4 == 0 &&
         g.small_width % 4 == 0 && g.big_height == 2 * g.small_height && g.big_width == 2 * g.small_width;
}

bool winograd_pays(const ConvGeometry& g, const ConvWeightShape& shape, std::int64_t images) {
  const std::int64_t tiles = (g.small_height / winograd_transform::kOutputs) * (g.small_width / winograd_transform::kOutputs);
  return winograd_takes(g, shape) && shape.c_small >= 128 && shape.c_big >= 64 && images * tiles >= 64;
}

std::int64_t WinogradWeights::packed_bytes(const ConvWeightShape& shape) {
  return static_cast<std::int64_t>(sizeof(float)) * winograd_blocked::weight_floats(shape);
}

void WinogradWeights::pack(const float* w) {
  check(winograd_takes(shape_), "Winograd's algorithm does not take weights ", shape_.c_small, " x ", shape_.c_big, ", kernel ",
        shape_.kernel);
  const winograd_blocked::Leaves& leaves = *winograd_blocked::leaves_in_force();
  if (points_.empty()) points_ = AlignedBuffer<float>(winograd_blocked::weight_floats(shape_));
  winograd_blocked::pack(leaves, shape_, w, points_.data());
  path_ = leaves.path;
}

std::int64_t winograd_floats(const ConvGeometry& g, const LaneShape& small, const LaneShape& big) {
  const winograd_blocked::Leaves& leaves = leaves_for(g, small, big);
  return std::max({winograd_blocked::to_big_floats(leaves, small, big), winograd_blocked::to_small_floats(leaves, small, big),
                   winograd_blocked::weight_gradient_floats(leaves, small, big)});
}

DealtWork winograd_dealt(ConvProduct product, const ConvGeometry& g, const LaneShape& small, const LaneShape& big) {
  const winograd_blocked::Leaves& leaves = leaves_for(g, small, big);
  if (product == ConvProduct::to_big) return winograd_blocked::to_big_dealt(leaves, small, big);
  if (product == ConvProduct::to_small) return winograd_blocked::to_small_dealt(leaves, small, big);
  check(product == ConvProduct::weight_gradient, "Winograd's algorithm multiplies floats alone");
  return winograd_blocked::weight_gradient_dealt(leaves, small, big);
}

void winograd_to_big(const ConvGeometry& g, const WinogradWeights& weights, const float* bias, ConstTensorView small, TensorView big,
                     Workspace& workspace) {
  const winograd_blocked::Leaves& leaves = leaves_for(g, small.shape, big.shape);
  check_packed(weights, small.shape, big.shape, leaves);
  winograd_blocked::to_big(leaves, weights.points(), bias, small, big, workspace);
}

void winograd_to_small(const ConvGeometry& g, const WinogradWeights& weights, const float* bias, ConstTensorView big, TensorView small,
                       Workspace& workspace) {
  const winograd_blocked::Leaves& leaves = leaves_for(g, small.shape, big.shape);
  check_packed(weights, small.shape, big.shape, leaves);
  winograd_blocked::to_small(leaves, weights.points(), bias, big, small, workspace);
}

void winograd_weight_gradient(const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw,
                              Workspace& workspace) {
  const winograd_blocked::Leaves& leaves = leaves_for(g, small.shape, big.shape);
  check(beta == 0.0f || beta == 1.0f, "convolution weight gradient: beta is ", beta, ", expected 0 or 1");
  winograd_blocked::weight_gradient(leaves, small, big, beta, dw, workspace);
}

}  // namespace pbgen
