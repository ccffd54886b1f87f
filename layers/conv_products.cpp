#include "layers/conv_products.h"

#include "core/conv/binary_conv.h"
#include "core/conv/im2col.h"
#include "core/conv/winograd.h"
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

// Whether an algorithm computes the float products of a batch's maps as winograd.h does.
bool by_winograd(ConvAlgorithm algorithm, const ConvGeometry& g, const ConvWeightShape& shape, std::int64_t images) {
  if (algorithm == ConvAlgorithm::automatic) return winograd_pays(g, shape, images);
  return algorithm == ConvAlgorithm::winograd && winograd_takes(g, shape);
}

// A packing of the weights that is made when a map first needs it and from then on whenever the weights change: which maps a layer will see
// is not known when it is made, and a packing is several times the weights.
template <class Weights>
class PackedWhenUsed {
 public:
  PackedWhenUsed(const ConvWeightShape& shape, bool used) : weights_(shape), used_(used) {}

  // packs: whether the path in force makes such a packing.
  void changed(const float* w, bool packs) {
    plain_ = w;
    used_ = used_ && packs;
    if (used_) weights_.pack(w);
  }
  const Weights& get() const {
    if (!used_) {
      weights_.pack(plain_);
      used_ = true;
    }
    return weights_;
  }

 private:
  const float* plain_ = nullptr;
  mutable Weights weights_;
  mutable bool used_;
};

// The gradient with respect to float weights, one-bit layers' too.
std::int64_t gradient_floats(ConvAlgorithm algorithm, const ConvGeometry& g, const LaneShape& small, const LaneShape& big) {
  return by_winograd(algorithm, g, {small.channels, big.channels, g.kernel}, small.batch) ? winograd_floats(g, small, big)
                                                                             : conv_weight_gradient_floats(g, small, big);
}

void gradient(ConvAlgorithm algorithm, const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw,
              Workspace& workspace) {
  by_winograd(algorithm, g, {small.shape.channels, big.shape.channels, g.kernel}, small.shape.batch)
      ? winograd_weight_gradient(g, small, big, beta, dw, workspace)
      : conv_weight_gradient(g, small, big, beta, dw, workspace);
}

// Kernels in the lane layout, multiplying by float weights: full precision, or +-alpha where lookups do not pay.
class FloatProducts final : public ConvProducts {
 public:
  FloatProducts(ConvAlgorithm algorithm, const ConvWeightShape& shape, const BinaryWeight& weight)
      : algorithm_(algorithm),
        shape_(shape),
        weight_(weight),
        direct_(shape, algorithm == ConvAlgorithm::direct),
        winograd_(shape, false) {}

  std::int64_t workspace_floats(const ConvGeometry& g, const LaneShape& small, const LaneShape& big) const override {
    return gradient_floats(algorithm_, g, small, big);
  }

  std::int64_t packed_bytes(const ConvGeometry& g, std::int64_t images) const override {
    return by_winograd(algorithm_, g, shape_, images) ? WinogradWeights::packed_bytes(shape_) : DirectWeights::packed_bytes(shape_);
  }

  void pack() override {
    direct_.changed(weight_.used(), true);
    winograd_.changed(weight_.used(), winograd_takes(shape_));
  }

  void to_small(const ConvGeometry& g, Pass, const float* bias, ConstTensorView big, TensorView small,
                Workspace& workspace) const override {
    if (by_winograd(algorithm_, g, shape_, small.shape.batch)) return winograd_to_small(g, winograd_.get(), bias, big, small, workspace);
    conv_to_small(g, direct_.get(), bias, big, small);
  }

  void to_big(const ConvGeometry& g, Pass, const float* bias, ConstTensorView small, TensorView big, Workspace& workspace) const override {
    if (by_winograd(algorithm_, g, shape_, small.shape.batch)) return winograd_to_big(g, winograd_.get(), bias, small, big, workspace);
    conv_to_big(g, direct_.get(), bias, small, big);
  }

  void weight_gradient(const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw,
                       Workspace& workspace) const override {
    gradient(algorithm_, g, small, big, beta, dw, workspace);
  }

 private:
  ConvAlgorithm algorithm_;
  ConvWeightShape shape_;
  const BinaryWeight& weight_;
  PackedWhenUsed<DirectWeights> direct_;
  PackedWhenUsed<WinogradWeights> winograd_;
};

// Sums of signed channels looked up in tables, times alpha.
class LookupProducts final : public ConvProducts {
 public:
  LookupProducts(ConvAlgorithm algorithm, const ConvWeightShape& shape, const BinaryWeight& weight)
      : algorithm_(algorithm), weight_(weight), packed_(shape) {}

  std::int64_t workspace_floats(const ConvGeometry& g, const LaneShape& small, const LaneShape& big) const override {
    return gradient_floats(algorithm_, g, small, big);
  }

  std::int64_t packed_bytes(const ConvGeometry&, std::int64_t) const override { return BinaryConvWeights::packed_bytes(packed_.shape()); }

  void pack() override { packed_.pack(weight_.latent().value.data()); }

  void to_small(const ConvGeometry& g, Pass pass, const float* bias, ConstTensorView big, TensorView small, Workspace&) const override {
    binary_conv_to_small(g, packed_, scales(pass, bias), big, small);
  }

  void to_big(const ConvGeometry& g, Pass pass, const float* bias, ConstTensorView small, TensorView big, Workspace&) const override {
    binary_conv_to_big(g, packed_, scales(pass, bias), small, big);
  }

  void weight_gradient(const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw,
                       Workspace& workspace) const override {
    gradient(algorithm_, g, small, big, beta, dw, workspace);
  }

 private:
  ConvScales scales(Pass pass, const float* bias) const {
    const float* const alpha = weight_.scale().data();
    return {.in_scale = pass == Pass::input_gradient ? alpha : nullptr, .out_scale = pass == Pass::forward ? alpha : nullptr, .bias = bias};
  }

  ConvAlgorithm algorithm_;
  const BinaryWeight& weight_;
  BinaryConvWeights packed_;
};

}  // namespace

std::unique_ptr<ConvProducts> make_conv_products(ConvAlgorithm algorithm, const ConvWeightShape& shape, BinaryWeight& weight) {
  if (algorithm == ConvAlgorithm::im2col) return std::make_unique<Im2colProducts>(weight);
  if (weight.binarized() && BinaryConvWeights::pays(shape)) {
    weight.drop_expanded();
    return std::make_unique<LookupProducts>(algorithm, shape, weight);
  }
  return std::make_unique<FloatProducts>(algorithm, shape, weight);
}

}  // namespace pbgen
