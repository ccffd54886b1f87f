// The three products of a fully connected layer, straight from activations in the lane layout: nothing is copied but the
// input where the weights' gradient is made.
//
// w[out][in] is row-major.  A feature's index is c*pixels + pixel on both sides, as a linear layer numbers them; in memory
// the pixel comes before the channel.
//
//   outputs   overwritten, never read (but where beta is 1, and db); no overlap with an input.
//   accuracy  |err| <= (n + 8) * 2^-24 * sum of the magnitudes of the n terms of a sum (bias or what is added to included).
//   threads   split the output: bit-identical for any thread count.
//   errors    std::logic_error where the batches differ, or beta is neither 0 nor 1.
//   paths     Isa::ref runs the definitions in linear_direct_ref.cpp.
#pragma once

#include <cstdint>

#include "core/base/workspace.h"
#include "core/tensor/tensor.h"

namespace pbgen {

// y = w x + bias.  bias: y's features, or null for none.
void linear_forward(const float* w, const float* bias, ConstTensorView x, TensorView y);

// dx = w^T dy.
void linear_input_gradient(const float* w, ConstTensorView dy, TensorView dx);

// dw := beta*dw + sum over images of dy x^T; beta 0 or 1.  db += sum over images of dy.  workspace: linear_gradient_floats.
void linear_parameter_gradients(ConstTensorView x, ConstTensorView dy, float beta, float* dw, float* db, Workspace& workspace);
std::int64_t linear_gradient_floats(const LaneShape& x, const LaneShape& dy);

// The definitions: scalar, sums in double, one thread.
void linear_forward_ref(const float* w, const float* bias, ConstTensorView x, TensorView y);
void linear_input_gradient_ref(const float* w, ConstTensorView dy, TensorView dx);
void linear_parameter_gradients_ref(ConstTensorView x, ConstTensorView dy, float beta, float* dw, float* db);

}  // namespace pbgen
