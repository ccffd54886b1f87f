// Convolution as a matrix product: the copy that lays every kernel window out as a column, and its adjoint.
//
// The matrix is row-major, rows (c, ky, kx): row number (c*kernel + ky)*kernel + kx; columns (slice, y, x of the small
// side, lane): column number ((slice*small_height + y)*small_width + x)*8 + lane.  No gap between rows.
#pragma once

#include <cstdint>

#include "core/conv/conv_geometry.h"
#include "core/tensor/tensor.h"

namespace pbgen {

constexpr std::int64_t im2col_rows(const ConvGeometry& geometry, std::int64_t channels) { return channels * geometry.taps(); }
constexpr std::int64_t im2col_columns(const ConvGeometry& geometry, std::int64_t batch) { return batch * geometry.small_pixels(); }

// columns := the windows of big; 0 where a tap falls outside.  Overwrites im2col_rows x im2col_columns floats.
// std::logic_error where big's height and width are not the geometry's.
void im2col(ConstTensorView big, const ConvGeometry& geometry, float* columns);

// big := the sum of all taps that fall on each pixel, in the order of ky, kx; 0 where none does.  Overwrites big.
// The exact adjoint: <im2col(x), columns> = <x, col2im(columns)>.  Rounding: at most taps() * 2^-24 * sum |tap|.
// Bit-identical for any thread count.  std::logic_error as above.
void col2im(const float* columns, const ConvGeometry& geometry, TensorView big);

}  // namespace pbgen
