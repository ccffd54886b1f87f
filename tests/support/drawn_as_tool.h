// An exported model's image as the tools draw it, beside which libpbgen's is held.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/rng.h"
#include "gan/latents.h"
#include "gan/packed_model.h"
#include "tools/lib/model/edge_generator.h"

namespace pbgen {

// Image 0 of seed 1 as bytes [size][size][channels].
inline std::vector<std::uint8_t> drawn_as_tool(PackedModel model) {
  EdgeGenerator generator(std::move(model));
  const NetworkConfig& config = generator.config();
  std::vector<float> z(static_cast<std::size_t>(config.z_dim));
  draw_latents(CounterRng(1, Stream::generate), 0, 1, config.z_dim, z.data());
  std::vector<float> image(static_cast<std::size_t>(config.size) * config.size * config.channels);
  generator.generate(z.data(), image.data());
  std::vector<std::uint8_t> pixels(image.size());
  generator.to_bytes(image.data(), pixels.data());
  return pixels;
}

}  // namespace pbgen
