// Between patch_projection.cpp and its leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::patch_projection_leaf {

inline constexpr std::int64_t kPatches = 32;    // of a panel
inline constexpr std::int64_t kDirections = 3;  // of a tile

struct PatchShape {
  std::int64_t channels;
  std::int64_t side;
  std::int64_t nhood;
};

struct Leaves {
  // Eight columns of a panel, panel[(c * nhood + dy) * nhood + dx][i], i < 8, rows kPatches floats apart:
  //   := planes[corners[i] + (c * side + dy) * side + dx]
  // One float behind a patch's rows is read and dropped, up to 7 where nhood is below 8.  panel is 32-byte aligned.
  void (*gather_8_patches)(const float* planes, const std::uint32_t* corners, PatchShape shape, float* panel);
  // out[d * stride + i] := round(sum over p < length of directions[p * 3 + d] * panel[p * 32 + i]), d < rows <= 3, i < 32, summed in the
  // order of p by fused multiply-adds.  panel is 32-byte aligned.
  void (*project_3x32)(std::int64_t length, const float* directions, const float* panel, std::int64_t rows, std::int32_t* out,
                       std::int64_t stride);
};
extern const Leaves kAvx2;  // x86-64 alone

}  // namespace pbgen::patch_projection_leaf
