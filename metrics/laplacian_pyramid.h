// The Laplacian pyramid: an image as band-pass levels and one small low-pass rest, from which it can be put together again.
//
// Filter outer([1,4,6,4,1])/256, border reflect-101 (-1 -> 1, n -> n-2).  All planes are square, [size][size] floats.
// Source: Burt and Adelson, "The Laplacian pyramid as a compact image code", 1983; the borders of Karras et al. 2018.
#pragma once

#include <cstdint>

namespace pbgen {

// The smallest level's side.
inline constexpr int kSmallestLevel = 16;

// Levels of an image of size 16 * 2^k: k + 1, of sides size, size/2, .. 16.  0 for any other size.
int pyramid_levels(int size);

// half[size/2][size/2] := the filtered plane at every second pixel, from 0.  size is even and at least 4.
// scratch: size + 4 floats.
void pyramid_down(const float* plane, int size, float* half, float* scratch);

// twice[2*size][2*size] := zeros inserted at odd indices, filtered, times 4.  size is at least 2.
// scratch: 2 * size * size floats.
void pyramid_up(const float* plane, int size, float* twice, float* scratch);

// out[size >> level][size >> level] := that level of the plane's pyramid: Laplacian, the last one Gaussian.
// level in [0, pyramid_levels(size)), else std::logic_error; out overlaps neither plane nor scratch.
// scratch: pyramid_scratch_floats(size) floats.
void pyramid_level(const float* plane, int size, int level, float* out, float* scratch);
std::int64_t pyramid_scratch_floats(int size);

}  // namespace pbgen
