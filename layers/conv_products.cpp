#include "layers/conv_products.h"

#include "core/conv/binary_conv.h"
#include "core/conv/im2col.h"
#include "core/gemm/gemm.h"
#include "layers/lane_matrix.h"

namespace pbgen {
namespace {

// The definition: columns of the big side, a matrix of the small one, and gemm.
class Im2colProducts final : public ConvProducts {
 public:
  explicit Im2colProducts(const BinaryWeight& weight) : weight_(weight) {}

  std::int64_t workspace_floats(const ConvGeometry& g, const LaneShape& small, const LaneShape& big) const override {
    return Workspace::round_up(im2col_rows(g, big.channels) * im2col_columns(g, big.batch)) + Workspace::round_up(small.floats());
  }

  void to_small(const ConvGeometry& g, Pass, const float* bias, ConstTensorView big, TensorView small,
                Workspace& workspace) const override {
    const Matrices m(g, small.shape, big.shape, workspace);
    im2col(big, g, m.big_columns);
    gemm(Transpose::no, Transpose::no, small.shape.channels, m.columns, m.rows, weight_.used(), m.rows, m.big_columns, m.columns, 0.0f,
         m.small_matrix, m.columns);
    matrix_to_lanes(m.small_matrix, Rows::channels, bias, small);
  }

  void to_big(const ConvGeometry& g, Pass, const float* bias, ConstTensorView small, TensorView big, Workspace& workspace) const override {
    const Matrices m(g, small.shape, big.shape, workspace);
    lanes_to_matrix(small, Rows::channels, m.small_matrix);
    gemm(Transpose::yes, Transpose::no, m.rows, m.columns, small.shape.channels, weight_.used(), m.rows, m.small_matrix, m.columns, 0.0f,
         m.big_columns, m.columns);
    col2im(m.big_columns, g, big);
    if (bias != nullptr) add_channel_bias(bias, big);
  }

  void weight_gradient(const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw,
                       Workspace& workspace) const override {
    const Matrices m(g, small.shape, big.shape, workspace);
    lanes_to_matrix(small, Rows::channels, m.small_matrix);
    im2col(big, g, m.big_columns);
    gemm(Transpose::no, Transpose::yes, small.shape.channels, m.rows, m.columns, m.small_matrix, m.columns, m.big_columns, m.columns, beta,
         dw, m.rows);
  }

 private:
  struct Matrices {
    Matrices(const ConvGeometry& g, const LaneShape& small, const LaneShape& big, Workspace& workspace)
        : scope(workspace),
          rows(im2col_rows(g, big.channels)),
          columns(im2col_columns(g, big.batch)),
          big_columns(workspace.take(rows * columns)),
          small_matrix(workspace.take(small.floats())) {}

    Workspace::Scope scope;
    std::int64_t rows;
    std::int64_t columns;
    float* big_columns;   // [c_big, tap][columns]
    float* small_matrix;  // [c_small][columns]
  };

  const BinaryWeight& weight_;
};

// Kernels in the lane layout, multiplying by float weights: full precision, or +-alpha where lookups do not pay.
class DirectProducts final : public ConvProducts {
 public:
  DirectProducts(const ConvWeightShape& shape, const BinaryWeight& weight) : weight_(weight), packed_(shape) {}

  std::int64_t workspace_floats(const ConvGeometry& g, const LaneShape& small, const LaneShape& big) const override {
    return conv_weight_gradient_floats(g, small, big);
  }

  void pack() override { packed_.pack(weight_.used()); }

  void to_small(const ConvGeometry& g, Pass, const float* bias, ConstTensorView big, TensorView small, Workspace&) const override {
    conv_to_small(g, packed_, bias, big, small);
  }

  void to_big(const ConvGeometry& g, Pass, const float* bias, ConstTensorView small, TensorView big, Workspace&) const override {
    conv_to_big(g, packed_, bias, small, big);
  }

  void weight_gradient(const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw,
                       Workspace& workspace) const override {
    conv_weight_gradient(g, small, big, beta, dw, workspace);
  }

 private:
  const BinaryWeight& weight_;
  DirectWeights packed_;
};

// Sums of signed channels looked up in tables, times alpha.
class LookupProducts final : public ConvProducts {
 public:
  LookupProducts(const ConvWeightShape& shape, const BinaryWeight& weight) : weight_(weight), packed_(shape) {}

  std::int64_t workspace_floats(const ConvGeometry& g, const LaneShape& small, const LaneShape& big) const override {
    return conv_weight_gradient_floats(g, small, big);
  }

  void pack() override { packed_.pack(weight_.latent().value.data()); }

  void to_small(const ConvGeometry& g, Pass pass, const float* bias, ConstTensorView big, TensorView small, Workspace&) const override {
    binary_conv_to_small(g, packed_, scales(pass, bias), big, small);
  }

  void to_big(const ConvGeometry& g, Pass pass, const float* bias, ConstTensorView small, TensorView big, Workspace&) const override {
    binary_conv_to_big(g, packed_, scales(pass, bias), small, big);
  }

  void weight_gradient(const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw,
                       Workspace& workspace) const override {
    conv_weight_gradient(g, small, big, beta, dw, workspace);
  }

 private:
  ConvScales scales(Pass pass, const float* bias) const {
    const float* const alpha = weight_.scale().data();
    return {.in_scale = pass == Pass::input_gradient ? alpha : nullptr, .out_scale = pass == Pass::forward ? alpha : nullptr, .bias = bias};
  }

  const BinaryWeight& weight_;
  BinaryConvWeights packed_;
};

}  // namespace

std::unique_ptr<ConvProducts> make_conv_products(ConvAlgorithm algorithm, const ConvWeightShape& shape, BinaryWeight& weight) {
  if (algorithm == ConvAlgorithm::im2col) return std::make_unique<Im2colProducts>(weight);
  if (weight.binarized() && BinaryConvWeights::pays(shape)) {
    weight.drop_expanded();
    return std::make_unique<LookupProducts>(shape, weight);
  }
  return std::make_unique<DirectProducts>(shape, weight);
}

}  // namespace pbgen
