#include "layers/linear.h"

#include "core/base/check.h"
#include "core/base/profile.h"
#include "core/gemm/gemm.h"
#include "core/gemm/linear_direct.h"
#include "layers/lane_matrix.h"

namespace pbgen {
namespace {

LayerDescription describe(const std::string& name, const ImageShape& in, const ImageShape& out, BinaryRecipe recipe) {
  check(in.height > 0 && in.width > 0 && in.channels > 0 && out.height > 0 && out.width > 0 && out.channels > 0, name,
        ": every extent of a linear layer is positive");
  return {.kind = LayerKind::linear, .name = name, .c_in = in.channels, .c_out = out.channels, .recipe = recipe};
}

}  // namespace

Linear::Linear(const std::string& name, const ImageShape& in, const ImageShape& out, BinaryRecipe recipe)
    : WeightedLayer(describe(name, in, out, recipe), {out.features(), in.features()},
                    {.channel = {out.channels, out.pixels() * in.features()}, .input = {in.features(), 1}}, out.features()),
      in_(in),
      out_(out),
      algorithm_(conv_algorithm()) {}

LaneShape Linear::output_shape(const LaneShape& input) const {
  check_equal(input, LaneShape{input.batch, in_.height, in_.width, in_.channels}, "linear layer's input");
  return {input.batch, out_.height, out_.width, out_.channels};
}

std::int64_t Linear::workspace_floats(const LaneShape& input) const {
  const LaneShape output = output_shape(input);
  const std::int64_t scratch = algorithm_ != ConvAlgorithm::im2col
                                   ? Workspace::round_up(linear_gradient_floats(input, output))
                                   : Workspace::round_up(input.floats()) + Workspace::round_up(output.floats());
  return scratch + weight_.workspace_floats();
}

void Linear::forward(ConstTensorView x, TensorView y, std::span<float>, Workspace& workspace, Mode) const {
  check_equal(y.shape, output_shape(x.shape), "linear layer's output");
  if (algorithm_ != ConvAlgorithm::im2col) {
    linear_forward(weight_.used(), bias_.value.data(), x, y);
  } else {
    forward_by_gemm(x, y, workspace);
  }
}

void Linear::backward(ConstTensorView x, ConstTensorView, ConstTensorView dy, TensorView dx, std::span<const float>, Want want,
                      Workspace& workspace) {
  check_equal(dy.shape, output_shape(x.shape), "linear layer's output gradient");
  if (want.input) check_equal(dx.shape, x.shape, "linear layer's input gradient");
  if (!want.input && !want.params) return;
  if (algorithm_ == ConvAlgorithm::im2col) return backward_by_gemm(x, dy, dx, want, workspace);
  if (want.params)
    weight_.add_gradient(workspace, [&](float* g, float beta) {
      const ProfileScope profiled(description_.name, "dw");
      linear_parameter_gradients(x, dy, beta, g, bias_.gradient.data(), workspace);
    });
  if (want.input) {
    const ProfileScope profiled(description_.name, "dx");
    linear_input_gradient(weight_.used(), dy, dx);
  }
}

void Linear::forward_by_gemm(ConstTensorView x, TensorView y, Workspace& workspace) const {
  const std::int64_t batch = x.shape.batch;
  const Workspace::Scope scope(workspace);
  float* const x_matrix = workspace.take(x.shape.floats());  // [in][batch]
  float* const y_matrix = workspace.take(y.shape.floats());  // [out][batch]
  lanes_to_matrix(x, Rows::features, x_matrix);
  gemm(Transpose::no, Transpose::no, out_.features(), batch, in_.features(), weight_.used(), in_.features(), x_matrix, batch, 0.0f,
       y_matrix, batch);
  matrix_to_lanes(y_matrix, Rows::features, bias_.value.data(), y);
}

void Linear::backward_by_gemm(ConstTensorView x, ConstTensorView dy, TensorView dx, Want want, Workspace& workspace) {
  const std::int64_t batch = x.shape.batch;
  const Workspace::Scope scope(workspace);
  float* const x_matrix = workspace.take(x.shape.floats());    // [in][batch], first x, then dx
  float* const dy_matrix = workspace.take(dy.shape.floats());  // [out][batch]
  lanes_to_matrix(dy, Rows::features, dy_matrix);
  if (want.params) {
    lanes_to_matrix(x, Rows::features, x_matrix);
    weight_.add_gradient(workspace, [&](float* g, float beta) {
      const ProfileScope profiled(description_.name, "dw");
      gemm(Transpose::no, Transpose::yes, out_.features(), in_.features(), batch, dy_matrix, batch, x_matrix, batch, beta, g,
           in_.features());
    });
    add_row_sums(dy, Rows::features, bias_.gradient.data());
  }
  if (want.input) {
    const ProfileScope profiled(description_.name, "dx");
    gemm(Transpose::yes, Transpose::no, in_.features(), batch, out_.features(), weight_.used(), in_.features(), dy_matrix, batch, 0.0f,
         x_matrix, batch);
    matrix_to_lanes(x_matrix, Rows::features, nullptr, dx);
  }
}

}  // namespace pbgen
