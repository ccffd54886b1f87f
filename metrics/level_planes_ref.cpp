#include "metrics/level_planes_leaf.h"

namespace pbgen::level_planes_leaf {
namespace {

void split_rgb(const std::uint8_t* bytes, std::int64_t pixels, float* planes) {
  for (std::int64_t i = 0; i < pixels; ++i)
    for (std::int64_t c = 0; c < 3; ++c) planes[c * pixels + i] = bytes[3 * i + c];
}

}  // namespace

const Leaves kRef = {.split_rgb = split_rgb};

}  // namespace pbgen::level_planes_leaf
