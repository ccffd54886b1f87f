// Between level_planes.cpp and its leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::level_planes_leaf {

// Sums over values of a plane in eight chains: value x of a row goes to chain x % 8.
inline constexpr int kChains = 8;
struct PlaneChains {
  double sum[kChains];      // of weight * value
  double squares[kChains];  // of weight * value * value
  float low[kChains];
  float high[kChains];
};

struct Leaves {
  // planes[c][pixels] := bytes[pixels][3], for a number of pixels that is a multiple of 8.
  void (*split_rgb)(const std::uint8_t* bytes, std::int64_t pixels, float* planes);
  // Adds plane[side][side] to the chains, row by row; side is a multiple of 8, weights of rows lie weight_stride apart.  Products and sums
  // are rounded one by one, in this order: (weight * value), then times value.
  void (*add_plane)(const float* plane, std::int64_t side, const std::int32_t* weights, std::int64_t weight_stride, PlaneChains& chains);
};
extern const Leaves kRef;

// What tables of x86-64 are made of, beside the definition's.
void add_plane_ref(const float* plane, std::int64_t side, const std::int32_t* weights, std::int64_t weight_stride, PlaneChains& chains);
void split_rgb_avx2(const std::uint8_t* bytes, std::int64_t pixels, float* planes);
void add_plane_avx512(const float* plane, std::int64_t side, const std::int32_t* weights, std::int64_t weight_stride, PlaneChains& chains);

}  // namespace pbgen::level_planes_leaf
