#include "tools/lib/edge_generator.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>

#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"
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

// y = scale * sum + shift: alpha, bias and normalisation in one.  A channel has shift.size() / scale.size() biases.
void fold(const Sequential& network, const std::string& layer, const std::string& normalisation, std::span<const float> alpha,
          std::span<float> scale, std::span<float> shift) {
  const std::int64_t channels = std::ssize(scale);
  const std::int64_t biases = std::ssize(shift) / channels;
  const std::span<const float> bias = array(network, layer + ".bias", std::ssize(shift));
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
    scale[c] = static_cast<float>(gain * (alpha.empty() ? 1.0 : static_cast<double>(alpha[c])));
    for (std::int64_t i = c * biases; i < (c + 1) * biases; ++i)
      shift[i] = static_cast<float>(gain * static_cast<double>(bias[i]) + offset);
  }
}

void run_parts(void*, int count, void (*body)(void* body_context, int index), void* body_context) {
  parallel_items(count, [&](std::int64_t i) { body(body_context, static_cast<int>(i)); });
}

}  // namespace

template <class T>
T* EdgeGenerator::keep(std::size_t count) {
  arrays_.emplace_back(static_cast<std::int64_t>(count * sizeof(T)));
  return reinterpret_cast<T*>(arrays_.back().data());
}

void EdgeGenerator::add_linear(const Sequential& network, const NetworkConfig& config) {
  const std::string name = "generator.linear";
  const BinaryWeight& weight = weighted_layer(network, name).weight();
  edge::LinearLayer& layer = generator_.linear;
  layer.z_dim = config.z_dim;
  layer.channels = config.g_widths[0];
  layer.side = config.base();
  const std::int64_t features = std::int64_t{layer.side} * layer.side * layer.channels;
  check_equal(weight.latent().value.size(), features * layer.z_dim, name.c_str());

  float* const scale = keep<float>(layer.channels);
  AlignedBuffer<float> shift(features);
  fold(network, name, "generator.bn0", weight.scale(), {scale, static_cast<std::size_t>(layer.channels)}, shift.span());
  float* const packed_shift = keep<float>(edge::linear_shift_size(layer.channels, layer.side));
  edge::pack_linear_shift(shift.data(), layer.channels, layer.side, packed_shift);
  layer.scale = scale;
  layer.shift = packed_shift;

  const float* const latent = weight.latent().value.data();
  if (weight.binarized()) {
    auto* const words = keep<std::uint32_t>(edge::linear_signs_size(layer.z_dim, layer.channels, layer.side));
    edge::pack_linear_signs(latent, layer.z_dim, layer.channels, layer.side, words);
    layer.sign_words = words;
  } else {
    float* const weights = keep<float>(edge::linear_floats_size(layer.z_dim, layer.channels, layer.side));
    edge::pack_linear_floats(latent, layer.z_dim, layer.channels, layer.side, weights);
    layer.weights = weights;
  }
}

void EdgeGenerator::add_deconv(const Sequential& network, const NetworkConfig& config, int number) {
  const std::string name = concat("generator.deconv", number);
  const bool last = number == std::ssize(config.g_widths);
  const BinaryWeight& weight = weighted_layer(network, name).weight();
  edge::DeconvLayer& layer = generator_.deconvs[generator_.deconv_count++];
  layer.c_in = config.g_widths[number - 1];
  layer.c_out = last ? config.channels : config.g_widths[number];
  layer.side = config.base() << (number - 1);
  layer.activation = last ? edge::Activation::tanh : edge::Activation::relu;
  check_equal(weight.latent().value.size(), std::int64_t{layer.c_in} * layer.c_out * edge::kTaps, name.c_str());

  const std::size_t channels = layer.c_out;
  float* const scale = keep<float>(channels);
  float* const shift = keep<float>(channels);
  fold(network, name, last ? "" : concat("generator.bn", number), weight.scale(), {scale, channels}, {shift, channels});
  layer.scale = scale;
  layer.shift = shift;

  const float* const latent = weight.latent().value.data();
  if (weight.binarized()) {
    auto* const row_numbers = keep<std::uint8_t>(edge::deconv_signs_size(layer.c_in, layer.c_out));
    edge::pack_deconv_signs(latent, layer.c_in, layer.c_out, row_numbers);
    layer.row_numbers = row_numbers;
  } else {
    float* const weights = keep<float>(edge::deconv_floats_size(layer.c_in, layer.c_out, layer.side));
    edge::pack_deconv_floats(latent, layer.c_in, layer.c_out, layer.side, weights);
    layer.weights = weights;
  }
}

EdgeGenerator::EdgeGenerator(const Sequential& network, const NetworkConfig& config) {
  config.validate();
  generator_.path = isa() == Isa::avx2 ? edge::Path::avx2 : edge::Path::portable;
  add_linear(network, config);
  for (int number = 1; number <= std::ssize(config.g_widths); ++number) add_deconv(network, config, number);
  const char* const fault = edge::fault_of(generator_);
  check(fault == nullptr, "edge generator: ", fault == nullptr ? "" : fault);
  parallel_.run = run_parts;
  parallel_.parts = thread_count();
  scratch_ = AlignedBuffer<unsigned char>(static_cast<std::int64_t>(edge::scratch_bytes(generator_, parallel_.parts)));
}

void EdgeGenerator::generate(const float* z, float* image) {
  flush_denormals();  // as in the other threads
  edge::generate_one(generator_, z, image, scratch_.data(), &parallel_);
}

}  // namespace pbgen
