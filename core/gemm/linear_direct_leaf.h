// Between linear_blocked.cpp and its leaves.  Not for anybody else.
//
// A vector is the eight images of one feature.  Pointers to activations are 32-byte aligned, pointers to weights are not.
//
// Every sum is the same fused multiply-adds in the same order whatever the set of leaves, whose tiles differ: which sums are made in two
// chains follows from the layer's shape.  So all give the same bytes.
#pragma once

#include <cstdint>

namespace pbgen::linear_direct_leaf {

// Slices of a product's tile, at most.
inline constexpr std::int64_t kMostSlices = 4;
// Floats of a row of dw, or input features, that lie side by side when the input is transposed.
inline constexpr std::int64_t kColumns = 16;
// Features that lane_sums takes at once.
inline constexpr std::int64_t kLaneSums = 8;

// Chains that the sums of a tile are made in: two, of every other term, where there are too few sums to hide the latency.  No tile has
// one or two rows but of layers with so many outputs.
constexpr int chains_of(std::int64_t rows, std::int64_t slices) {
  return slices == 1 || rows == 1 || (rows == 2 && slices == 2) ? 2 : 1;
}

// Weight (row, term) of a tile's rows, at w[row*row_step + outer*outer_step + inner*inner_step] of term outer*inner_count + inner.
struct TileWeights {
  const float* w;
  std::int64_t row_step;
  std::int64_t outer_count, outer_step;
  std::int64_t inner_count, inner_step;
};

// What a tile's sums begin with: what y holds where accumulate, else bias[i*bias_step] of row i; bias null: 0.
struct TileStart {
  bool accumulate;
  const float* bias;
  std::int64_t bias_step;
};

struct Leaves {
  // Rows of a tile, at most.
  std::int64_t most_rows;
  // Slices of a product's tile of more than three rows, at most; fewer rows take kMostSlices.
  std::int64_t most_slices;
  // Columns of a tile of the weights' gradient, at most: a multiple of kColumns.
  std::int64_t most_columns;
  // y[n*y_step + i*8 ..] := the start + sum over terms t of weight(i, t) * x[n*x_step + t*8 ..] for i < rows, n < slices.
  // 1 <= rows <= most_rows; slices is a power of two up to what the tile takes.  The terms are added to the start in their order; or,
  // where chains_of says two, those at even places of every run of inner_count to one chain, those at odd places to another that starts
  // at 0 (a last one to the first chain), and the chains in the end.
  void (*product_tile)(std::int64_t rows, std::int64_t slices, const TileWeights& weights, const TileStart& start, const float* x,
                       std::int64_t x_step, float* y, std::int64_t y_step);
  // dw[i*row_step + j] := beta*dw + sum over n < slices, image < 8 of dy[n*dy_step + i*8 + image] * x(n*8 + image, j)
  // for i < rows, j < columns; beta 0 or 1, dw is not read where it is 0.  x(image, j) is at
  // x[(j / kColumns * slices*8 + image)*kColumns + j % kColumns].  1 <= rows <= most_rows; 1 <= columns <= most_columns, of which the
  // last kColumns hold more than eight unless there are no others: eight and fewer are summed in two chains, of even and of odd images.
  void (*gradient_tile)(std::int64_t rows, std::int64_t columns, std::int64_t slices, const float* dy, std::int64_t dy_step,
                        const float* x, float beta, float* dw, std::int64_t row_step);
};
extern const Leaves kAvx2;    // x86-64 alone
extern const Leaves kAvx512;  // x86-64 alone

// What no wider vectors help: it waits for memory.
struct SumLeaves {
  // db[i*db_step] += sum over n < slices, image < 8 of dy[n*dy_step + i*8 + image] for i < rows.
  void (*add_lane_sums)(std::int64_t rows, std::int64_t slices, const float* dy, std::int64_t dy_step, float* db, std::int64_t db_step);
  // sums[j] := sum over n < slices, image < 8 of dy[n*dy_step + image] * x[n*x_step + j*8 + image] for j < kLaneSums.
  void (*lane_sums)(std::int64_t slices, const float* dy, std::int64_t dy_step, const float* x, std::int64_t x_step, float* sums);
};
extern const SumLeaves kSumsAvx2;  // x86-64 alone

}  // namespace pbgen::linear_direct_leaf
