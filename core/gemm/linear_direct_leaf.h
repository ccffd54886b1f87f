// Between linear_blocked.cpp and its leaves.  Not for anybody else.
//
// A vector is the eight images of one feature.  Pointers to activations are 32-byte aligned, pointers to weights are not.
#pragma once

#include <cstdint>

namespace pbgen::linear_direct_leaf {

// The tile of a product.
inline constexpr std::int64_t kMostRows = 6;
inline constexpr std::int64_t kMostSlices = 4;
// The tile of the weights' gradient: columns are floats of a row of dw.
inline constexpr std::int64_t kColumns = 16;
// Features that lane_sums_avx2 takes at once.
inline constexpr std::int64_t kLaneSums = 8;

// Slices of a tile, so that it makes eight to twelve independent sums where there are so many.
constexpr std::int64_t most_slices(std::int64_t rows) { return rows <= 3 ? 4 : 2; }

// Weight (row, term) of a tile's rows, at w[row*row_step + outer*outer_step + inner*inner_step] of term outer*inner_count + inner.
struct TileWeights {
  const float* w;
  std::int64_t row_step;
  std::int64_t outer_count, outer_step;
  std::int64_t inner_count, inner_step;
};

struct Leaves {
  // y[n*y_step + i*8 ..] := bias[i*bias_step] + sum over terms t of weight(i, t) * x[n*x_step + t*8 ..] for i < rows, n < slices.
  // 1 <= rows <= kMostRows; slices is 1, 2 or most_slices(rows); bias null: 0.
  void (*product_tile)(std::int64_t rows, std::int64_t slices, const TileWeights& weights, const float* bias, std::int64_t bias_step,
                       const float* x, std::int64_t x_step, float* y, std::int64_t y_step);
  // dw[i*row_step + j] := beta*dw + sum over n < slices, image < 8 of dy[n*dy_step + i*8 + image] * x[(n*8 + image)*kColumns + j]
  // for i < rows, j < columns; beta 0 or 1, dw is not read where it is 0.  1 <= rows <= kMostRows, 1 <= columns <= kColumns; x is
  // read as far as a multiple of eight columns.
  void (*gradient_tile)(std::int64_t rows, std::int64_t columns, std::int64_t slices, const float* dy, std::int64_t dy_step,
                        const float* x, float beta, float* dw, std::int64_t row_step);
  // db[i*db_step] += sum over n < slices, image < 8 of dy[n*dy_step + i*8 + image] for i < rows.
  void (*add_lane_sums)(std::int64_t rows, std::int64_t slices, const float* dy, std::int64_t dy_step, float* db, std::int64_t db_step);
  // sums[j] := sum over n < slices, image < 8 of dy[n*dy_step + image] * x[n*x_step + j*8 + image] for j < kLaneSums.
  void (*lane_sums)(std::int64_t slices, const float* dy, std::int64_t dy_step, const float* x, std::int64_t x_step, float* sums);
};
extern const Leaves kAvx2;  // x86-64 alone

}  // namespace pbgen::linear_direct_leaf
