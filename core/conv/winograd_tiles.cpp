#include "core/conv/winograd_tiles.h"

namespace pbgen::winograd_blocked {
namespace {

using winograd_transform::kInputs;
using winograd_transform::kOutputs;

// Calls body(i, offset) for the pixels i of the 36 under a tile that lie on the small side.
template <class Body>
void for_each_pixel(const Columns& columns, std::int64_t column, const LaneShape& shape, std::int64_t channel, const Body& body) {
  for (std::int64_t i = 0; i < kTile; ++i) {
    const std::int64_t y = columns.tile_y(column) * kOutputs - 1 + i / kInputs;
    const std::int64_t x = columns.tile_x(column) * kOutputs - 1 + i % kInputs;
    if (y >= 0 && y < shape.height && x >= 0 && x < shape.width) body(i, shape.offset(columns.slice(column), y, x, channel));
  }
}

std::int64_t slice_step(const Columns& columns, std::int64_t column, const LaneShape& shape) {
  return columns.has_second(column) ? shape.offset(1, 0, 0, 0) : 0;
}

template <class Tile, class View>
Tile phase_tile(const Columns& columns, std::int64_t column, Range channels, int phase, View big) {
  const LaneShape& shape = big.shape;
  Tile tile;
  tile.pixels = big.data + shape.offset(columns.slice(column), 2 * kOutputs * columns.tile_y(column) + phase / 2,
                                        2 * kOutputs * columns.tile_x(column) + phase % 2, channels.begin);
  tile.row_step = shape.offset(0, 2, 0, 0);
  tile.column_step = shape.offset(0, 0, 2, 0);
  tile.slice_step = slice_step(columns, column, shape);
  tile.channels = channels.size();
  return tile;
}

const float* bias_of(const float* bias, Range channels) { return bias ? bias + channels.begin : nullptr; }

}  // namespace

void small_to_points(const Leaves& leaves, const Columns& columns, std::int64_t column, Range channels, ConstTensorView small,
                     float* points, std::int64_t point_step) {
  winograd_transform_leaf::SmallTile tile;
  for_each_pixel(columns, column, small.shape, channels.begin,
                 [&](std::int64_t i, std::int64_t offset) { tile.pixels[i] = small.data + offset; });
  tile.slice_step = slice_step(columns, column, small.shape);
  tile.channels = channels.size();
  tile.points = points;
  tile.point_step = point_step;
  leaves.transforms.small_to_points(tile);
}

void phase_to_points(const Leaves& leaves, const Columns& columns, std::int64_t column, Range channels, int phase, ConstTensorView big,
                     float* points, std::int64_t point_step) {
  auto tile = phase_tile<winograd_transform_leaf::PhaseGradient>(columns, column, channels, phase, big);
  tile.points = points;
  tile.point_step = point_step;
  leaves.transforms.phase_to_points[phase](tile);
}

void points_to_phase(const Leaves& leaves, const Columns& columns, std::int64_t column, Range channels, int phase, const float* points,
                     std::int64_t point_step, const float* bias, TensorView big) {
  auto tile = phase_tile<winograd_transform_leaf::PhaseOutput>(columns, column, channels, phase, big);
  tile.bias = bias_of(bias, channels);
  tile.points = points;
  tile.point_step = point_step;
  leaves.transforms.points_to_phase[phase](tile);
}

void points_to_small(const Leaves& leaves, const Columns& columns, std::int64_t column, Range channels, const float* points,
                     std::int64_t point_step, const float* bias, TensorView small) {
  constexpr std::int64_t kOverlap = kInputs - kOutputs;
  winograd_transform_leaf::SmallTileGradient tile;
  for_each_pixel(columns, column, small.shape, channels.begin, [&](std::int64_t i, std::int64_t offset) {
    tile.pixels[i] = small.data + offset;
    tile.adds[i] = (i / kInputs < kOverlap && columns.tile_y(column) > 0) || (i % kInputs < kOverlap && columns.tile_x(column) > 0);
  });
  tile.slice_step = slice_step(columns, column, small.shape);
  tile.channels = channels.size();
  tile.bias = bias_of(bias, channels);
  tile.points = points;
  tile.point_step = point_step;
  leaves.transforms.points_to_small(tile);
}

}  // namespace pbgen::winograd_blocked
