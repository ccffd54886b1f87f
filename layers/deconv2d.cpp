#include "layers/deconv2d.h"

#include "core/check.h"
#include "core/gemm.h"
#include "core/im2col.h"
#include "layers/lane_matrix.h"

namespace pbgen {
namespace {

LayerDescription describe(const std::string& name, std::int64_t c_in, std::int64_t c_out, std::int64_t kernel, std::int64_t stride,
                          BinaryRecipe recipe) {
  check(c_in > 0 && c_out > 0 && kernel > 0 && stride > 0, name, ": channels, kernel and stride of a deconvolution are positive");
  return {.kind = LayerKind::deconv, .name = name, .c_in = c_in, .c_out = c_out, .kernel = kernel, .stride = stride, .recipe = recipe};
}

}  // namespace

Deconv2d::Deconv2d(const std::string& name, std::int64_t c_in, std::int64_t c_out, std::int64_t kernel, std::int64_t stride,
                   BinaryRecipe recipe)
    : WeightedLayer(describe(name, c_in, c_out, kernel, stride, recipe), {c_in, c_out, kernel, kernel},
                    {.channel = {c_out, kernel * kernel}, .input = {c_in, c_out * kernel * kernel}}, c_out) {}

ConvGeometry Deconv2d::geometry(const LaneShape& input) const {
  check_equal(input.channels, description_.c_in, "number of a deconvolution's input channels");
  const std::int64_t stride = description_.stride;
  return same_padding(stride * input.height, stride * input.width, description_.kernel, stride);
}

LaneShape Deconv2d::output_shape(const LaneShape& input) const {
  const ConvGeometry g = geometry(input);
  return {input.batch, g.big_height, g.big_width, description_.c_out};
}

std::int64_t Deconv2d::workspace_floats(const LaneShape& input) const {
  const ConvGeometry g = geometry(input);
  return Workspace::round_up(im2col_rows(g, description_.c_out) * im2col_columns(g, input.batch)) +
         Workspace::round_up(input.floats()) + weight_.workspace_floats();
}

void Deconv2d::forward(ConstTensorView x, TensorView y, std::span<float>, Workspace& workspace, Mode) const {
  check_equal(y.shape, output_shape(x.shape), "deconvolution's output");
  const ConvGeometry g = geometry(x.shape);
  const std::int64_t rows = im2col_rows(g, y.shape.channels);
  const std::int64_t columns = im2col_columns(g, x.shape.batch);
  const Workspace::Scope scope(workspace);
  float* const y_columns = workspace.take(rows * columns);
  float* const x_matrix = workspace.take(x.shape.floats());  // [c_in][columns]
  lanes_to_matrix(x, Rows::channels, x_matrix);
  gemm(Transpose::yes, Transpose::no, rows, columns, x.shape.channels, weight_.used(), rows, x_matrix, columns, 0.0f, y_columns, columns);
  col2im(y_columns, g, y);
  add_channel_bias(bias_.value.data(), y);
}

void Deconv2d::backward(ConstTensorView x, ConstTensorView, ConstTensorView dy, TensorView dx, std::span<const float>, Want want,
                        Workspace& workspace) {
  check_equal(dy.shape, output_shape(x.shape), "deconvolution's output gradient");
  if (want.input) check_equal(dx.shape, x.shape, "deconvolution's input gradient");
  if (!want.input && !want.params) return;
  const ConvGeometry g = geometry(x.shape);
  const std::int64_t rows = im2col_rows(g, dy.shape.channels);
  const std::int64_t columns = im2col_columns(g, x.shape.batch);
  const Workspace::Scope scope(workspace);
  float* const dy_columns = workspace.take(rows * columns);
  float* const x_matrix = workspace.take(x.shape.floats());  // [c_in][columns], first x, then dx
  im2col(dy, g, dy_columns);
  if (want.params) {
    lanes_to_matrix(x, Rows::channels, x_matrix);
    weight_.add_gradient(workspace, [&](float* dw, float beta) {
      gemm(Transpose::no, Transpose::yes, x.shape.channels, rows, columns, x_matrix, columns, dy_columns, columns, beta, dw, rows);
    });
    add_row_sums(dy, Rows::channels, bias_.gradient.data());
  }
  if (want.input) {
    gemm(Transpose::no, Transpose::no, x.shape.channels, columns, rows, weight_.used(), rows, dy_columns, columns, 0.0f, x_matrix,
         columns);
    matrix_to_lanes(x_matrix, Rows::channels, nullptr, dx);
  }
}

}  // namespace pbgen
