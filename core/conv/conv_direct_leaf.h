// Between conv_direct_wide.cpp and its leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::conv_direct_leaf {

// One output pixel, a panel of output channels, 1, 2 or 4 slices: the sums over a rectangle of taps and a block of input channels.
// Steps are in floats.  An input pixel holds [channel][slice][8], a tap's weights are [channel][row].
struct PixelTile {
  std::int64_t tap_rows = 0;  // may be none
  std::int64_t tap_columns = 0;
  std::int64_t channels = 0;

  const float* in = nullptr;  // the first tap's input pixel
  std::int64_t in_row = 0;    // to the next tap row's
  std::int64_t in_column = 0;

  const float* weights = nullptr;  // the first tap's
  std::int64_t weight_row = 0;
  std::int64_t weight_column = 0;
  std::int64_t weight_panel = 0;

  float* out = nullptr;
  std::int64_t out_slice = 0;
};

// out[slice][channel][8] := (bias ? bias[channel] : out) + the sums, which are added up from 0 in the order of tap rows, tap
// columns, channels by fused multiply-adds: the same bytes from every instruction set.  bias holds as many floats as there are output
// channels.  Outputs are 32-byte aligned, inputs as their vectors: 32 bytes for one slice, 64 for more.
using TileLeaf = void (*)(const PixelTile& tile, const float* bias);

inline constexpr int kHeights = 3;
inline constexpr std::int64_t kMostRows = 24;  // of a tile
inline constexpr std::int64_t kMostSlices = 4;

struct Leaves {
  std::int64_t rows[kHeights];  // output channels of a panel of weights, the highest first; 0: there are fewer heights
  std::int64_t slices;          // of the widest tiles: 2 or 4
  std::int64_t input_in_l2;     // floats of input that the panels pass over
  TileLeaf tiles[kHeights][3];  // [height][binary logarithm of the slices]
  TileLeaf two_panels[3];       // two of the highest panels, weight_panel apart; null: none for so many slices
  // to[v][slice][8] := from[slice*slice_step + v*8 ..] for v < vectors, slice < slices.
  void (*copy_side_by_side)(std::int64_t slices, std::int64_t vectors, const float* from, std::int64_t slice_step, float* to);
  // to[tap*step + r] := from[r*ld + tap] for r < valid, 0 for valid <= r < height.  height is one of rows; 1 <= valid <= height.
  void (*pack_taps)(std::int64_t height, std::int64_t valid, std::int64_t taps, const float* from, std::int64_t ld, float* to,
                    std::int64_t step);
};
extern const Leaves kAvx2;    // x86-64 alone
extern const Leaves kAvx512;  // x86-64 alone

}  // namespace pbgen::conv_direct_leaf
