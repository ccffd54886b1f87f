// Between conv_direct_narrow.cpp and its leaves.  Not for anybody else.
//
// A vector is the eight images of one channel of one pixel.  Pointers to activations are 32-byte aligned, those to copies of slices side
// by side or transposed to 64 bytes.  Every instruction set gives the same bytes.
#pragma once

#include <cstdint>

namespace pbgen::conv_direct_narrow_leaf {

// Small-side channels of a block of the weight gradient.
inline constexpr std::int64_t kChannelBlock = 16;
inline constexpr std::int64_t kMostBigChannels = 4;

// Memory that a later tile will read: from[n*step] is asked for before step n of a sum, so that no request waits for another.
struct Ahead {
  const float* from;
  std::int64_t step;
};

struct Leaves {
  std::int64_t slices;                         // of the widest tiles to either side: 1 or 2
  std::int64_t most_pixels[kMostBigChannels];  // output pixels of a tile to the big side of 1, 2, .. channels: powers of two
  std::int64_t most_rows;                      // small-side channels of a tile to the small side
  std::int64_t most_columns;                   // output pixels of such a tile
  std::int64_t most_blocks;                    // channel blocks of a tile of the weight gradient
  std::int64_t most_values;                    // big-side values of such a tile

  // to[v][slice][8] := from[slice*slice_step + v*8 ..] for v < vectors, slice < slices.
  void (*copy_side_by_side)(std::int64_t slices, std::int64_t vectors, const float* from, std::int64_t slice_step, float* to);
  // to[i*to_slice + j*to_step + b*8 ..] := bias[b] + sum over t < taps, s < c_small of
  // from[t][j*from_step + (s*slices + i)*8 ..] * weights[t][s*c_big + b] for i < slices, j < pixels, b < c_big.
  // 1 <= c_big <= kMostBigChannels; pixels is a power of two; bias null: 0.  Meanwhile asks for the memory of `ahead`.
  void (*to_big_tile)(std::int64_t slices, std::int64_t c_big, std::int64_t pixels, std::int64_t taps, const float* const* from,
                      std::int64_t from_step, const float* const* weights, std::int64_t c_small, const float* bias, float* to,
                      std::int64_t to_step, std::int64_t to_slice, Ahead ahead);
  // to[k*to_slice + j*to_step + i*8 ..] := bias[i] + sum over r < lines, v < values of
  // lines_of[r][((j*step + v)*slices + k)*8 ..] * w[(r*values + v)*rows + i] for k < slices, i < rows, j < columns; bias null: 0.
  void (*to_small_tile)(std::int64_t slices, std::int64_t rows, std::int64_t columns, std::int64_t lines, const float* const* lines_of,
                        std::int64_t values, std::int64_t step, const float* w, const float* bias, float* to, std::int64_t to_step,
                        std::int64_t to_slice);
  // sums[k*sums_block + v*kChannelBlock + i] += sum over p < pixels, image < 8 of
  // small[k*small_block + (p*8 + image)*kChannelBlock + i] * line[(p*step + v)*8 + image] for k < blocks, i < kChannelBlock, v < values;
  // small as transpose_leaf leaves it.  step counts vectors.  Meanwhile asks for the memory of `ahead`.
  void (*gradient_tile)(std::int64_t blocks, std::int64_t values, std::int64_t pixels, const float* small, std::int64_t small_block,
                        const float* line, std::int64_t step, float* sums, std::int64_t sums_block, Ahead ahead);
};
extern const Leaves kAvx2;    // x86-64 alone
extern const Leaves kAvx512;  // x86-64 alone

}  // namespace pbgen::conv_direct_narrow_leaf
