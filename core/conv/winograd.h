// The three products of conv_direct.h by Winograd's algorithm on the phases of a convolution of kernel 5 and stride 2.
//
// 3.3 times fewer multiplications than direct sums, with a little more rounding.  winograd_transform.h derives it; the products are those
// of conv_direct.h, in the same arrays.  Maps that it cannot take, and the reference path, are the caller's to send to conv_direct.h.
//
//   outputs   overwritten, never read (but dw where beta is 1); no overlap with an input.
//   accuracy  |err| <= n * 2^-24 * M: M is the product as the algorithm computes it with the magnitudes of all values and matrices, n the
//             operations behind one another: 64 + c_small/64 + 19 to the big side, 64 + 4*c_big/64 + 24 to the small one,
//             128 + (images * tiles)/128 + 23 for the gradient (tests/core/conv/winograd_test.cpp counts them).  In practice, activations
//             and gradients as in training: rms error over rms output 6 to 9e-7, two to three times direct's, worst entry 1.3e-5 (PERF.md).
//   threads   split columns, channels and points, never sums: bit-identical for any thread count.
//   errors    std::logic_error where a view's shape does not fit, the geometry is none that winograd_takes, or the weights were not
//             packed for the path in force.
//   memory    from the workspace, winograd_floats; the gradient's threads have small buffers that only grow.
#pragma once

#include <cstdint>

#include "core/base/aligned_buffer.h"
#include "core/base/cpu.h"
#include "core/base/cuts.h"
#include "core/base/workspace.h"
#include "core/conv/conv_cuts.h"
#include "core/conv/conv_geometry.h"
#include "core/conv/conv_operands.h"
#include "core/tensor/tensor.h"

namespace pbgen {

// Whether the path in force computes these products by Winograd's algorithm: not on ref.  c_small is a multiple of 32 and c_big of 16, the
// small side's extents are multiples of 4 and the big side's twice as many; kernel 5, stride 2, padding 1 before.
bool winograd_takes(const ConvGeometry& geometry, const ConvWeightShape& shape);
// What of it the weights' shape decides.
bool winograd_takes(const ConvWeightShape& shape);
// The table of ConvAlgorithm::automatic: of what it takes, the shapes on which every path that has it was measured to be faster by it.
// images: of the batch.  Few of them leave a point's products too short for its weights, which are 4.84 times as many.
bool winograd_pays(const ConvGeometry& geometry, const ConvWeightShape& shape, std::int64_t images);

// The transformed weights, 4.84 times as many as the weights; one array for to_big and to_small.
class WinogradWeights {
 public:
  explicit WinogradWeights(const ConvWeightShape& shape) : shape_(shape) {}

  // What pack takes for the path in force.
  static std::int64_t packed_bytes(const ConvWeightShape& shape);

  // Transforms w[c_small][c_big][taps] for the path in force.  Once an optimiser update.  std::logic_error where it takes no such shape.
  void pack(const float* w);

  const ConvWeightShape& shape() const { return shape_; }
  const float* points() const { return points_.data(); }
  Isa path() const { return path_; }  // that it was packed for; ref: not yet

 private:
  ConvWeightShape shape_;
  Isa path_ = Isa::ref;
  AlignedBuffer<float> points_;
};

// The workspace of the largest of the three products.
std::int64_t winograd_floats(const ConvGeometry& geometry, const LaneShape& small, const LaneShape& big);

// How thread_count() threads would share such a product: of to_small, to_big and weight_gradient.
DealtWork winograd_dealt(ConvProduct product, const ConvGeometry& geometry, const LaneShape& small, const LaneShape& big);

// bias: c_big floats, or null for none.
void winograd_to_big(const ConvGeometry& geometry, const WinogradWeights& weights, const float* bias, ConstTensorView small, TensorView big,
                     Workspace& workspace);

// bias: c_small floats, or null for none.
void winograd_to_small(const ConvGeometry& geometry, const WinogradWeights& weights, const float* bias, ConstTensorView big,
                       TensorView small, Workspace& workspace);

// dw := beta*dw + the gradient; beta 0 (dw is written, never read) or 1.
void winograd_weight_gradient(const ConvGeometry& geometry, ConstTensorView small, ConstTensorView big, float beta, float* dw,
                              Workspace& workspace);

}  // namespace pbgen
