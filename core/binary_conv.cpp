#include "core/binary_conv.h"

#include "core/check.h"

namespace pbgen {
namespace {

void check_sides(const ConvGeometry& g, const BinaryConvWeights& weights, const LaneShape& small, const LaneShape& big) {
  const ConvWeightShape& shape = weights.shape();
  check_equal(g.kernel, shape.kernel, "kernel of a binary convolution's weights");
  check_equal(small, LaneShape{big.batch, g.small_height, g.small_width, shape.c_small}, "small side of a binary convolution");
  check_equal(big, LaneShape{small.batch, g.big_height, g.big_width, shape.c_big}, "big side of a binary convolution");
  check(weights.plain() != nullptr, "binary convolution weights are used before they are packed");
}

}  // namespace

BinaryConvWeights::BinaryConvWeights(const ConvWeightShape& shape) : shape_(shape) {
  check(shape.c_small > 0 && shape.c_big > 0 && shape.kernel > 0, "binary convolution weights ", shape.c_small, " x ", shape.c_big,
        ", kernel ", shape.kernel, ": every number must be positive");
}

bool BinaryConvWeights::pays(const ConvWeightShape& shape) { return shape.c_small >= 16 && shape.c_big >= 16; }

void BinaryConvWeights::pack(const float* w) { plain_ = w; }

void binary_conv_to_small(const ConvGeometry& g, const BinaryConvWeights& weights, const ConvScales& scales, ConstTensorView big,
                          TensorView small) {
  check_sides(g, weights, small.shape, big.shape);
  binary_conv_to_small_ref(g, weights.shape(), weights.plain(), scales, big, small);
}

void binary_conv_to_big(const ConvGeometry& g, const BinaryConvWeights& weights, const ConvScales& scales, ConstTensorView small,
                        TensorView big) {
  check_sides(g, weights, small.shape, big.shape);
  binary_conv_to_big_ref(g, weights.shape(), weights.plain(), scales, small, big);
}

}  // namespace pbgen
