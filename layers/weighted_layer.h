// What linear, convolution and deconvolution share: a weight that may be binarized, a bias, and a description for the
// layer table and the initialisers.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "layers/binary_weight.h"
#include "layers/layer.h"

namespace pbgen {

enum class LayerKind { linear, conv, deconv };

struct LayerDescription {
  LayerKind kind = LayerKind::linear;
  std::string name;
  std::int64_t c_in = 0;    // channels; their pixels are not counted in
  std::int64_t c_out = 0;
  std::int64_t kernel = 0;  // 0: linear
  std::int64_t stride = 0;  // 0: linear
  BinaryRecipe recipe = BinaryRecipe::none;
  std::int64_t weights = 0;
  std::int64_t biases = 0;
};

class WeightedLayer : public Layer {
 public:
  const LayerDescription& description() const { return description_; }
  const BinaryWeight& weight() const { return weight_; }
  BinaryWeight& weight() { return weight_; }

  // <name>.weight, <name>.bias.
  std::vector<Param*> params() override { return {&weight_.latent(), &bias_}; }
  std::int64_t derived_bytes(const LaneShape&) const override { return weight_.derived_bytes(); }
  void project_weights() override { weight_.project(); }
  void weights_changed() override { weight_.repack(); }

 protected:
  // description: its counts are filled in here.
  WeightedLayer(LayerDescription description, std::vector<std::int64_t> weight_dims, const WeightAxes& axes, std::int64_t biases)
      : description_(std::move(description)),
        weight_(description_.name + ".weight", std::move(weight_dims), axes, description_.recipe),
        bias_(description_.name + ".bias", {biases}) {
    description_.weights = weight_.latent().value.size();
    description_.biases = biases;
  }

  LayerDescription description_;
  BinaryWeight weight_;
  Param bias_;
};

}  // namespace pbgen
