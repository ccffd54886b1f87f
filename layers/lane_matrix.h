// Activations as the matrices that gemm multiplies: one row a channel (or a feature), one column a position.
//
// A column keeps the eight lanes of its slice together, so a copy moves runs of eight floats and never takes one apart.
#pragma once

#include "core/base/cuts.h"
#include "core/tensor/tensor.h"

namespace pbgen {

// What a row of the matrix is.  The number of floats is the activation's own either way.
enum class Rows {
  channels,  // [channels][slice, pixel, lane]: what im2col's columns line up with
  features,  // [channels * pixels][slice, lane]: row c * pixels + y * width + x, the order of the linear layers
};

// matrix: overwritten, lanes.shape.floats() floats.
void lanes_to_matrix(ConstTensorView lanes, Rows rows, float* matrix);

// lanes: overwritten with matrix plus, where bias is not null, bias[row].
void matrix_to_lanes(const float* matrix, Rows rows, const float* bias, TensorView lanes);

// Adds bias[channel] to every value.
void add_channel_bias(const float* bias, TensorView lanes);

// sums[row] += the row's sum, as if lanes were a matrix.  Summed in the lanes in float over up to 32 values, then in double.
//   accuracy  |err| <= 2^-24 * (32 * the sum of the row's magnitudes + |sums[row]|)
//   threads   the order is fixed by the shape: bit-identical for any thread count, and on both paths.
void add_row_sums(ConstTensorView lanes, Rows rows, float* sums);
// How thread_count() threads would share the sums of each channel.
DealtWork channel_sums_dealt(const LaneShape& shape);

}  // namespace pbgen
