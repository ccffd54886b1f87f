#include "gan/latents.h"

#include <algorithm>

#include "core/base/check.h"

namespace pbgen {

void draw_latents(const CounterRng& rng, std::int64_t first, std::int64_t count, int z_dim, float* z) {
  const std::int64_t values = count * z_dim;
  const std::uint64_t offset = static_cast<std::uint64_t>(first) * static_cast<std::uint64_t>(z_dim);
  for (std::int64_t i = 0; i < values; ++i) z[i] = static_cast<float>(rng.uniform(offset + static_cast<std::uint64_t>(i), -1.0, 1.0));
}

void latents_to_lanes(const float* z, std::int64_t n, TensorView latents) {
  check(n >= 0 && n <= latents.shape.batch, n, " latent vectors for a batch of ", latents.shape.batch);
  const std::int64_t z_dim = latents.shape.channels;
  std::fill(latents.data, latents.data + latents.shape.floats(), 0.0f);
  for (std::int64_t image = 0; image < n; ++image)
    for (std::int64_t c = 0; c < z_dim; ++c) latents.data[latents.shape.index(image, 0, 0, c)] = z[image * z_dim + c];
}

}  // namespace pbgen
