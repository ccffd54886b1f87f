// Where the transformed arrays of winograd_blocked.h lie, and which tile a column is.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/range.h"
#include "core/conv/conv_operands.h"
#include "core/conv/winograd_product_leaf.h"
#include "core/conv/winograd_transform.h"
#include "core/freestanding/ints.h"
#include "core/tensor/shape.h"

namespace pbgen::winograd_blocked {

using winograd_product_leaf::kPanel;
using winograd_transform::kPhases;
using winograd_transform::kTile;

// Channels of a partial sum: what the input of four columns and a panel of weights leave of 32 KB of L1, and where the roundings of a
// longer chain would show (PERF.md).
inline constexpr std::int64_t kDepth = 64;

constexpr std::int64_t points_in(int phase) { return winograd_transform::points_of(phase / 2) * winograd_transform::points_of(phase % 2); }
inline constexpr std::int64_t kAllPoints = points_in(0) + points_in(1) + points_in(2) + points_in(3);
// The first of a phase's points among all.
constexpr std::int64_t first_point(int phase) {
  std::int64_t first = 0;
  for (int before = 0; before < phase; ++before) first += points_in(before);
  return first;
}
// Which of a tile's 36 points a phase's is, and back; -1: the phase has it not.
constexpr std::int64_t tile_point(int phase, std::int64_t point) {
  const std::int64_t width = winograd_transform::points_of(phase % 2);
  return point / width * winograd_transform::kInputs + point % width;
}
constexpr std::int64_t phase_point(int phase, std::int64_t q) {
  const std::int64_t y = q / winograd_transform::kInputs;
  const std::int64_t x = q % winograd_transform::kInputs;
  const std::int64_t width = winograd_transform::points_of(phase % 2);
  return y < winograd_transform::points_of(phase / 2) && x < width ? y * width + x : -1;
}

// What threads' items cost, in vectors of a column that are multiplied and added: a point that a transform makes or takes back costs about
// so many (PERF.md).
inline constexpr std::int64_t kPointCost = 22;
// The phases that have a tile's point.
constexpr std::int64_t phases_with(std::int64_t q) {
  std::int64_t count = 0;
  for (int phase = 0; phase < kPhases; ++phase) count += phase_point(phase, q) >= 0 ? 1 : 0;
  return count;
}

// Weights: [point][block of kDepth small channels][panel of big channels][small channel][kPanel].  What one product reads is one run, of
// to_big and, by groups of panels, of to_small.
class WeightLayout {
 public:
  explicit WeightLayout(const ConvWeightShape& shape) : c_small_(shape.c_small), c_big_(shape.c_big) {}

  std::int64_t depth(std::int64_t k) const { return std::min(kDepth, c_small_ - k); }  // of the block that begins at small channel k
  std::int64_t panel_step(std::int64_t k) const { return depth(k) * kPanel; }
  // Off the powers of two, which would put the 121 lines of one transform into one set of a cache.
  std::int64_t point_step() const { return c_small_ * c_big_ + kPanel; }
  std::int64_t offset(std::int64_t point, std::int64_t k, std::int64_t panel) const {
    return point * point_step() + k * c_big_ + panel * panel_step(k);
  }
  // A few panels more than there are: leaves ask for the next one's weights.
  std::int64_t floats() const { return kAllPoints * point_step() + 2 * kDepth * kDepth; }

 private:
  std::int64_t c_small_;
  std::int64_t c_big_;
};

// The tile and the group of slices of each column: groups, then tiles row by row.
class Columns {
 public:
  Columns(std::int64_t lanes, const LaneShape& small)
      : group_slices_(lanes / kLanes),
        slices_(small.slices()),
        tiles_x_(small.width / winograd_transform::kOutputs),
        tiles_(tiles_x_ * (small.height / winograd_transform::kOutputs)) {}

  std::int64_t groups() const { return ceil_div(slices_, group_slices_); }
  std::int64_t of_group() const { return tiles_; }
  std::int64_t count() const { return groups() * tiles_; }

  std::int64_t group(std::int64_t column) const { return column / tiles_; }
  std::int64_t slice(std::int64_t column) const { return column / tiles_ * group_slices_; }
  // Whether its group has a second slice.
  bool has_second(std::int64_t column) const { return group_slices_ == 2 && slice(column) + 1 < slices_; }
  std::int64_t tile_y(std::int64_t column) const { return column % tiles_ / tiles_x_; }
  std::int64_t tile_x(std::int64_t column) const { return column % tiles_ % tiles_x_; }

 private:
  std::int64_t group_slices_;
  std::int64_t slices_;
  std::int64_t tiles_x_;
  std::int64_t tiles_;
};

// All points' together, whichever product it is.
inline std::int64_t multiply_adds_of_column(std::int64_t lanes, const LaneShape& small, const LaneShape& big) {
  return kAllPoints * small.channels * big.channels * lanes;
}

// [point][column][channel][lanes] of a pass, its strides off the powers of two.
struct PointArray {
  PointArray(std::int64_t lanes_, std::int64_t channels, std::int64_t columns)
      : lanes(lanes_), column_step(channels * lanes_ + 48), point_step(column_step * columns + 80) {}
  float* at(std::int64_t point, std::int64_t column, std::int64_t channel) const {
    return data + point * point_step + column * column_step + channel * lanes;
  }

  std::int64_t lanes;
  std::int64_t column_step;
  std::int64_t point_step;
  float* data = nullptr;
};

}  // namespace pbgen::winograd_blocked
