// The three products of a strided convolution, straight from activations in the lane layout: no column matrix, exact borders.
//
// A convolution and the deconvolution that is its adjoint share one weight array, w[c_small][c_big][kernel*kernel] (the
// sides are those of conv_geometry.h), so three products serve both layers, forward and backward:
//
//   conv_to_small         small[o][s] = bias[s] + sum over b, k of big[stride*o + k - pad][b] * w[s][b][k]
//                         a convolution's forward, a deconvolution's input gradient
//   conv_to_big           big[stride*i + k - pad][b] = bias[b] + sum over s, i, k of small[i][s] * w[s][b][k]
//                         a deconvolution's forward, a convolution's input gradient
//   conv_weight_gradient  dw[s][b][k] = sum over images, o of small[o][s] * big[stride*o + k - pad][b]
//                         of either
//
// What they have in common:
//   outputs   overwritten, never read (but dw where beta is 1); no overlap with an input.
//   accuracy  |err| <= (n + 8) * 2^-24 * sum of the magnitudes of the n terms of a sum (bias, or what is added to, included).
//   threads   split the output, or cut sums by the shape alone: bit-identical for any thread count.
//   errors    std::logic_error where a view's shape does not fit geometry and weights, or the weights were not packed for the
//             path in force.
//   memory    small buffers of the threads only grow; where even they cannot be had, the process ends.
//   paths     Isa::ref runs the definitions in conv_direct_ref.cpp.
//             All others give the same bytes: their tiles differ, the sums and the order of their terms do not.
#pragma once

#include <cstdint>

#include "core/base/aligned_buffer.h"
#include "core/base/cpu.h"
#include "core/base/workspace.h"
#include "core/conv/conv_geometry.h"
#include "core/conv/conv_operands.h"
#include "core/tensor/tensor.h"

namespace pbgen {

// The weights as both kernels read them.
class DirectWeights {
 public:
  explicit DirectWeights(const ConvWeightShape& shape);

  // What pack takes for the path in force.
  static std::int64_t packed_bytes(const ConvWeightShape& shape);

  // Repacks w[c_small][c_big][taps] for the path in force.  Once an optimiser update.  w must live as long as the products are
  // called: the reference path reads it, and the others may.
  void pack(const float* w);

  const ConvWeightShape& shape() const { return shape_; }
  const float* plain() const { return plain_; }
  const float* for_big() const { return for_big_.data(); }      // what conv_to_big reads
  const float* for_small() const { return for_small_.data(); }  // what conv_to_small reads
  Isa path() const { return path_; }                            // that it was packed for

 private:
  ConvWeightShape shape_;
  const float* plain_ = nullptr;
  Isa path_ = Isa::ref;
  AlignedBuffer<float> for_big_;
  AlignedBuffer<float> for_small_;
};

// bias: c_small floats, or null for none.
void conv_to_small(const ConvGeometry& geometry, const DirectWeights& weights, const float* bias, ConstTensorView big, TensorView small);

// bias: c_big floats, or null for none.
void conv_to_big(const ConvGeometry& geometry, const DirectWeights& weights, const float* bias, ConstTensorView small, TensorView big);

// dw := beta*dw + the gradient; beta 0 (dw is written, never read) or 1.  workspace: conv_weight_gradient_floats.
void conv_weight_gradient(const ConvGeometry& geometry, ConstTensorView small, ConstTensorView big, float beta, float* dw,
                          Workspace& workspace);
// The workspace that the path in force takes.
std::int64_t conv_weight_gradient_floats(const ConvGeometry& geometry, const LaneShape& small, const LaneShape& big);

// The definitions: plain weights, scalar, sums in double, one thread.
void conv_to_small_ref(const ConvGeometry& geometry, const ConvWeightShape& shape, const float* w, const float* bias, ConstTensorView big,
                       TensorView small);
void conv_to_big_ref(const ConvGeometry& geometry, const ConvWeightShape& shape, const float* w, const float* bias, ConstTensorView small,
                     TensorView big);
void conv_weight_gradient_ref(const ConvGeometry& geometry, ConstTensorView small, ConstTensorView big, float beta, float* dw);

}  // namespace pbgen
