// Between patch_projection.cpp and its leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::patch_projection_leaf {

struct PatchShape {
  std::int64_t channels;
  std::int64_t side;
  std::int64_t nhood;
};

// A projection is one chain of fused multiply-adds, whatever the leaves' sizes: all give the same integers.
struct Leaves {
  std::int64_t patches;     // of a panel: a multiple of gathered and of 16
  std::int64_t directions;  // of a tile
  std::int64_t gathered;    // patches that gather takes at once
  // `gathered` columns of a panel, panel[(c * nhood + dy) * nhood + dx][i], rows `patches` floats apart:
  //   := planes[corners[i] + (c * side + dy) * side + dx]
  // One float behind a patch's rows is read and dropped, up to 7 where nhood is below 8.  panel is aligned to so many floats.
  void (*gather)(const float* planes, const std::uint32_t* corners, PatchShape shape, float* panel);
  // out[d * stride + i] := round(sum over p < length of packed[p * directions + d] * panel[p * patches + i]), d < rows <= directions,
  // i < patches, summed in the order of p by fused multiply-adds.  panel and out are aligned to 64 bytes, stride is a multiple of 16.
  void (*project)(std::int64_t length, const float* packed, const float* panel, std::int64_t rows, std::int32_t* out, std::int64_t stride);
  // After this other threads may read what the calling thread has projected.
  void (*publish)();
};
extern const Leaves kAvx2;    // x86-64 alone
extern const Leaves kAvx512;  // x86-64 alone

}  // namespace pbgen::patch_projection_leaf
