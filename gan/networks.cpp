#include "gan/networks.h"

#include <memory>

#include "core/base/check.h"
#include "core/base/option_error.h"
#include "core/base/rng.h"
#include "core/freestanding/model_format.h"
#include "layers/activations.h"
#include "layers/batchnorm2d.h"
#include "layers/conv2d.h"
#include "layers/deconv2d.h"
#include "layers/linear.h"
#include "optim/init.h"

namespace pbgen {
namespace {

constexpr double kInitialDeviation = 0.02;
constexpr float kReluSlope = 0.0f;
constexpr float kLeakySlope = 0.2f;

void require_range(const char* field, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value < low || value > high) throw InvalidOption(field, value, concat(low, " to ", high));
}

std::string numbered(const char* prefix, const char* name, int number) { return concat(prefix, ".", name, number); }

}  // namespace

void NetworkConfig::validate() const {
  bool power = false;
  for (int valid = kMinModelSide; valid <= kMaxModelSide; valid *= 2) power = power || size == valid;
  if (!power) throw InvalidOption("size", size, "16, 32, 64, 128, 256, 512 or 1024 (four layers double the base map)");
  if (channels != 1 && channels != 3) throw InvalidOption("channels", channels, "1 (grey) or 3 (RGB)");
  require_range("z_dim", z_dim, 1, kMaxModelLatent);
  for (const int width : g_widths) require_range("g_widths", width, 1, kMaxModelWidth);
  for (const int width : d_widths) require_range("d_widths", width, 1, 4096);
}

Sequential make_generator(const NetworkConfig& config) {
  config.validate();
  const auto recipe = [&](int layer) { return config.binarized.generator.contains(layer) ? config.recipe : BinaryRecipe::none; };
  const auto& widths = config.g_widths;
  const int base = config.base();
  Sequential network;
  network.append(
      std::make_unique<Linear>("generator.linear", ImageShape{1, 1, config.z_dim}, ImageShape{base, base, widths[0]}, recipe(0)));
  network.append(std::make_unique<BatchNorm2d>("generator.bn0", widths[0], kReluSlope));
  for (int i = 1; i <= 3; ++i) {
    network.append(std::make_unique<Deconv2d>(numbered("generator", "deconv", i), widths[i - 1], widths[i], NetworkConfig::kKernel,
                                              NetworkConfig::kStride, recipe(i)));
    network.append(std::make_unique<BatchNorm2d>(numbered("generator", "bn", i), widths[i], kReluSlope));
  }
  network.append(std::make_unique<Deconv2d>("generator.deconv4", widths[3], config.channels, NetworkConfig::kKernel,
                                            NetworkConfig::kStride, recipe(4)));
  network.append(std::make_unique<Tanh>());
  return network;
}

Sequential make_discriminator(const NetworkConfig& config) {
  config.validate();
  const auto recipe = [&](int layer) { return config.binarized.discriminator.contains(layer) ? config.recipe : BinaryRecipe::none; };
  const auto& widths = config.d_widths;
  const int base = config.base();
  Sequential network;
  for (int i = 1; i <= 4; ++i) {
    network.append(std::make_unique<Conv2d>(numbered("discriminator", "conv", i), i == 1 ? config.channels : widths[i - 2], widths[i - 1],
                                            NetworkConfig::kKernel, NetworkConfig::kStride, recipe(i)));
    if (i > 1) network.append(std::make_unique<BatchNorm2d>(numbered("discriminator", "bn", i), widths[i - 1], kLeakySlope));
    else network.append(std::make_unique<LeakyReLU>(kLeakySlope));
  }
  network.append(
      std::make_unique<Linear>("discriminator.linear", ImageShape{base, base, widths[3]}, ImageShape{1, 1, 1}, BinaryRecipe::none));
  return network;
}

void initialise(Sequential& network, std::uint64_t seed, std::uint32_t first_number) {
  std::uint32_t number = first_number;
  for (std::size_t i = 0; i < network.layer_count(); ++i) {
    auto* const layer = dynamic_cast<WeightedLayer*>(&network.layer(i));
    if (layer == nullptr) continue;
    NamedArray& weight = *layer->params().front();
    const CounterRng rng(seed, Stream::initialise, number++);
    if (layer->description().kind == LayerKind::conv) fill_truncated_normal(weight, kInitialDeviation, rng);
    else fill_normal(weight, kInitialDeviation, rng);
  }
  network.weights_updated();
}

}  // namespace pbgen
