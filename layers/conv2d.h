// Strided convolution with TensorFlow's SAME padding: kernel 5, stride 2 has 1 row and column before, 2 after.
#pragma once

#include <string>

#include "layers/strided_conv.h"

namespace pbgen {

// y[o, c_out] = b[c_out] + sum over c_in, k of x[stride*o + k - pad, c_in] * w[c_out, c_in, k], zero outside x.
// Height and width shrink to ceil(extent / stride).
class Conv2d final : public StridedConv {
 public:
  // <name>.weight [c_out, c_in, kernel, kernel], <name>.bias [c_out].  std::logic_error for a number below 1.
  Conv2d(const std::string& name, std::int64_t c_in, std::int64_t c_out, std::int64_t kernel = 5, std::int64_t stride = 2,
         BinaryRecipe recipe = BinaryRecipe::none);

  LaneShape output_shape(const LaneShape& input) const override;
  void forward(ConstTensorView x, TensorView y, std::span<float> record, Workspace& workspace, Mode mode) const override;
  void backward(ConstTensorView x, ConstTensorView y, ConstTensorView dy, TensorView dx, std::span<const float> record, Want want,
                Workspace& workspace) override;

 private:
  ConvGeometry geometry(const LaneShape& input) const override;
};

}  // namespace pbgen
