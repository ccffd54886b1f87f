// A generator's images as bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "data/image_set.h"
#include "core/rng.h"
#include "gan/sampler.h"

namespace pbgen {

// Images of z [count][z_dim]: pixels [count][size][size][channels].
ImageSet sample_images(Sampler& sampler, const float* z, std::int64_t count);

// The first `count` images of a seed; draws of different streams share nothing.
ImageSet sample_images(Sampler& sampler, std::uint64_t seed, Stream stream, std::int64_t first, std::int64_t count);

}  // namespace pbgen
