// A generator's images as bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/rng.h"
#include "data/image_set.h"
#include "gan/sampler.h"

namespace pbgen {

// Error(diverged) where a value that a generator drew is no number, which a byte would show as black: weights that are finite may still be
// too large to compute with.
void require_drawn(std::span<const float> values);

// Images of z [count][z_dim]: pixels [count][size][size][channels].  Error(diverged) as above.
ImageSet sample_images(Sampler& sampler, const float* z, std::int64_t count);

// The first `count` images of a seed; draws of different streams share nothing.
ImageSet sample_images(Sampler& sampler, std::uint64_t seed, Stream stream, std::int64_t first, std::int64_t count);

}  // namespace pbgen
