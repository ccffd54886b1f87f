// Tiles of activations to their points and back: what a leaf is told of a column's tile.
#pragma once

#include <cstdint>

#include "core/base/range.h"
#include "core/conv/winograd_blocked.h"
#include "core/conv/winograd_layout.h"
#include "core/tensor/tensor.h"

namespace pbgen::winograd_blocked {

// Channels of one column.  points: of the first channel, [point][channel][lanes], point_step apart.
void small_to_points(const Leaves& leaves, const Columns& columns, std::int64_t column, Range channels, ConstTensorView small,
                     float* points, std::int64_t point_step);
void phase_to_points(const Leaves& leaves, const Columns& columns, std::int64_t column, Range channels, int phase, ConstTensorView big,
                     float* points, std::int64_t point_step);
// bias: of all channels, or null.
void points_to_phase(const Leaves& leaves, const Columns& columns, std::int64_t column, Range channels, int phase, const float* points,
                     std::int64_t point_step, const float* bias, TensorView big);
// Tiles overlap: the first to reach a pixel writes it, those to the right and below add to it.  A group's columns in rising order.
void points_to_small(const Leaves& leaves, const Columns& columns, std::int64_t column, Range channels, const float* points,
                     std::int64_t point_step, const float* bias, TensorView small);

}  // namespace pbgen::winograd_blocked
