// The product to_small: a deconvolution's input gradient.  Points of the big side's phases, products of all points with the same weights
// that to_big reads, and tiles of the small side, which overlap and add up.
#include "core/conv/winograd_blocked.h"
#include "core/conv/winograd_layout.h"
#include "core/conv/winograd_pass.h"
#include "core/conv/winograd_tiles.h"

namespace pbgen::winograd_blocked {
namespace {

constexpr std::int64_t kBigChannelsOfItem = 64;  // that a thread takes of a stage
constexpr std::int64_t kSmallChannelsOfItem = 32;

struct ToSmall {
  const Leaves& leaves;
  const float* weights;
  const float* bias;
  ConstTensorView big;
  TensorView small;
  WeightLayout layout;
  Columns columns;
};

// The memory of a pass: the points of all phases, and the sums.
struct Arrays {
  Arrays(std::int64_t lanes, const LaneShape& small, const LaneShape& big, std::int64_t count)
      : x(lanes, big.channels, count), sums(lanes, small.channels, count) {}
  std::int64_t floats() const { return kAllPoints * x.point_step + kTile * sums.point_step; }
  void place(float* memory) {
    x.data = memory;
    sums.data = memory + kAllPoints * x.point_step;
  }

  PointArray x;
  PointArray sums;
};

// One point of a tile: the sum over the phases that have it, blocks of their channels, for rows of small channels.
void multiply(const ToSmall& p, const Arrays& arrays, std::int64_t count, std::int64_t q, Range rows) {
  const std::int64_t c_big = p.big.shape.channels;
  const std::int64_t first_row = rows.begin / kDepth * kDepth;  // of the weights' block
  winograd_product_leaf::AdjointProduct product;
  product.columns = count;
  product.panel_step = p.layout.panel_step(first_row);
  product.x_step = arrays.x.column_step;
  product.sums_step = arrays.sums.column_step;
  for (int phase = 0; phase < kPhases; ++phase) {
    const std::int64_t point = phase_point(phase, q);
    if (point < 0) continue;
    for (std::int64_t c = 0; c < c_big; c += kDepth) {
      product.channels = std::min(kDepth, c_big - c);
      product.x = arrays.x.at(first_point(phase) + point, 0, c);
      const float* const weights = p.weights + p.layout.offset(first_point(phase) + point, first_row, c / kPanel) - first_row * kPanel;
      for (std::int64_t row = rows.begin; row < rows.end; row += kPanel) {
        product.weights = weights + row * kPanel;
        product.sums = arrays.sums.at(q, 0, row);
        // Behind the last rows the next channels' panels follow.
        const bool last = row + kPanel == rows.end;
        const float* const next =
            last ? weights + rows.begin * kPanel + product.channels / kPanel * product.panel_step : product.weights + kPanel * kPanel;
        p.leaves.products.multiply_adjoint(product, next);
      }
      product.adds = true;
    }
  }
}

void run_pass(const ToSmall& p, Range columns, float* memory, const Stages& stages) {
  const std::int64_t count = columns.size();
  Arrays arrays(p.leaves.transforms.lanes, p.small.shape, p.big.shape, count);
  arrays.place(memory);
  const std::int64_t c_small = p.small.shape.channels;
  const std::int64_t c_big = p.big.shape.channels;
  const std::int64_t big_blocks = ceil_div(c_big, kBigChannelsOfItem);
  stages.run(kPhases * count * big_blocks, [&](std::int64_t i) {
    const std::int64_t begin = i % big_blocks * kBigChannelsOfItem;
    const std::int64_t n = i / big_blocks % count;
    const int phase = static_cast<int>(i / big_blocks / count);
    phase_to_points(p.leaves, p.columns, columns.begin + n, {begin, std::min(begin + kBigChannelsOfItem, c_big)}, phase, p.big,
                    arrays.x.at(first_point(phase), n, begin), arrays.x.point_step);
  });
  const std::int64_t row_blocks = ceil_div(c_small, kDepth);
  stages.run(kTile * row_blocks, [&](std::int64_t i) {
    const std::int64_t begin = i % row_blocks * kDepth;
    multiply(p, arrays, count, i / row_blocks, {begin, begin + p.layout.depth(begin)});
  });
  // A group's tiles add up one behind the other; channels and groups are apart.
  const std::int64_t small_blocks = c_small / kSmallChannelsOfItem;
  const std::int64_t first_group = p.columns.group(columns.begin);
  const std::int64_t groups = p.columns.group(columns.end - 1) + 1 - first_group;
  stages.run(groups * small_blocks, [&](std::int64_t i) {
    const std::int64_t group = first_group + i / small_blocks;
    const std::int64_t begin = i % small_blocks * kSmallChannelsOfItem;
    const std::int64_t end = std::min((group + 1) * p.columns.of_group(), columns.end);
    for (std::int64_t column = std::max(group * p.columns.of_group(), columns.begin); column < end; ++column)
      points_to_small(p.leaves, p.columns, column, {begin, begin + kSmallChannelsOfItem}, arrays.sums.at(0, column - columns.begin, begin),
                      arrays.sums.point_step, p.bias, p.small);
  });
}

PassPlan plan(const Leaves& leaves, const LaneShape& small, const LaneShape& big) {
  const std::int64_t lanes = leaves.transforms.lanes;
  const Columns columns(lanes, small);
  return PassPlan(columns.count(), columns.of_group(), lanes,
                  [&](std::int64_t count) { return Arrays(lanes, small, big, count).floats(); });
}

}  // namespace

std::int64_t to_small_floats(const Leaves& leaves, const LaneShape& small, const LaneShape& big) {
  return plan(leaves, small, big).floats();
}

void to_small(const Leaves& leaves, const float* weights, const float* bias, ConstTensorView big, TensorView small, Workspace& workspace) {
  const std::int64_t lanes = leaves.transforms.lanes;
  const ToSmall product{.leaves = leaves,
                        .weights = weights,
                        .bias = bias,
                        .big = big,
                        .small = small,
                        .layout = WeightLayout({.c_small = small.shape.channels, .c_big = big.shape.channels}),
                        .columns = Columns(lanes, small.shape)};
  const PassPlan passes = plan(leaves, small.shape, big.shape);
  const Workspace::Scope scope(workspace);
  passes.run(workspace.take(passes.floats()), product.columns.count() * multiply_adds_of_column(lanes, small.shape, big.shape),
             [&](Range columns, float* memory, const Stages& stages) { run_pass(product, columns, memory, stages); });
}

}  // namespace pbgen::winograd_blocked
