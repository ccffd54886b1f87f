// Between conv_direct.cpp, which checks and chooses, and the algorithms it chooses from.  Not for anybody else.
//
// Each takes shapes that were checked, weights that its pack function has laid out, and a machine with AVX2.
#pragma once

#include "core/base/workspace.h"
#include "core/conv/conv_geometry.h"
#include "core/conv/conv_operands.h"
#include "core/tensor/tensor.h"

namespace pbgen::conv_direct {

// What the choice depends on: a big side of a few channels, an image, leaves the channel blocks of the general kernels
// mostly empty.
inline constexpr std::int64_t kMostNarrowChannels = 4;
constexpr bool is_narrow(const ConvWeightShape& shape) { return shape.c_big <= kMostNarrowChannels; }

// The general kernels: any channels, kernel, stride.  Panels in conv_direct_wide.cpp gives the packing.
std::int64_t wide_for_big_floats(const ConvWeightShape& shape);
std::int64_t wide_for_small_floats(const ConvWeightShape& shape);
void wide_pack(const ConvWeightShape& shape, const float* w, float* for_big, float* for_small);
void wide_to_big(const ConvGeometry& g, const float* weights, const float* bias, ConstTensorView small, TensorView big);
void wide_to_small(const ConvGeometry& g, const float* weights, const float* bias, ConstTensorView big, TensorView small);
std::int64_t wide_weight_gradient_floats(const ConvGeometry& g, const LaneShape& small, const LaneShape& big);
void wide_weight_gradient(const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw, Workspace& workspace);

// For is_narrow shapes.
std::int64_t narrow_for_big_floats(const ConvWeightShape& shape);
std::int64_t narrow_for_small_floats(const ConvWeightShape& shape);
void narrow_pack(const ConvWeightShape& shape, const float* w, float* for_big, float* for_small);
void narrow_to_big(const ConvGeometry& g, const float* weights, const float* bias, ConstTensorView small, TensorView big);
void narrow_to_small(const ConvGeometry& g, const float* weights, const float* bias, ConstTensorView big, TensorView small);
std::int64_t narrow_weight_gradient_floats(const ConvGeometry& g, const LaneShape& small, const LaneShape& big);
void narrow_weight_gradient(const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw, Workspace& workspace);

}  // namespace pbgen::conv_direct
