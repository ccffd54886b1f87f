// Which images train and which are held out.
#pragma once

#include <cstdint>
#include <vector>

namespace pbgen {

// Numbers of images, ascending; together every number of [0, count) once.
struct Split {
  std::vector<std::uint32_t> train;
  std::vector<std::uint32_t> held_out;
};

// Holds out the last floor(count * fraction) images of a shuffle that the seed decides (Stream::holdout).
// fraction in [0, 1) and count in [0, 2^32), else std::logic_error.
Split split_holdout(std::int64_t count, double fraction, std::uint64_t seed);

}  // namespace pbgen
