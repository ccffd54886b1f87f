// A trained generator reduced to what drawing images takes: each layer multiplies, scales, shifts and activates,
//
//   y = activation(scale[channel] * sum + shift[channel])      ReLU, after the last layer tanh
//
// where scale and shift hold the one-bit weights' alpha, the bias and the batch normalisation with its moving statistics.
// What the edge runtime runs and what an exported model holds.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "gan/networks.h"
#include "layers/sequential.h"

namespace pbgen {

struct FoldedShape {
  std::string name;                // "linear", "deconv1" .. "deconv4"
  std::vector<std::int64_t> dims;  // of the weights, as in checkpoints: linear [c_out * side * side, z_dim], deconv [c_in, c_out, 5, 5]
  std::int64_t c_out = 0;          // scales
  std::int64_t shifts = 0;         // c_out; of the linear layer, whose biases belong to features, c_out * side * side
  bool binarized = false;

  std::int64_t weights() const;
};

// The shape of layer 0 .. 4, numbered as the paper does.  The configuration is valid.
FoldedShape folded_shape(const NetworkConfig& config, int layer);

struct FoldedLayer {
  FoldedShape shape;
  AlignedBuffer<float> weights;  // row-major in shape.dims; where binarized +1 and -1
  AlignedBuffer<float> scale;    // [c_out]
  AlignedBuffer<float> shift;    // [shifts]
};

struct FoldedGenerator {
  static constexpr int kLayers = LayerSet::kLayers;

  NetworkConfig config;
  std::array<FoldedLayer, kLayers> layers;
};

// A generator of that configuration, with zeros in all arrays.
FoldedGenerator zero_generator(const NetworkConfig& config);

// Copies what it needs of a generator made by make_generator(config).  Scales and shifts are computed in double precision and
// rounded once.  std::logic_error where the network is another one.
FoldedGenerator fold_generator(const Sequential& network, const NetworkConfig& config);

}  // namespace pbgen
