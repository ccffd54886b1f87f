// Between conv_direct_narrow.cpp and its leaves.  Not for anybody else.
//
// A vector is the eight images of one channel of one pixel.  Pointers to activations are 32-byte aligned.
#pragma once

#include <cstdint>

namespace pbgen::conv_direct_narrow_leaf {

// Small-side channels of a tile of narrow_to_small.
inline constexpr std::int64_t kMostRows = 6;
// Output pixels of a tile of narrow_to_small.
inline constexpr std::int64_t kMostColumns = 2;
// Small-side channels, and big-side values, of a tile of the weight gradient.
inline constexpr std::int64_t kChannelBlock = 16;
inline constexpr std::int64_t kMostValues = 6;

// Output pixels of a tile of narrow_to_big: as many as make eight to twelve independent sums, and a power of two, so that
// usual rows leave no rest.
constexpr std::int64_t most_pixels(std::int64_t c_big) { return c_big == 1 ? 8 : c_big == 4 ? 2 : 4; }

struct Leaves {
  // to[j*to_step + b*8 ..] := bias[b] + sum over t < taps, s < c_small of from[t*pixels + j][s*8 ..] * weights[t][s*c_big + b]
  // for j < pixels, b < c_big.  1 <= c_big <= 4; pixels is a power of two <= most_pixels(c_big); bias null: 0.
  void (*to_big_tile)(std::int64_t c_big, std::int64_t pixels, std::int64_t taps, const float* const* from, const float* const* weights,
                      std::int64_t c_small, const float* bias, float* to, std::int64_t to_step);
  // to[j*to_step + i*8 ..] := bias[i] + sum over r < lines, v < values of lines_of[r][(j*step + v)*8 ..] * w[(r*values + v)*rows + i]
  // for i < rows, j < columns.  1 <= rows <= kMostRows, 1 <= columns <= kMostColumns; step counts vectors; bias null: 0.
  void (*to_small_tile)(std::int64_t rows, std::int64_t columns, std::int64_t lines, const float* const* lines_of, std::int64_t values,
                        std::int64_t step, const float* w, const float* bias, float* to, std::int64_t to_step);
  // sums[v*kChannelBlock + i] += sum over p < pixels, image < 8 of small[p][image][i] * line[(p*step + v)*8 + image]
  // for i < kChannelBlock, v < values; small as transpose_leaf leaves it.  1 <= values <= kMostValues; step counts vectors.
  void (*gradient_tile)(std::int64_t values, std::int64_t pixels, const float* small, const float* line, std::int64_t step, float* sums);
};
extern const Leaves kAvx2;  // x86-64 alone

}  // namespace pbgen::conv_direct_narrow_leaf
