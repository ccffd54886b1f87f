#include "core/conv/binary_conv.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/conv/conv_kernels.h"
#include "core/freestanding/ints.h"

namespace pbgen {
namespace {

void check_operands(const ConvGeometry& g, const BinaryConvWeights& weights, const ConvKernels& kernels, const LaneShape& small,
                    const LaneShape& big) {
  const ConvWeightShape& shape = weights.shape();
  check_equal(g.kernel, shape.kernel, "kernel of a binary convolution's weights");
  check_equal(small, LaneShape{big.batch, g.small_height, g.small_width, shape.c_small}, "small side of a binary convolution");
  check_equal(big, LaneShape{small.batch, g.big_height, g.big_width, shape.c_big}, "big side of a binary convolution");
  check(weights.plain() != nullptr, "binary convolution weights are used before they are packed");
  check(!kernels.packs || weights.path() == kernels.path, "binary convolution weights were packed for the path ", name(weights.path()),
        " and are used on ", name(kernels.path));
}

// Counts, for one input pixel, what moves a vector between registers and memory in the product by lookups, against the fused multiply-adds
// of the product by multiplication.  Of the former some three pass in two cycles, of the latter two in one.
bool lookups_pay(std::int64_t c_in, std::int64_t c_out, std::int64_t taps) {
  const std::int64_t groups = ceil_div(c_in, 6);
  const std::int64_t padded_c_out = round_up(c_out, 8);
  // Four input pixels share the taps where they are the big side of a convolution of stride 2; one that has none costs nothing.
  const std::int64_t taps_of_four = std::max<std::int64_t>(taps, 4);
  const std::int64_t moves_of_four = 4 * groups * 64 + taps_of_four * padded_c_out * (groups + 2);
  const std::int64_t multiply_adds_of_four = taps_of_four * c_in * c_out;
  return 4 * moves_of_four < 3 * multiply_adds_of_four;
}

}  // namespace

BinaryConvWeights::BinaryConvWeights(const ConvWeightShape& shape) : shape_(shape) {
  check(shape.c_small > 0 && shape.c_big > 0 && shape.kernel > 0, "binary convolution weights ", shape.c_small, " x ", shape.c_big,
        ", kernel ", shape.kernel, ": every number must be positive");
}

bool BinaryConvWeights::pays(const ConvWeightShape& shape) {
  return lookups_pay(shape.c_big, shape.c_small, shape.taps()) && lookups_pay(shape.c_small, shape.c_big, shape.taps());
}

std::int64_t BinaryConvWeights::packed_bytes(const ConvWeightShape& shape) {
  const PackedSizes sizes = conv_kernels().packed_sign_bytes(shape);
  return sizes.for_big + sizes.for_small;
}

void BinaryConvWeights::pack(const float* w) {
  const ConvKernels& kernels = conv_kernels();
  const PackedSizes sizes = kernels.packed_sign_bytes(shape_);
  if (for_big_.size() != sizes.for_big) for_big_ = AlignedBuffer<std::uint8_t>(sizes.for_big);
  if (for_small_.size() != sizes.for_small) for_small_ = AlignedBuffer<std::uint8_t>(sizes.for_small);
  plain_ = w;
  path_ = kernels.path;
  kernels.pack_signs(shape_, w, for_big_.data(), for_small_.data());
}

void binary_conv_to_small(const ConvGeometry& g, const BinaryConvWeights& weights, const ConvScales& scales, ConstTensorView big,
                          TensorView small) {
  const ConvKernels& kernels = conv_kernels();
  check_operands(g, weights, kernels, small.shape, big.shape);
  kernels.signs_to_small(g, {weights.shape(), weights.plain(), weights.for_small()}, scales, big, small);
}

void binary_conv_to_big(const ConvGeometry& g, const BinaryConvWeights& weights, const ConvScales& scales, ConstTensorView small,
                        TensorView big) {
  const ConvKernels& kernels = conv_kernels();
  check_operands(g, weights, kernels, small.shape, big.shape);
  kernels.signs_to_big(g, {weights.shape(), weights.plain(), weights.for_big()}, scales, small, big);
}

}  // namespace pbgen
