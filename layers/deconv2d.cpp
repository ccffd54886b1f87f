#include "layers/deconv2d.h"

#include "core/base/check.h"
#include "core/base/profile.h"
#include "layers/lane_matrix.h"

namespace pbgen {

Deconv2d::Deconv2d(const std::string& name, std::int64_t c_in, std::int64_t c_out, std::int64_t kernel, std::int64_t stride,
                   BinaryRecipe recipe)
    : StridedConv(LayerKind::deconv, name, c_in, c_out, kernel, stride, recipe) {}

ConvGeometry Deconv2d::geometry(const LaneShape& input) const {
  check_equal(input.channels, description_.c_in, "number of a deconvolution's input channels");
  const std::int64_t stride = description_.stride;
  return same_padding(stride * input.height, stride * input.width, description_.kernel, stride);
}

LaneShape Deconv2d::output_shape(const LaneShape& input) const {
  const ConvGeometry g = geometry(input);
  return {input.batch, g.big_height, g.big_width, description_.c_out};
}

void Deconv2d::forward(ConstTensorView x, TensorView y, std::span<float>, Workspace& workspace, Mode) const {
  check_equal(y.shape, output_shape(x.shape), "deconvolution's output");
  products().to_big(geometry(x.shape), Pass::forward, bias_.value.data(), x, y, workspace);
}

void Deconv2d::backward(ConstTensorView x, ConstTensorView, ConstTensorView dy, TensorView dx, std::span<const float>, Want want,
                        Workspace& workspace) {
  check_equal(dy.shape, output_shape(x.shape), "deconvolution's output gradient");
  if (want.input) check_equal(dx.shape, x.shape, "deconvolution's input gradient");
  const ConvGeometry g = geometry(x.shape);
  if (want.params) {
    add_weight_gradient(g, x, dy, workspace);
    add_row_sums(dy, Rows::channels, bias_.gradient.data());
  }
  if (want.input) {
    const ProfileScope scope(description_.name, "dx");
    products().to_small(g, Pass::input_gradient, nullptr, dy, dx, workspace);
  }
}

}  // namespace pbgen
