// Whether a generator copies its training images: the nearest ones, compared pixel by pixel.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/image_set.h"

namespace pbgen {

struct Neighbour {
  std::int64_t image = 0;  // number in the set
  double distance = 0.0;   // root mean square difference of pixels, in grey levels 0..255
};

// The `count` nearest of set's images `candidates` to each query, nearest first; ties go to the lower place.
// queries: whole images of the set's shape, one after the other.
std::vector<std::vector<Neighbour>> nearest_images(const ImageSet& set, std::span<const std::uint32_t> candidates,
                                                   std::span<const std::uint8_t> queries, int count);

}  // namespace pbgen
