#include "layers/conv2d.h"

#include "core/check.h"
#include "core/gemm.h"
#include "core/im2col.h"
#include "layers/lane_matrix.h"

namespace pbgen {
namespace {

LayerDescription describe(const std::string& name, std::int64_t c_in, std::int64_t c_out, std::int64_t kernel, std::int64_t stride,
                          BinaryRecipe recipe) {
  check(c_in > 0 && c_out > 0 && kernel > 0 && stride > 0, name, ": channels, kernel and stride of a convolution are positive");
  return {.kind = LayerKind::conv, .name = name, .c_in = c_in, .c_out = c_out, .kernel = kernel, .stride = stride, .recipe = recipe};
}

}  // namespace

Conv2d::Conv2d(const std::string& name, std::int64_t c_in, std::int64_t c_out, std::int64_t kernel, std::int64_t stride,
               BinaryRecipe recipe)
    : WeightedLayer(describe(name, c_in, c_out, kernel, stride, recipe), {c_out, c_in, kernel, kernel},
                    {.channel = {c_out, c_in * kernel * kernel}, .input = {c_in, kernel * kernel}}, c_out) {}

ConvGeometry Conv2d::geometry(const LaneShape& input) const {
  check_equal(input.channels, description_.c_in, "number of a convolution's input channels");
  return same_padding(input.height, input.width, description_.kernel, description_.stride);
}

LaneShape Conv2d::output_shape(const LaneShape& input) const {
  const ConvGeometry g = geometry(input);
  return {input.batch, g.small_height, g.small_width, description_.c_out};
}

std::int64_t Conv2d::workspace_floats(const LaneShape& input) const {
  const ConvGeometry g = geometry(input);
  return Workspace::round_up(im2col_rows(g, input.channels) * im2col_columns(g, input.batch)) +
         Workspace::round_up(output_shape(input).floats()) + weight_.workspace_floats();
}

void Conv2d::forward(ConstTensorView x, TensorView y, std::span<float>, Workspace& workspace, Mode) const {
  check_equal(y.shape, output_shape(x.shape), "convolution's output");
  const ConvGeometry g = geometry(x.shape);
  const std::int64_t rows = im2col_rows(g, x.shape.channels);
  const std::int64_t columns = im2col_columns(g, x.shape.batch);
  const Workspace::Scope scope(workspace);
  float* const x_columns = workspace.take(rows * columns);
  float* const y_matrix = workspace.take(y.shape.floats());  // [c_out][columns]
  im2col(x, g, x_columns);
  gemm(Transpose::no, Transpose::no, y.shape.channels, columns, rows, weight_.used(), rows, x_columns, columns, 0.0f, y_matrix, columns);
  matrix_to_lanes(y_matrix, Rows::channels, bias_.value.data(), y);
}

void Conv2d::backward(ConstTensorView x, ConstTensorView, ConstTensorView dy, TensorView dx, std::span<const float>, Want want,
                      Workspace& workspace) {
  check_equal(dy.shape, output_shape(x.shape), "convolution's output gradient");
  if (want.input) check_equal(dx.shape, x.shape, "convolution's input gradient");
  if (!want.input && !want.params) return;
  const ConvGeometry g = geometry(x.shape);
  const std::int64_t rows = im2col_rows(g, x.shape.channels);
  const std::int64_t columns = im2col_columns(g, x.shape.batch);
  const Workspace::Scope scope(workspace);
  float* const x_columns = workspace.take(rows * columns);     // first of x, then of dx
  float* const dy_matrix = workspace.take(dy.shape.floats());  // [c_out][columns]
  lanes_to_matrix(dy, Rows::channels, dy_matrix);
  if (want.params) {
    im2col(x, g, x_columns);
    weight_.add_gradient(workspace, [&](float* dw, float beta) {
      gemm(Transpose::no, Transpose::yes, dy.shape.channels, rows, columns, dy_matrix, columns, x_columns, columns, beta, dw, rows);
    });
    add_row_sums(dy, Rows::channels, bias_.gradient.data());
  }
  if (want.input) {
    gemm(Transpose::yes, Transpose::no, rows, columns, dy.shape.channels, weight_.used(), rows, dy_matrix, columns, 0.0f, x_columns,
         columns);
    col2im(x_columns, g, dx);
  }
}

}  // namespace pbgen
