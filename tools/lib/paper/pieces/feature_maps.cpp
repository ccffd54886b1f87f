#include "tools/lib/paper/pieces/feature_maps.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "core/base/check.h"
#include "core/base/workspace.h"
#include "data/image_grid.h"
#include "data/lane_images.h"
#include "gan/latents.h"
#include "layers/batchnorm2d.h"

namespace pbgen {
namespace {

constexpr int kColumns = 4;
constexpr int kLeastSide = 64;  // of a map's square in the picture

// The first image's one channel, row by row.
std::vector<float> channel_map(ConstTensorView activations, std::int64_t channel) {
  const LaneShape& shape = activations.shape;
  std::vector<float> map;
  map.reserve(static_cast<std::size_t>(shape.pixels()));
  for (std::int64_t y = 0; y < shape.height; ++y)
    for (std::int64_t x = 0; x < shape.width; ++x) map.push_back(activations.data[shape.index(0, y, x, channel)]);
  return map;
}

double variance(const std::vector<float>& map) {
  const auto count = static_cast<double>(map.size());
  const double mean = std::accumulate(map.begin(), map.end(), 0.0) / count;
  double sum = 0.0;
  for (const float value : map) sum += (value - mean) * (value - mean);
  return sum / count;
}

Image picture_of(ConstTensorView activations, int shown_side) {
  std::vector<std::vector<float>> maps;
  for (std::int64_t c = 0; c < activations.shape.channels; ++c) maps.push_back(channel_map(activations, c));
  std::vector<double> variances;
  variances.reserve(maps.size());
  for (const std::vector<float>& map : maps) variances.push_back(variance(map));
  std::vector<std::size_t> order(maps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return variances[a] > variances[b]; });
  order.resize(std::min<std::size_t>(order.size(), kShownMaps));
  std::sort(order.begin(), order.end());

  float largest = 0.0f;
  for (const std::size_t c : order) largest = std::max(largest, *std::max_element(maps[c].begin(), maps[c].end()));
  const float scale = largest > 0.0f ? 255.0f / largest : 0.0f;
  const auto side = static_cast<int>(activations.shape.height);
  std::vector<Image> squares;
  for (const std::size_t c : order) {
    Image map = Image::black(side, side, 1);
    std::transform(maps[c].begin(), maps[c].end(), map.pixels.begin(),
                   [&](float value) { return static_cast<std::uint8_t>(std::lround(scale * value)); });
    squares.push_back(enlarged(map, shown_side / side));
  }
  std::vector<std::span<const std::uint8_t>> views;
  views.reserve(squares.size());
  for (const Image& square : squares) views.emplace_back(square.pixels);
  return image_grid(views, shown_side, 1, kColumns);
}

Image enlarged_image(ConstTensorView images, int factor) {
  const auto side = static_cast<int>(images.shape.height);
  const auto channels = static_cast<int>(images.shape.channels);
  Image image = Image::black(side, side, channels);
  lanes_to_image(images, 0, image.pixels);
  return enlarged(image, factor);
}

}  // namespace

FeatureMaps feature_maps(const Sequential& generator, const NetworkConfig& config, std::span<const float> z) {
  check_equal(std::ssize(z), config.z_dim, "the latent vector's size");
  Tensor latents(config.latent_shape(kLanes));
  latents_to_lanes(z.data(), 1, latents.view());
  const ConstTensorView input = latents.view();
  Sequential::Record record = generator.make_record(input.shape);
  Workspace workspace(generator.workspace_floats(input.shape));
  const ConstTensorView images = generator.forward(input, record, workspace, Mode::inference);

  const int shown_side = std::max(config.size, kLeastSide);
  FeatureMaps result;
  for (std::size_t i = 0; i < generator.layer_count(); ++i) {
    if (dynamic_cast<const BatchNorm2d*>(&generator.layer(i)) == nullptr) continue;
    const ConstTensorView maps = record.output(i);
    const auto side = static_cast<int>(maps.shape.height);
    check(side == maps.shape.width && shown_side % side == 0, "maps of ", maps.shape, " do not fit into ", shown_side, " pixels");
    const std::size_t number = result.layers.size();
    result.layers.push_back({.layer = number == 0 ? "linear" : concat("deconv", number),
                             .channels = static_cast<int>(maps.shape.channels),
                             .side = side,
                             .maps = picture_of(maps, shown_side)});
  }
  result.image = enlarged_image(images, kColumns * shown_side / config.size);
  return result;
}

}  // namespace pbgen
