// Between conv_direct_wide.cpp and its leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::conv_direct_leaf {

// Output channels of a panel of weights: six where they last, four for the rest of them.
inline constexpr std::int64_t kRows = 6;
inline constexpr std::int64_t kFewRows = 4;

// One output pixel, a panel of output channels, one or two slices: the sums over a rectangle of taps and a block of input
// channels.  Steps are in floats.  Pixels hold [channel][8] of one slice; a tap's weights are [channel][rows].
struct PixelTile {
  std::int64_t tap_rows = 0;  // may be none
  std::int64_t tap_columns = 0;
  std::int64_t channels = 0;

  const float* in = nullptr;  // the first tap's input pixel
  std::int64_t in_row = 0;    // to the next tap row's
  std::int64_t in_column = 0;
  std::int64_t in_slice = 0;

  const float* weights = nullptr;  // the first tap's
  std::int64_t weight_row = 0;
  std::int64_t weight_column = 0;
  std::int64_t weight_panel = 0;

  float* out = nullptr;
  std::int64_t out_slice = 0;
};

// out[slice][channel][8] := (bias ? bias[channel] : out) + the sums, which are added up from 0 in the order of tap rows, tap
// columns, channels by fused multiply-adds.  bias holds as many floats as there are output channels.  Pixels are 32-byte aligned.
using TileLeaf = void (*)(const PixelTile& tile, const float* bias);

struct Leaves {
  TileLeaf tile_6x2;   // one panel of 6, two slices
  TileLeaf tile_4x2;   // one panel of 4, two slices
  TileLeaf tile_12x1;  // two panels of 6, weight_panel apart, one slice
  TileLeaf tile_6x1;
  TileLeaf tile_4x1;
  // to[tap*step + r] := from[r*ld + tap] for r < valid, 0 for valid <= r < rows.  rows is kRows or kFewRows; 1 <= valid <= rows.
  void (*pack_taps)(std::int64_t rows, std::int64_t valid, std::int64_t taps, const float* from, std::int64_t ld, float* to,
                    std::int64_t step);
};
extern const Leaves kAvx2;  // x86-64 alone

}  // namespace pbgen::conv_direct_leaf
