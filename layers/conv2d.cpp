#include "layers/conv2d.h"

#include "core/base/check.h"
#include "core/base/profile.h"
#include "layers/lane_matrix.h"

namespace pbgen {

Conv2d::Conv2d(const std::string& name, std::int64_t c_in, std::int64_t c_out, std::int64_t kernel, std::int64_t stride,
               BinaryRecipe recipe)
    : StridedConv(LayerKind::conv, name, c_in, c_out, kernel, stride, recipe) {}

ConvGeometry Conv2d::geometry(const LaneShape& input) const {
  check_equal(input.channels, description_.c_in, "number of a convolution's input channels");
  return same_padding(input.height, input.width, description_.kernel, description_.stride);
}

LaneShape Conv2d::output_shape(const LaneShape& input) const {
  const ConvGeometry g = geometry(input);
  return {input.batch, g.small_height, g.small_width, description_.c_out};
}

void Conv2d::forward(ConstTensorView x, TensorView y, std::span<float>, Workspace& workspace, Mode) const {
  check_equal(y.shape, output_shape(x.shape), "convolution's output");
  products().to_small(geometry(x.shape), Pass::forward, bias_.value.data(), x, y, workspace);
}

void Conv2d::backward(ConstTensorView x, ConstTensorView, ConstTensorView dy, TensorView dx, std::span<const float>, Want want,
                      Workspace& workspace) {
  check_equal(dy.shape, output_shape(x.shape), "convolution's output gradient");
  if (want.input) check_equal(dx.shape, x.shape, "convolution's input gradient");
  const ConvGeometry g = geometry(x.shape);
  if (want.params) {
    add_weight_gradient(g, dy, x, workspace);
    add_row_sums(dy, Rows::channels, bias_.gradient.data());
  }
  if (want.input) {
    const ProfileScope scope(description_.name, "dx");
    products().to_big(g, Pass::input_gradient, nullptr, dy, dx, workspace);
  }
}

}  // namespace pbgen
