// Transposed convolution, the adjoint of Conv2d: TensorFlow's conv2d_transpose with SAME padding.
//
// Kernel 5, stride 2 crops the full output of 2n+3 by 1 at the start and 2 at the end; the kernel is not flipped.
// (PyTorch's padding=2, output_padding=1 crops 2 and 1: one pixel off.)
#pragma once

#include <string>

#include "layers/strided_conv.h"

namespace pbgen {

// y[stride*i + k - pad, c_out] = b[c_out] + sum over c_in, i, k of x[i, c_in] * w[c_in, c_out, k].
// Height and width grow to stride times theirs.
class Deconv2d final : public StridedConv {
 public:
  // <name>.weight [c_in, c_out, kernel, kernel], <name>.bias [c_out].  std::logic_error for a number below 1.
  Deconv2d(const std::string& name, std::int64_t c_in, std::int64_t c_out, std::int64_t kernel = 5, std::int64_t stride = 2,
           BinaryRecipe recipe = BinaryRecipe::none);

  LaneShape output_shape(const LaneShape& input) const override;
  void forward(ConstTensorView x, TensorView y, std::span<float> record, Workspace& workspace, Mode mode) const override;
  void backward(ConstTensorView x, ConstTensorView y, ConstTensorView dy, TensorView dx, std::span<const float> record, Want want,
                Workspace& workspace) override;

 private:
  ConvGeometry geometry(const LaneShape& input) const override;
};

}  // namespace pbgen
