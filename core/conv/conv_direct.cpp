#include "core/conv/conv_direct.h"

#include "core/base/check.h"
#include "core/conv/conv_kernels.h"

namespace pbgen {
namespace {

void check_sides(const ConvGeometry& g, const ConvWeightShape& shape, const LaneShape& small, const LaneShape& big) {
  check_equal(g.kernel, shape.kernel, "kernel of a convolution's weights");
  check_equal(small, LaneShape{big.batch, g.small_height, g.small_width, shape.c_small}, "small side of a convolution");
  check_equal(big, LaneShape{small.batch, g.big_height, g.big_width, shape.c_big}, "big side of a convolution");
}

void check_packed(const DirectWeights& weights, const ConvKernels& kernels) {
  check(weights.plain() != nullptr, "convolution weights are used before they are packed");
  check(!kernels.packs || weights.path() == kernels.path, "convolution weights were packed for the path ", name(weights.path()),
        " and are used on ", name(kernels.path));
}

}  // namespace

DirectWeights::DirectWeights(const ConvWeightShape& shape) : shape_(shape) {
  check(shape.c_small > 0 && shape.c_big > 0 && shape.kernel > 0, "convolution weights ", shape.c_small, " x ", shape.c_big, ", kernel ",
        shape.kernel, ": every number must be positive");
}

std::int64_t DirectWeights::packed_bytes(const ConvWeightShape& shape) {
  const PackedSizes sizes = conv_kernels().packed_floats(shape);
  return static_cast<std::int64_t>(sizeof(float)) * (sizes.for_big + sizes.for_small);
}

void DirectWeights::pack(const float* w) {
  const ConvKernels& kernels = conv_kernels();
  const PackedSizes sizes = kernels.packed_floats(shape_);
  if (for_big_.size() != sizes.for_big) for_big_ = AlignedBuffer<float>(sizes.for_big);
  if (for_small_.size() != sizes.for_small) for_small_ = AlignedBuffer<float>(sizes.for_small);
  plain_ = w;
  path_ = kernels.path;
  kernels.pack(shape_, w, for_big_.data(), for_small_.data());
}

void conv_to_small(const ConvGeometry& g, const DirectWeights& weights, const float* bias, ConstTensorView big, TensorView small) {
  const ConvKernels& kernels = conv_kernels();
  check_sides(g, weights.shape(), small.shape, big.shape);
  check_packed(weights, kernels);
  kernels.to_small(g, {weights.shape(), weights.plain(), weights.for_small()}, bias, big, small);
}

void conv_to_big(const ConvGeometry& g, const DirectWeights& weights, const float* bias, ConstTensorView small, TensorView big) {
  const ConvKernels& kernels = conv_kernels();
  check_sides(g, weights.shape(), small.shape, big.shape);
  check_packed(weights, kernels);
  kernels.to_big(g, {weights.shape(), weights.plain(), weights.for_big()}, bias, small, big);
}

std::int64_t conv_weight_gradient_floats(const ConvGeometry& g, const LaneShape& small, const LaneShape& big) {
  return conv_kernels().weight_gradient_floats(g, small, big);
}

void conv_weight_gradient(const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw, Workspace& workspace) {
  check_sides(g, {small.shape.channels, big.shape.channels, g.kernel}, small.shape, big.shape);
  check(beta == 0.0f || beta == 1.0f, "convolution weight gradient: beta is ", beta, ", expected 0 or 1");
  conv_kernels().weight_gradient(g, small, big, beta, dw, workspace);
}

}  // namespace pbgen
