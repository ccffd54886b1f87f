// Fully connected layer: y = W x + b on channel-major features.
#pragma once

#include <string>

#include "core/conv/conv_algorithm.h"
#include "layers/weighted_layer.h"

namespace pbgen {

// One image's extents.
struct ImageShape {
  std::int64_t height = 1;
  std::int64_t width = 1;
  std::int64_t channels = 1;

  constexpr std::int64_t pixels() const { return height * width; }
  constexpr std::int64_t features() const { return pixels() * channels; }
};

class Linear final : public WeightedLayer {
 public:
  // A feature's index is c*height*width + y*width + x on both sides.
  // <name>.weight [out.features(), in.features()], <name>.bias [out.features()].  Binarized, one scale for each channel
  // of out: the channel that a batch normalisation behind it would see.  Computed by conv_algorithm() as of now.
  // std::logic_error for an extent below 1.
  Linear(const std::string& name, const ImageShape& in, const ImageShape& out, BinaryRecipe recipe = BinaryRecipe::none);

  LaneShape output_shape(const LaneShape& input) const override;
  std::int64_t workspace_floats(const LaneShape& input) const override;
  void forward(ConstTensorView x, TensorView y, std::span<float> record, Workspace& workspace, Mode mode) const override;
  void backward(ConstTensorView x, ConstTensorView y, ConstTensorView dy, TensorView dx, std::span<const float> record, Want want,
                Workspace& workspace) override;

 private:
  void forward_by_gemm(ConstTensorView x, TensorView y, Workspace& workspace) const;
  void backward_by_gemm(ConstTensorView x, ConstTensorView dy, TensorView dx, Want want, Workspace& workspace);

  ImageShape in_;
  ImageShape out_;
  ConvAlgorithm algorithm_;
};

}  // namespace pbgen
