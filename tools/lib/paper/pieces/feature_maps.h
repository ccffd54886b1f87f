// What a generator's layers put out on the way to one image (the pictures of Fig. 3).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/image.h"
#include "gan/networks.h"
#include "layers/sequential.h"

namespace pbgen {

inline constexpr int kShownMaps = 16;

// Behind one layer's batch normalisation and ReLU.
struct LayerMaps {
  std::string layer;  // "linear", "deconv1" .. "deconv3"
  int channels = 0;
  int side = 0;
  Image maps;  // grey; the kShownMaps channels (all where there are fewer) that vary most over their pixels, in the order of channels;
               // black is 0, white the largest value shown of this layer
};

struct FeatureMaps {
  std::vector<LayerMaps> layers;
  Image image;
};

// In inference mode, for z [z_dim].  Pixels are enlarged, so that all pictures are about equally large.
// std::logic_error where the network is not of that configuration or z has another size.
FeatureMaps feature_maps(const Sequential& generator, const NetworkConfig& config, std::span<const float> z);

}  // namespace pbgen
