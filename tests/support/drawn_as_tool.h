// An exported model's image as the tools draw it, beside which libpbgen's is held.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/rng.h"
#include "data/lane_images.h"
#include "gan/folded_generator.h"
#include "gan/latents.h"
#include "tools/lib/model/edge_generator.h"

namespace pbgen {

// Image 0 of seed 1 as bytes [size][size][channels].
inline std::vector<std::uint8_t> drawn_as_tool(const FoldedGenerator& folded) {
  const NetworkConfig& config = folded.config;
  EdgeGenerator generator(folded);
  std::vector<float> z(static_cast<std::size_t>(config.z_dim));
  draw_latents(CounterRng(1, Stream::generate), 0, 1, config.z_dim, z.data());
  const std::int64_t plane = std::int64_t{config.size} * config.size;
  std::vector<float> image(static_cast<std::size_t>(plane * config.channels));
  generator.generate(z.data(), image.data());
  std::vector<std::uint8_t> pixels(image.size());
  planes_to_bytes(image.data(), plane, config.channels, pixels.data());
  return pixels;
}

}  // namespace pbgen
