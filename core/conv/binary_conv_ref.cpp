#include <vector>

#include "core/conv/binary_conv.h"
#include "core/conv/conv_direct.h"

namespace pbgen {
namespace {

std::vector<float> signs_of(const ConvWeightShape& shape, const float* w) {
  std::vector<float> signs(static_cast<std::size_t>(shape.weights()));
  for (std::size_t i = 0; i < signs.size(); ++i) signs[i] = w[i] >= 0.0f ? 1.0f : -1.0f;
  return signs;
}

Tensor scaled(ConstTensorView x, const float* scale) {
  Tensor result(x.shape);
  for (std::int64_t i = 0; i < x.shape.floats(); ++i)
    result.data()[i] = scale ? x.data[i] * scale[i / kLanes % x.shape.channels] : x.data[i];
  return result;
}

void scale_and_shift(const ConvScales& scales, TensorView y) {
  for (std::int64_t i = 0; i < y.shape.floats(); ++i) {
    const std::int64_t channel = i / kLanes % y.shape.channels;
    if (scales.out_scale) y.data[i] *= scales.out_scale[channel];
    if (scales.bias) y.data[i] += scales.bias[channel];
  }
}

}  // namespace

void binary_conv_to_small_ref(const ConvGeometry& geometry, const ConvWeightShape& shape, const float* w, const ConvScales& scales,
                              ConstTensorView big, TensorView small) {
  conv_to_small_ref(geometry, shape, signs_of(shape, w).data(), nullptr, scaled(big, scales.in_scale).view(), small);
  scale_and_shift(scales, small);
}

void binary_conv_to_big_ref(const ConvGeometry& geometry, const ConvWeightShape& shape, const float* w, const ConvScales& scales,
                            ConstTensorView small, TensorView big) {
  conv_to_big_ref(geometry, shape, signs_of(shape, w).data(), nullptr, scaled(small, scales.in_scale).view(), big);
  scale_and_shift(scales, big);
}

}  // namespace pbgen
