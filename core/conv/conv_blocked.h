// The products of conv_direct.h in tiles, over the leaves of one instruction set.
//
// There are two algorithms: one for a big side of a few channels, an image, which would leave the channel blocks of the general one mostly
// empty.  Each takes shapes that were checked and weights that its pack function has laid out.
#pragma once

#include <cstdint>

#include "core/base/cuts.h"
#include "core/base/workspace.h"
#include "core/conv/conv_cuts.h"
#include "core/conv/conv_direct_leaf.h"
#include "core/conv/conv_direct_narrow_leaf.h"
#include "core/conv/conv_direct_weight_gradient_leaf.h"
#include "core/conv/conv_geometry.h"
#include "core/conv/conv_operands.h"
#include "core/gemm/transpose_leaf.h"
#include "core/tensor/tensor.h"

namespace pbgen::conv_blocked {

inline constexpr std::int64_t kMostNarrowChannels = 4;
constexpr bool is_narrow(const ConvWeightShape& shape) { return shape.c_big <= kMostNarrowChannels; }

// The general kernels: any channels, kernel, stride.  ChannelPanels gives the packing.
std::int64_t wide_for_big_floats(const conv_direct_leaf::Leaves& leaves, const ConvWeightShape& shape);
std::int64_t wide_for_small_floats(const conv_direct_leaf::Leaves& leaves, const ConvWeightShape& shape);
void wide_pack(const conv_direct_leaf::Leaves& leaves, const ConvWeightShape& shape, const float* w, float* for_big, float* for_small);
void wide_to_big(const conv_direct_leaf::Leaves& leaves, const ConvGeometry& g, const float* weights, const float* bias,
                 ConstTensorView small, TensorView big);
void wide_to_small(const conv_direct_leaf::Leaves& leaves, const ConvGeometry& g, const float* weights, const float* bias,
                   ConstTensorView big, TensorView small);
std::int64_t wide_weight_gradient_floats(const conv_weight_gradient_leaf::Leaves& leaves, const ConvGeometry& g, const LaneShape& small,
                                         const LaneShape& big);
void wide_weight_gradient(const conv_weight_gradient_leaf::Leaves& leaves, const ConvGeometry& g, ConstTensorView small,
                          ConstTensorView big, float beta, float* dw, Workspace& workspace);
// How thread_count() threads would share each: core/conv/conv_cuts.h.
DealtWork wide_dealt(const conv_direct_leaf::Leaves& leaves, bool to_big, const ConvGeometry& g, const LaneShape& small,
                     const LaneShape& big);
DealtWork wide_weight_gradient_dealt(const conv_weight_gradient_leaf::Leaves& leaves, const ConvGeometry& g, const LaneShape& small,
                                     const LaneShape& big);

// For is_narrow shapes.
struct NarrowLeaves {
  const conv_direct_narrow_leaf::Leaves& tiles;
  const transpose_leaf::Leaves& transpose;
};
std::int64_t narrow_for_big_floats(const ConvWeightShape& shape);
std::int64_t narrow_for_small_floats(const ConvWeightShape& shape);
void narrow_pack(const NarrowLeaves& leaves, const ConvWeightShape& shape, const float* w, float* for_big, float* for_small);
void narrow_to_big(const NarrowLeaves& leaves, const ConvGeometry& g, const float* weights, const float* bias, ConstTensorView small,
                   TensorView big);
void narrow_to_small(const NarrowLeaves& leaves, const ConvGeometry& g, const float* weights, const float* bias, ConstTensorView big,
                     TensorView small);
std::int64_t narrow_weight_gradient_floats(const ConvGeometry& g, const LaneShape& small, const LaneShape& big);
void narrow_weight_gradient(const NarrowLeaves& leaves, const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta,
                            float* dw, Workspace& workspace);
DealtWork narrow_dealt(const NarrowLeaves& leaves, ConvProduct product, const ConvGeometry& g, const LaneShape& small,
                       const LaneShape& big);

}  // namespace pbgen::conv_blocked
