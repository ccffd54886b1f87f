// Between the winograd_*.cpp and the leaves of the transforms.  Not for anybody else.
//
// A column is one tile of one group of slices: of as many as a vector has eights of lanes.  What is transformed lies as
// [point][column][channel][lanes].  All pointers are aligned to a vector, pixels to 64 bytes; steps are in floats.
#pragma once

#include <cstdint>

namespace pbgen::winograd_transform_leaf {

// Channels of a panel of weights: a cache line.
inline constexpr std::int64_t kPanel = 16;

// The 36 pixels of the small side under a tile, row by row.  channels is even.
struct SmallTile {
  const float* pixels[36] = {};  // null: outside, where it is 0
  std::int64_t slice_step = 0;   // to the second slice of a group; 0: there is none, its lanes are 0
  std::int64_t channels = 0;
  float* points = nullptr;  // of the first channel; 36
  std::int64_t point_step = 0;
};

struct SmallTileGradient {
  float* pixels[36] = {};  // null: outside, dropped
  bool adds[36] = {};      // to what is there; else overwrites it, with the bias added
  std::int64_t slice_step = 0;
  std::int64_t channels = 0;
  const float* bias = nullptr;  // a float a channel; null: 0
  const float* points = nullptr;
  std::int64_t point_step = 0;
};

// The 16 pixels of a tile and phase of the big side.
template <class Pixel, class Point>
struct PhaseTile {
  Pixel* pixels = nullptr;  // the first
  std::int64_t row_step = 0;
  std::int64_t column_step = 0;
  std::int64_t slice_step = 0;
  std::int64_t channels = 0;
  const float* bias = nullptr;  // a float a channel; null: 0
  Point* points = nullptr;      // the phase's 25, 30 or 36
  std::int64_t point_step = 0;
};
using PhaseOutput = PhaseTile<float, const float>;
using PhaseGradient = PhaseTile<const float, float>;

// Phases are numbered 2 * (y mod 2) + x mod 2.
struct Leaves {
  std::int64_t lanes;
  void (*small_to_points)(const SmallTile& tile);
  void (*points_to_small)(const SmallTileGradient& tile);
  void (*points_to_phase[4])(const PhaseOutput& tile);
  void (*phase_to_points[4])(const PhaseGradient& tile);
  // taps[16][25] to the 121 points, phase after phase: to[point*point_step + channel] for 16 channels.  Past the caches; whoever reads
  // them in another thread is kept apart by stores_done.
  void (*taps_to_points)(const float* taps, float* to, std::int64_t point_step);
  void (*stores_done)();
  // The points of one phase, points[point*point_step + k], to its taps among 25, taps[tap*tap_step + k], for k < width, whole vectors.
  void (*points_to_taps[4])(std::int64_t width, const float* points, std::int64_t point_step, float* taps, std::int64_t tap_step);
  // to[j*to_step + i] := from[i*from_step + j] for i, j < lanes; with `adds`, adds it.  to is aligned to a float alone.
  void (*transpose)(const float* from, std::int64_t from_step, float* to, std::int64_t to_step, bool adds);
};
extern const Leaves kAvx2;    // x86-64 alone
extern const Leaves kAvx512;  // x86-64 alone

}  // namespace pbgen::winograd_transform_leaf
