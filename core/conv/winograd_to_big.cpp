// The product to_big: a deconvolution's forward.  Transformed input, products of all points, outputs of a phase at a time.
#include "core/conv/winograd_blocked.h"
#include "core/conv/winograd_layout.h"
#include "core/conv/winograd_pass.h"
#include "core/conv/winograd_tiles.h"

namespace pbgen::winograd_blocked {
namespace {

constexpr std::int64_t kChannelsOfItem = 64;  // that a thread takes of a stage

struct ToBig {
  const Leaves& leaves;
  const float* weights;
  const float* bias;
  ConstTensorView small;
  TensorView big;
  WeightLayout layout;
  Columns columns;
};

// The memory of a pass: its input's points, and the sums of one phase.
struct Arrays {
  Arrays(std::int64_t lanes, const LaneShape& small, const LaneShape& big, std::int64_t count)
      : x(lanes, small.channels, count), sums(lanes, big.channels, count) {}
  std::int64_t floats() const { return kTile * (x.point_step + sums.point_step); }
  void place(float* memory) {
    x.data = memory;
    sums.data = memory + kTile * x.point_step;
  }

  PointArray x;
  PointArray sums;
};

// One point of a phase, panels of output channels, all columns of the pass.
void multiply(const ToBig& p, const Arrays& arrays, std::int64_t count, int phase, std::int64_t point, Range panels) {
  winograd_product_leaf::Product product;
  product.columns = count;
  product.x_step = arrays.x.column_step;
  product.sums_step = arrays.sums.column_step;
  for (std::int64_t k = 0; k < p.small.shape.channels; k += kDepth) {
    product.depth = p.layout.depth(k);
    product.x = arrays.x.at(tile_point(phase, point), 0, k);
    product.adds = k > 0;
    for (std::int64_t panel = panels.begin; panel < panels.end; ++panel) {
      product.weights = p.weights + p.layout.offset(first_point(phase) + point, k, panel);
      product.sums = arrays.sums.at(point, 0, panel * kPanel);
      p.leaves.products.multiply(product, product.weights + p.layout.panel_step(k));
    }
  }
}

void run_pass(const ToBig& p, Range columns, float* memory, const Stages& stages) {
  const std::int64_t count = columns.size();
  Arrays arrays(p.leaves.transforms.lanes, p.small.shape, p.big.shape, count);
  arrays.place(memory);
  const auto block = [](std::int64_t i, std::int64_t channels) {
    return Range{i * kChannelsOfItem, std::min((i + 1) * kChannelsOfItem, channels)};
  };
  const std::int64_t c_small = p.small.shape.channels;
  const std::int64_t c_big = p.big.shape.channels;
  const std::int64_t small_blocks = ceil_div(c_small, kChannelsOfItem);
  const std::int64_t big_blocks = ceil_div(c_big, kChannelsOfItem);
  stages.run(count * small_blocks, [&](std::int64_t i) {
    const Range channels = block(i % small_blocks, c_small);
    const std::int64_t n = i / small_blocks;
    small_to_points(p.leaves, p.columns, columns.begin + n, channels, p.small, arrays.x.at(0, n, channels.begin), arrays.x.point_step);
  });
  for (int phase = 0; phase < kPhases; ++phase) {
    stages.run(points_in(phase) * big_blocks, [&](std::int64_t i) {
      const Range channels = block(i % big_blocks, c_big);
      multiply(p, arrays, count, phase, i / big_blocks, {channels.begin / kPanel, channels.end / kPanel});
    });
    stages.run(count * big_blocks, [&](std::int64_t i) {
      const Range channels = block(i % big_blocks, c_big);
      const std::int64_t n = i / big_blocks;
      points_to_phase(p.leaves, p.columns, columns.begin + n, channels, phase, arrays.sums.at(0, n, channels.begin), arrays.sums.point_step,
                      p.bias, p.big);
    });
  }
}

PassPlan plan(const Leaves& leaves, const LaneShape& small, const LaneShape& big) {
  const std::int64_t lanes = leaves.transforms.lanes;
  return PassPlan(Columns(lanes, small).count(), 1, lanes,
                  [&](std::int64_t columns) { return Arrays(lanes, small, big, columns).floats(); });
}

}  // namespace

std::int64_t to_big_floats(const Leaves& leaves, const LaneShape& small, const LaneShape& big) { return plan(leaves, small, big).floats(); }

void to_big(const Leaves& leaves, const float* weights, const float* bias, ConstTensorView small, TensorView big, Workspace& workspace) {
  const ToBig product{.leaves = leaves,
                      .weights = weights,
                      .bias = bias,
                      .small = small,
                      .big = big,
                      .layout = WeightLayout({.c_small = small.shape.channels, .c_big = big.shape.channels}),
                      .columns = Columns(leaves.transforms.lanes, small.shape)};
  const PassPlan passes = plan(leaves, small.shape, big.shape);
  const Workspace::Scope scope(workspace);
  passes.run(workspace.take(passes.floats()),
             product.columns.count() * multiply_adds_of_column(leaves.transforms.lanes, small.shape, big.shape),
             [&](Range columns, float* memory, const Stages& stages) { run_pass(product, columns, memory, stages); });
}

}  // namespace pbgen::winograd_blocked
