// Latent vectors: drawn in the order of images, then laid into the lanes.
#pragma once

#include <cstdint>

#include "core/base/rng.h"
#include "core/tensor/tensor.h"

namespace pbgen {

// Uniform in [-1, 1), component c of image i from index i * z_dim + c.  z: [count][z_dim], row-major; z[0] is image `first`.
void draw_latents(const CounterRng& rng, std::int64_t first, std::int64_t count, int z_dim, float* z);

// Puts z [n][z_dim] into the first n images of latents; images from n on become zero.
void latents_to_lanes(const float* z, std::int64_t n, TensorView latents);

}  // namespace pbgen
