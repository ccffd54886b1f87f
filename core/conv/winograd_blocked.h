// The products of winograd.h in passes over columns, over the leaves of one instruction set.  Operands were checked.
#pragma once

#include <cstdint>

#include "core/base/cpu.h"
#include "core/base/cuts.h"
#include "core/base/workspace.h"
#include "core/conv/conv_operands.h"
#include "core/conv/winograd_product_leaf.h"
#include "core/conv/winograd_transform_leaf.h"
#include "core/tensor/tensor.h"

namespace pbgen::winograd_blocked {

struct Leaves {
  Isa path;
  const winograd_transform_leaf::Leaves& transforms;
  const winograd_product_leaf::Leaves& products;
};

// Those of the path in force; null: it has none.
const Leaves* leaves_in_force();

std::int64_t weight_floats(const ConvWeightShape& shape);
void pack(const Leaves& leaves, const ConvWeightShape& shape, const float* w, float* points);

// Each product has its workspace, a count of how thread_count() threads share it, and itself.
std::int64_t to_big_floats(const Leaves& leaves, const LaneShape& small, const LaneShape& big);
DealtWork to_big_dealt(const Leaves& leaves, const LaneShape& small, const LaneShape& big);
void to_big(const Leaves& leaves, const float* weights, const float* bias, ConstTensorView small, TensorView big, Workspace& workspace);

std::int64_t to_small_floats(const Leaves& leaves, const LaneShape& small, const LaneShape& big);
DealtWork to_small_dealt(const Leaves& leaves, const LaneShape& small, const LaneShape& big);
void to_small(const Leaves& leaves, const float* weights, const float* bias, ConstTensorView big, TensorView small, Workspace& workspace);

std::int64_t weight_gradient_floats(const Leaves& leaves, const LaneShape& small, const LaneShape& big);
DealtWork weight_gradient_dealt(const Leaves& leaves, const LaneShape& small, const LaneShape& big);
void weight_gradient(const Leaves& leaves, ConstTensorView small, ConstTensorView big, float beta, float* dw, Workspace& workspace);

}  // namespace pbgen::winograd_blocked
