// The three products of a fully connected layer in tiles, over the leaves of one instruction set: the contracts of linear_direct.h.
#pragma once

#include <cstdint>

#include "core/base/workspace.h"
#include "core/gemm/linear_direct_leaf.h"
#include "core/gemm/transpose_leaf.h"
#include "core/tensor/tensor.h"

namespace pbgen {

struct LinearLeaves {
  const linear_direct_leaf::Leaves& tiles;
  const linear_direct_leaf::SumLeaves& sums;
  const transpose_leaf::Leaves& transpose;
};

void linear_forward_blocked(const LinearLeaves& leaves, const float* w, const float* bias, ConstTensorView x, TensorView y);
void linear_input_gradient_blocked(const LinearLeaves& leaves, const float* w, ConstTensorView dy, TensorView dx);
std::int64_t linear_gradient_floats_blocked(const LaneShape& x, const LaneShape& dy);
void linear_parameter_gradients_blocked(const LinearLeaves& leaves, ConstTensorView x, ConstTensorView dy, float beta, float* dw, float* db,
                                        Workspace& workspace);

}  // namespace pbgen
