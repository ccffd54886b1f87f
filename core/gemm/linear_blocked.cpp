#include "core/gemm/linear_blocked.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/base/even_parts.h"
#include "core/base/parallel.h"
#include "core/base/range.h"
#include "core/freestanding/ints.h"

namespace pbgen {
namespace {

namespace leaf = linear_direct_leaf;
static_assert(leaf::kColumns == transpose_leaf::kBlock);

// A thread is woken for at least this many multiply-adds, as in gemm.
constexpr std::int64_t kWorkOfAThread = std::int64_t{1} << 19;

// Fewer output features than this have their weights' gradient made without transposing the input: it is read once either
// way, and a transposed copy would cost as much again.
constexpr std::int64_t kFewOutputs = 4;

// Terms of a product's block: with eight slices their inputs are 128 KB.
constexpr std::int64_t kTermsOfABlock = 512;

// A product's tile of so many rows has room for kMostSlices slices, whatever the leaves.
constexpr std::int64_t kFewRows = 3;

std::int64_t features(const LaneShape& shape) { return shape.floats_per_image(); }
std::int64_t slice_floats(const LaneShape& shape) { return shape.floats_per_image() * kLanes; }
std::int64_t min_items(std::int64_t work_per_item) { return std::max<std::int64_t>(kWorkOfAThread / work_per_item, 1); }

// A weight array as a product reads it: where the weight of an output and an input feature stands.
struct WeightSteps {
  std::int64_t out_channel, out_pixel;
  std::int64_t in_channel, in_pixel;
};

// to = weights * from + bias.  Terms in blocks, whose inputs stay in L2 while all panels of output channels pass; a panel's weights (rows *
// terms) stay in L1 while all slices pass.  Neighbouring pixels' rows lie one behind the other.
void multiply(const leaf::Leaves& leaves, const float* w, const WeightSteps& steps, const float* bias, ConstTensorView from,
              TensorView to) {
  const EvenParts panels(to.shape.channels, leaves.most_rows);
  const std::int64_t slices = to.shape.slices();
  // Where there is little but slices to share out, the weights are read once a group of them.
  constexpr std::int64_t kEnoughPanels = 16;
  const std::int64_t group = panels.parts >= kEnoughPanels ? slices : leaf::kMostSlices;
  const std::int64_t groups = ceil_div(slices, group);
  const std::int64_t outer_count = from.shape.pixels();
  const std::int64_t inner_count = from.shape.channels;
  const std::int64_t outer_block = std::max<std::int64_t>(kTermsOfABlock / inner_count, 1);
  const std::int64_t inner_block = std::min(kTermsOfABlock, inner_count);
  // A tile of these items' outputs for each pixel and so many slices, with some of the terms.
  const auto add_terms = [&](Range items, std::int64_t outer, std::int64_t inner) {
    const float* const terms = from.data + (outer * inner_count + inner) * kLanes;
    const bool first = outer == 0 && inner == 0;
    for (std::int64_t item = items.begin; item < items.end; ++item) {
      const std::int64_t panel = item / groups;
      const std::int64_t first_slice = item % groups * group;
      const std::int64_t end_slice = std::min(first_slice + group, slices);
      const std::int64_t channel = panels.begin(panel);
      const std::int64_t rows = panels.size(panel);
      for (std::int64_t pixel = 0; pixel < to.shape.pixels(); ++pixel) {
        const leaf::TileWeights weights{
            .w = w + channel * steps.out_channel + pixel * steps.out_pixel + outer * steps.in_pixel + inner * steps.in_channel,
            .row_step = steps.out_channel,
            .outer_count = std::min(outer_block, outer_count - outer),
            .outer_step = steps.in_pixel,
            .inner_count = std::min(inner_block, inner_count - inner),
            .inner_step = steps.in_channel};
        const leaf::TileStart start{.accumulate = !first,
                                    .bias = bias == nullptr ? nullptr : bias + channel * to.shape.pixels() + pixel,
                                    .bias_step = to.shape.pixels()};
        std::int64_t tile = rows <= kFewRows ? leaf::kMostSlices : leaves.most_slices;
        for (std::int64_t slice = first_slice; slice < end_slice; slice += tile) {
          while (tile > end_slice - slice) tile /= 2;
          leaves.product_tile(rows, tile, weights, start, terms + slice * slice_floats(from.shape), slice_floats(from.shape),
                              to.data + slice * slice_floats(to.shape) + (pixel * to.shape.channels + channel) * kLanes,
                              slice_floats(to.shape));
        }
      }
    }
  };
  parallel_for(panels.parts * groups, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t outer = 0; outer < outer_count; outer += outer_block)
      for (std::int64_t inner = 0; inner < inner_count; inner += inner_block) add_terms({begin, end}, outer, inner);
  }, min_items(leaves.most_rows * to.shape.pixels() * features(from.shape) * group * kLanes));
}

// matrix[block of kColumns features][image][feature]: x with features in the order of a row of dw.
void transpose_input(const transpose_leaf::Leaves& leaves, ConstTensorView x, float* matrix) {
  const std::int64_t in = features(x.shape);
  const std::int64_t block_floats = x.shape.batch * leaf::kColumns;
  const std::int64_t pixels = x.shape.pixels();
  parallel_for(ceil_div(in, leaf::kColumns), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t first = block * leaf::kColumns;
      const std::int64_t count = std::min(leaf::kColumns, in - first);
      for (std::int64_t slice = 0; slice < x.shape.slices(); ++slice) {
        const float* const from = x.data + slice * slice_floats(x.shape);
        float* const to = matrix + block * block_floats + slice * kLanes * leaf::kColumns;
        if (pixels == 1 || pixels % leaf::kColumns == 0) {
          // The block's features lie at equal distances: channels of the only pixel, or pixels of one channel.
          leaves.transpose_blocks(1, count, from + (first % pixels * x.shape.channels + first / pixels) * kLanes, 0,
                                  pixels == 1 ? kLanes : x.shape.channels * kLanes, to, 0);
          continue;
        }
        for (std::int64_t j = 0; j < leaf::kColumns; ++j) {
          const std::int64_t place = (first + j) % pixels * x.shape.channels + (first + j) / pixels;
          for (std::int64_t lane = 0; lane < kLanes; ++lane)
            to[lane * leaf::kColumns + j] = j < count ? from[place * kLanes + lane] : 0.0f;
        }
      }
    }
  }, min_piece_of(block_floats));
}

// Columns of dw that a tile takes of so many that are left.  A last block of half the columns or fewer is a tile of its own.
std::int64_t columns_of_tile(const leaf::Leaves& leaves, std::int64_t left) {
  const std::int64_t columns = std::min(leaves.most_columns, left);
  const std::int64_t in_last = columns % leaf::kColumns;
  return columns > leaf::kColumns && in_last > 0 && in_last <= leaf::kColumns / 2 ? columns - in_last : columns;
}

// For blocks of output channels: tiles of the block's rows at one pixel x columns of dw, and the rows' sums for db.
void gradients_by_rows(const LinearLeaves& leaves, ConstTensorView x, ConstTensorView dy, float beta, float* dw, float* db,
                       Workspace& workspace) {
  const std::int64_t in = features(x.shape);
  const std::int64_t pixels = dy.shape.pixels();
  const std::int64_t slices = x.shape.slices();
  const Workspace::Scope scope(workspace);
  float* const x_matrix = workspace.take(linear_gradient_floats_blocked(x.shape, dy.shape));
  transpose_input(leaves.transpose, x, x_matrix);
  const EvenParts panels(dy.shape.channels, leaves.tiles.most_rows);
  parallel_for(panels.parts, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t panel = begin; panel < end; ++panel) {
      const std::int64_t channel = panels.begin(panel);
      const std::int64_t rows = panels.size(panel);
      for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
        const float* const from = dy.data + (pixel * dy.shape.channels + channel) * kLanes;
        const std::int64_t first_row = channel * pixels + pixel;
        for (std::int64_t column = 0; column < in;) {
          const std::int64_t columns = columns_of_tile(leaves.tiles, in - column);
          leaves.tiles.gradient_tile(rows, columns, slices, from, slice_floats(dy.shape), x_matrix + column * x.shape.batch, beta,
                                     dw + first_row * in + column, pixels * in);
          column += columns;
        }
        leaves.sums.add_lane_sums(rows, slices, from, slice_floats(dy.shape), db + first_row, pixels);
      }
    }
  }, min_items(leaves.tiles.most_rows * pixels * in * x.shape.batch));
}

// For a few output features: dot products over slices and lanes, in the order in which the input lies.
void gradients_by_lanes(const leaf::SumLeaves& leaves, ConstTensorView x, ConstTensorView dy, float beta, float* dw, float* db) {
  const std::int64_t in = features(x.shape);
  const std::int64_t pixels = x.shape.pixels();
  const std::int64_t slices = x.shape.slices();
  const std::int64_t rows = features(dy.shape);
  parallel_for(ceil_div(in, leaf::kLaneSums), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      // The last block begins early rather than to read beyond the end; what another block has made is left out.
      const std::int64_t first = block * leaf::kLaneSums;
      const std::int64_t start = std::max<std::int64_t>(std::min(first, in - leaf::kLaneSums), 0);
      for (std::int64_t row = 0; row < rows; ++row) {
        const float* const dy_row = dy.data + (row % dy.shape.pixels() * dy.shape.channels + row / dy.shape.pixels()) * kLanes;
        float sums[leaf::kLaneSums];
        leaves.lane_sums(slices, dy_row, slice_floats(dy.shape), x.data + start * kLanes, slice_floats(x.shape), sums);
        for (std::int64_t place = first; place < std::min(first + leaf::kLaneSums, in); ++place) {
          float& result = dw[row * in + place % x.shape.channels * pixels + place / x.shape.channels];
          result = beta == 0.0f ? sums[place - start] : result + sums[place - start];
        }
      }
    }
  }, min_items(leaf::kLaneSums * rows * x.shape.batch));
  for (std::int64_t row = 0; row < rows; ++row)
    leaves.add_lane_sums(1, slices, dy.data + (row % dy.shape.pixels() * dy.shape.channels + row / dy.shape.pixels()) * kLanes,
                         slice_floats(dy.shape), db + row, 1);
}

bool by_lanes(const LaneShape& x, const LaneShape& dy) { return features(dy) < kFewOutputs && features(x) >= leaf::kLaneSums; }

}  // namespace

void linear_forward_blocked(const LinearLeaves& leaves, const float* w, const float* bias, ConstTensorView x, TensorView y) {
  const std::int64_t in = features(x.shape);
  multiply(leaves.tiles, w, {.out_channel = y.shape.pixels() * in, .out_pixel = in, .in_channel = x.shape.pixels(), .in_pixel = 1}, bias, x,
           y);
}

void linear_input_gradient_blocked(const LinearLeaves& leaves, const float* w, ConstTensorView dy, TensorView dx) {
  const std::int64_t in = features(dx.shape);
  multiply(leaves.tiles, w, {.out_channel = dx.shape.pixels(), .out_pixel = 1, .in_channel = dy.shape.pixels() * in, .in_pixel = in},
           nullptr, dy, dx);
}

std::int64_t linear_gradient_floats_blocked(const LaneShape& x, const LaneShape& dy) {
  return by_lanes(x, dy) ? 0 : round_up(features(x), leaf::kColumns) * x.batch;
}

void linear_parameter_gradients_blocked(const LinearLeaves& leaves, ConstTensorView x, ConstTensorView dy, float beta, float* dw, float* db,
                                        Workspace& workspace) {
  if (by_lanes(x.shape, dy.shape)) return gradients_by_lanes(leaves.sums, x, dy, beta, dw, db);
  gradients_by_rows(leaves, x, dy, beta, dw, db, workspace);
}

}  // namespace pbgen
