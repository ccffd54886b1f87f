// The products of conv_direct.h where every weight is a sign: sums and differences looked up in tables, not multiplied.
//
//   big   := bias + out_scale * (spread of in_scale * small by sign(w))
//   small := bias + out_scale * (gather of in_scale * big by sign(w))
//
// With W_b = alpha * sign(W), alpha per channel of the layer's output: forward passes alpha as out_scale, the input
// gradient passes it as in_scale.  The activations stay exact floats: the method of four Russians writes the 2^g signed sums
// of g input channels once, and each output row then adds one of them for g weights.
//
//   signs     sign(0) = +1; the sign bit of -0.0 counts as 0, so +1; NaN weights are a caller's mistake.
//   outputs   overwritten, never read; no overlap with an input.
//   accuracy  |err| <= (r + 8) * 2^-24 * (|out_scale| * sum of the n magnitudes |in_scale * x| + |bias|), r = rows added: one a tap
//             and group of up to six channels, so n/6 to n.  A term passes 1 rounding by in_scale, at most 3 in its row (a row is
//             written as a sum of two signed sums of three, so no intermediate exceeds the magnitude of its group; doubling, row + 2x,
//             would pass through twice that), r in the sum, and one fused multiply-add by out_scale and bias.
//   threads   split the output: bit-identical for any thread count.
//   paths     Isa::ref runs the definitions in binary_conv_ref.cpp.
//   source    Arlazarov et al. 1970 (four Russians); for matrices of signs: BiQGEMM, Jeon et al. 2020.
#pragma once

#include <cstdint>

#include "core/base/aligned_buffer.h"
#include "core/base/cpu.h"
#include "core/conv/conv_geometry.h"
#include "core/conv/conv_operands.h"
#include "core/tensor/tensor.h"

namespace pbgen {

// The signs of w[c_small][c_big][taps] as both kernels read them: row numbers of tables.
class BinaryConvWeights {
 public:
  explicit BinaryConvWeights(const ConvWeightShape& shape);

  // Whether lookups beat multiplications in both directions: a table must serve enough output channels and taps to be worth
  // writing, and a row must stand for enough weights to be worth an accumulator's way to memory and back.  It holds for 16
  // channels a side and a kernel of 3 and more; not for an image's 1 or 3.  Where it does not hold the products are as right, but slow.
  static bool pays(const ConvWeightShape& shape);

  // What pack takes for the path in force.
  static std::int64_t packed_bytes(const ConvWeightShape& shape);

  // Repacks the signs of w for the path in force.  Once an optimiser update.  w must live as long as the products are called: the
  // reference path reads it.
  void pack(const float* w);

  const ConvWeightShape& shape() const { return shape_; }
  const float* plain() const { return plain_; }
  const std::uint8_t* for_big() const { return for_big_.data(); }
  const std::uint8_t* for_small() const { return for_small_.data(); }
  Isa path() const { return path_; }  // that it was packed for

 private:
  ConvWeightShape shape_;
  const float* plain_ = nullptr;
  Isa path_ = Isa::ref;
  AlignedBuffer<std::uint8_t> for_big_;
  AlignedBuffer<std::uint8_t> for_small_;
};

void binary_conv_to_small(const ConvGeometry& geometry, const BinaryConvWeights& weights, const ConvScales& scales, ConstTensorView big,
                          TensorView small);
void binary_conv_to_big(const ConvGeometry& geometry, const BinaryConvWeights& weights, const ConvScales& scales, ConstTensorView small,
                        TensorView big);

// The definitions: plain weights, scalar, sums in double, one thread.
void binary_conv_to_small_ref(const ConvGeometry& geometry, const ConvWeightShape& shape, const float* w, const ConvScales& scales,
                              ConstTensorView big, TensorView small);
void binary_conv_to_big_ref(const ConvGeometry& geometry, const ConvWeightShape& shape, const float* w, const ConvScales& scales,
                            ConstTensorView small, TensorView big);

}  // namespace pbgen
