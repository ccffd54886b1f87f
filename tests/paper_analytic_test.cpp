// The pieces of ./tools/paper that are arithmetic first: Tables I, II and IV, Fig. 3 and 12.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/rng.h"
#include "gan/latents.h"
#include "gan/sampler.h"
#include "tools/lib/paper/feature_maps.h"
#include "tools/lib/sample_images.h"

namespace pbgen {
namespace {

// Two channels in the last layer, more than are shown in the first.
NetworkConfig small_network() {
  NetworkConfig config;
  config.size = 32;
  config.z_dim = 8;
  config.g_widths = {24, 16, 8, 2};
  config.d_widths = {2, 4, 8, 16};
  return config;
}

std::vector<float> latent(const NetworkConfig& config) {
  std::vector<float> z(static_cast<std::size_t>(config.z_dim));
  draw_latents(CounterRng(3, Stream::test), 0, 1, config.z_dim, z.data());
  return z;
}

TEST(FeatureMapsOfAGenerator, HaveAllLayersAndTheImage) {
  const NetworkConfig config = small_network();
  Sequential generator = make_generator(config);
  initialise(generator, 1, kGeneratorFirstNumber);
  const std::vector<float> z = latent(config);
  const FeatureMaps maps = feature_maps(generator, config, z);

  ASSERT_EQ(maps.layers.size(), 4u);
  const std::vector<std::string> names{"linear", "deconv1", "deconv2", "deconv3"};
  for (std::size_t i = 0; i < 4; ++i) {
    const LayerMaps& layer = maps.layers[i];
    EXPECT_EQ(layer.layer, names[i]);
    EXPECT_EQ(layer.channels, config.g_widths[i]);
    EXPECT_EQ(layer.side, 2 << i);
    // Squares of 64 pixels, four in a row, gaps of 2.
    const int shown = std::min(layer.channels, kShownMaps);
    EXPECT_EQ(layer.maps.width, 4 * 66 + 2);
    EXPECT_EQ(layer.maps.height, (shown + 3) / 4 * 66 + 2);
    EXPECT_EQ(layer.maps.channels, 1);
  }

  // The image is the one that generating draws, each pixel a square of 8.
  Sampler sampler(config, generator);
  const ImageSet images = sample_images(sampler, z.data(), 1);
  ASSERT_EQ(maps.image.width, 8 * 32);
  const std::span<const std::uint8_t> small = images.image(0);
  for (int y = 0; y < maps.image.height; ++y)
    for (int x = 0; x < maps.image.width; ++x)
      for (int c = 0; c < 3; ++c) ASSERT_EQ(maps.image.row(y)[3 * x + c], small[(y / 8 * 32 + x / 8) * 3 + c]) << x << " " << y;
}

// The linear layer's maps set by hand: bias decides, since z is 0.
TEST(FeatureMapsOfAGenerator, ShowWhatVariesMost) {
  const NetworkConfig config = small_network();
  Sequential generator = make_generator(config);
  std::span<float> bias;
  for (Param* const param : generator.params())
    if (param->name == "generator.linear.bias") bias = param->value.span();
  ASSERT_EQ(bias.size(), 24u * 4u);
  // Channel c is (0, 0, 0, c): the higher, the more it varies; so 8 .. 23 are shown.  Channel 0 is high, but constant.
  for (std::size_t c = 0; c < 24; ++c) bias[4 * c + 3] = static_cast<float>(c);
  std::fill_n(bias.begin(), 4, 100.0f);
  generator.weights_loaded();
  const FeatureMaps maps = feature_maps(generator, config, std::vector<float>(8, 0.0f));
  const Image& shown = maps.layers[0].maps;
  for (int i = 0; i < 16; ++i) {
    const int left = 2 + i % 4 * 66;
    const int top = 2 + i / 4 * 66;
    EXPECT_EQ(shown.row(top)[left], 0);
    EXPECT_EQ(shown.row(top + 31)[left + 63], 0);
    // Pixel (1, 1) of a 2x2 map, 32 pixels wide; white is the largest, 23.
    const auto expected = static_cast<double>(8 + i) * 255.0 / 23.0;
    EXPECT_NEAR(shown.row(top + 32)[left + 32], expected, 0.51) << i;
    EXPECT_EQ(shown.row(top + 63)[left + 63], shown.row(top + 32)[left + 32]);
  }
}

TEST(FeatureMapsOfAGenerator, RefusesAnotherLatent) {
  const NetworkConfig config = small_network();
  const Sequential generator = make_generator(config);
  EXPECT_THROW(feature_maps(generator, config, std::vector<float>(9)), std::logic_error);
}

}  // namespace
}  // namespace pbgen
