#include "gan/edge/latent.h"

#include "core/freestanding/philox.h"

namespace pbgen::edge {

void draw_latent(std::uint64_t seed, std::uint64_t number, int z_dim, float* z) {
  const std::uint64_t first = number * static_cast<std::uint64_t>(z_dim);
  for (int i = 0; i < z_dim; ++i) {
    const RandomWords words = philox(seed, kGenerateStream, 0, first + static_cast<std::uint64_t>(i));
    z[i] = static_cast<float>(-1.0 + 2.0 * uniform_of(words.of[0], words.of[1]));
  }
}

}  // namespace pbgen::edge
