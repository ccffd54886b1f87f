// Operands for measurements.
#pragma once

#include <cstdint>

#include "core/base/aligned_buffer.h"

namespace pbgen {

// Uniform in [-scale, scale); repeats after a prime number of values, so that rows of an array differ.
AlignedBuffer<float> random_values(std::int64_t count, std::uint64_t seed, double scale = 1.0);

}  // namespace pbgen
