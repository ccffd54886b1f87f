// Between level_planes.cpp and its leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::level_planes_leaf {

struct Leaves {
  // planes[c][pixels] := bytes[pixels][3], for a number of pixels that is a multiple of 8.
  void (*split_rgb)(const std::uint8_t* bytes, std::int64_t pixels, float* planes);
};
extern const Leaves kRef;
extern const Leaves kAvx2;  // x86-64 alone

}  // namespace pbgen::level_planes_leaf
