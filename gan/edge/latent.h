// The latent vectors that ./tools/generate draws for a seed.
#pragma once

#include <cstdint>

namespace pbgen::edge {

// z: [z_dim], uniform in [-1, 1], of image `number`: what draw_latents(CounterRng(seed, Stream::generate), number, 1, ..) gives.
// number * z_dim is below 2^56.
void draw_latent(std::uint64_t seed, std::uint64_t number, int z_dim, float* z);

}  // namespace pbgen::edge
