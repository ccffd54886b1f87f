#include "core/conv/conv_direct.h"

#include "core/base/cpu.h"
#include "core/conv/conv_direct_parts.h"

namespace pbgen {
namespace {

void check_sides(const ConvGeometry& g, const ConvWeightShape& shape, const LaneShape& small, const LaneShape& big) {
  check_equal(g.kernel, shape.kernel, "kernel of a convolution's weights");
  check_equal(small, LaneShape{big.batch, g.small_height, g.small_width, shape.c_small}, "small side of a convolution");
  check_equal(big, LaneShape{small.batch, g.big_height, g.big_width, shape.c_big}, "big side of a convolution");
}

void check_packed(const DirectWeights& weights) {
  check(weights.plain() != nullptr, "convolution weights are used before they are packed");
  check(isa() == Isa::ref || weights.for_big() != nullptr, "convolution weights were packed for the reference path and are used on ",
        name(isa()));
}

}  // namespace

DirectWeights::DirectWeights(const ConvWeightShape& shape) : shape_(shape) {
  check(shape.c_small > 0 && shape.c_big > 0 && shape.kernel > 0, "convolution weights ", shape.c_small, " x ", shape.c_big, ", kernel ",
        shape.kernel, ": every number must be positive");
}

void DirectWeights::pack(const float* w) {
  plain_ = w;
  if (isa() == Isa::ref) {
    for_big_ = {};
    for_small_ = {};
    return;
  }
#if defined(__x86_64__)
  const bool narrow = conv_direct::is_narrow(shape_);
  if (for_big_.empty()) {
    for_big_ = AlignedBuffer<float>(narrow ? conv_direct::narrow_for_big_floats(shape_) : conv_direct::wide_for_big_floats(shape_));
    for_small_ = AlignedBuffer<float>(narrow ? conv_direct::narrow_for_small_floats(shape_) : conv_direct::wide_for_small_floats(shape_));
  }
  (narrow ? conv_direct::narrow_pack : conv_direct::wide_pack)(shape_, w, for_big_.data(), for_small_.data());
#endif
}

void conv_to_small(const ConvGeometry& g, const DirectWeights& weights, const float* bias, ConstTensorView big, TensorView small) {
  check_sides(g, weights.shape(), small.shape, big.shape);
  check_packed(weights);
#if defined(__x86_64__)
  if (isa() == Isa::avx2) {
    const bool narrow = conv_direct::is_narrow(weights.shape());
    return (narrow ? conv_direct::narrow_to_small : conv_direct::wide_to_small)(g, weights.for_small(), bias, big, small);
  }
#endif
  conv_to_small_ref(g, weights.shape(), weights.plain(), bias, big, small);
}

void conv_to_big(const ConvGeometry& g, const DirectWeights& weights, const float* bias, ConstTensorView small, TensorView big) {
  check_sides(g, weights.shape(), small.shape, big.shape);
  check_packed(weights);
#if defined(__x86_64__)
  if (isa() == Isa::avx2) {
    const bool narrow = conv_direct::is_narrow(weights.shape());
    return (narrow ? conv_direct::narrow_to_big : conv_direct::wide_to_big)(g, weights.for_big(), bias, small, big);
  }
#endif
  conv_to_big_ref(g, weights.shape(), weights.plain(), bias, small, big);
}

std::int64_t conv_weight_gradient_floats(const ConvGeometry& g, const LaneShape& small, const LaneShape& big) {
#if defined(__x86_64__)
  if (isa() == Isa::avx2) {
    const bool narrow = conv_direct::is_narrow({small.channels, big.channels, g.kernel});
    return (narrow ? conv_direct::narrow_weight_gradient_floats : conv_direct::wide_weight_gradient_floats)(g, small, big);
  }
#endif
  static_cast<void>(g);
  static_cast<void>(small);
  static_cast<void>(big);
  return 0;
}

void conv_weight_gradient(const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw, Workspace& workspace) {
  const ConvWeightShape shape{small.shape.channels, big.shape.channels, g.kernel};
  check_sides(g, shape, small.shape, big.shape);
  check(beta == 0.0f || beta == 1.0f, "convolution weight gradient: beta is ", beta, ", expected 0 or 1");
#if defined(__x86_64__)
  if (isa() == Isa::avx2) {
    const bool narrow = conv_direct::is_narrow(shape);
    return (narrow ? conv_direct::narrow_weight_gradient : conv_direct::wide_weight_gradient)(g, small, big, beta, dw, workspace);
  }
#endif
  static_cast<void>(workspace);
  conv_weight_gradient_ref(g, small, big, beta, dw);
}

}  // namespace pbgen
