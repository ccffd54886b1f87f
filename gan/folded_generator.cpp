#include "gan/folded_generator.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/base/check.h"
#include "core/freestanding/model_format.h"
#include "layers/batchnorm2d.h"
#include "layers/weighted_layer.h"

namespace pbgen {
namespace {

const WeightedLayer& weighted_layer(const Sequential& network, const std::string& name) {
  const WeightedLayer* found = nullptr;
  for (std::size_t i = 0; i < network.layer_count() && found == nullptr; ++i) {
    const auto* const layer = dynamic_cast<const WeightedLayer*>(&network.layer(i));
    if (layer != nullptr && layer->description().name == name) found = layer;
  }
  check(found != nullptr, name, " is missing from the network");
  return *found;
}

std::span<const float> array(const Sequential& network, const std::string& name, std::int64_t size) {
  const auto found = [&](const NamedArray* candidate) {
    if (candidate->name != name) return false;
    check_equal(candidate->value.size(), size, name.c_str());
    return true;
  };
  for (const Param* const param : network.params())
    if (found(param)) return param->value.span();
  for (const NamedArray* const buffer : network.buffers())
    if (found(buffer)) return buffer->value.span();
  check(false, name, " is missing from the network");
  return {};
}

// alpha: empty where the weights are floats.  normalisation: "" where there is none behind the layer.
void fold(const Sequential& network, const std::string& name, const std::string& normalisation, std::span<const float> alpha,
          FoldedLayer& layer) {
  const std::int64_t channels = layer.shape.c_out;
  const std::int64_t biases = layer.shape.shifts / channels;  // of a channel
  const std::span<const float> bias = array(network, name + ".bias", layer.shape.shifts);
  std::span<const float> gamma, beta, mean, variance;
  if (!normalisation.empty()) {
    gamma = array(network, normalisation + ".gamma", channels);
    beta = array(network, normalisation + ".beta", channels);
    mean = array(network, normalisation + ".running_mean", channels);
    variance = array(network, normalisation + ".running_var", channels);
  }
  for (std::int64_t c = 0; c < channels; ++c) {
    double gain = 1.0;
    double offset = 0.0;
    if (!normalisation.empty()) {
      gain = static_cast<double>(gamma[c]) / std::sqrt(static_cast<double>(variance[c]) + BatchNorm2d::kEpsilon);
      offset = static_cast<double>(beta[c]) - gain * static_cast<double>(mean[c]);
    }
    layer.scale[c] = static_cast<float>(gain * (alpha.empty() ? 1.0 : static_cast<double>(alpha[c])));
    for (std::int64_t i = c * biases; i < (c + 1) * biases; ++i)
      layer.shift[i] = static_cast<float>(gain * static_cast<double>(bias[i]) + offset);
  }
}

}  // namespace

std::int64_t FoldedShape::weights() const {
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) count *= dim;
  return count;
}

FoldedShape folded_shape(const NetworkConfig& config, int layer) {
  FoldedShape shape;
  shape.name = kModelLayerNames[layer];
  shape.binarized = config.binarized.generator.contains(layer);
  if (layer == 0) {
    shape.c_out = config.g_widths[0];
    shape.shifts = shape.c_out * config.base() * config.base();
    shape.dims = {shape.shifts, config.z_dim};
    return shape;
  }
  shape.c_out = layer == std::ssize(config.g_widths) ? config.channels : config.g_widths[layer];
  shape.shifts = shape.c_out;
  shape.dims = {config.g_widths[layer - 1], shape.c_out, NetworkConfig::kKernel, NetworkConfig::kKernel};
  return shape;
}

FoldedGenerator zero_generator(const NetworkConfig& config) {
  FoldedGenerator zeros;
  zeros.config = config;
  for (int number = 0; number < FoldedGenerator::kLayers; ++number) {
    FoldedLayer& layer = zeros.layers[number];
    layer.shape = folded_shape(config, number);
    layer.weights = AlignedBuffer<float>(layer.shape.weights());
    layer.scale = AlignedBuffer<float>(layer.shape.c_out);
    layer.shift = AlignedBuffer<float>(layer.shape.shifts);
  }
  return zeros;
}

FoldedGenerator fold_generator(const Sequential& network, const NetworkConfig& config) {
  config.validate();
  FoldedGenerator folded = zero_generator(config);
  for (int number = 0; number < FoldedGenerator::kLayers; ++number) {
    FoldedLayer& layer = folded.layers[number];
    const std::string name = "generator." + layer.shape.name;
    const BinaryWeight& weight = weighted_layer(network, name).weight();
    check_equal(weight.binarized(), layer.shape.binarized, (name + " in one bit").c_str());
    check_equal(weight.latent().value.size(), layer.shape.weights(), name.c_str());
    const std::span<const float> latent = weight.latent().value.span();
    const bool binarized = weight.binarized();
    std::transform(latent.begin(), latent.end(), layer.weights.begin(),
                   [binarized](float w) { return !binarized ? w : w >= 0.0f ? 1.0f : -1.0f; });
    const bool last = number + 1 == FoldedGenerator::kLayers;
    fold(network, name, last ? "" : concat("generator.bn", number), weight.scale(), layer);
  }
  return folded;
}

}  // namespace pbgen
