// Between level_planes.cpp and its leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::level_planes_leaf {

// planes[c][pixels] := bytes[pixels][3], for a number of pixels that is a multiple of 8.
void split_rgb_avx2(const std::uint8_t* bytes, std::int64_t pixels, float* planes);

}  // namespace pbgen::level_planes_leaf
