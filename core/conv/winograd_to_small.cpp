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
constexpr std::int64_t kFewestSmallChannels = 8;  // runs of 256 bytes at least

using ToSmall = PassOperands<TensorView, ConstTensorView>;

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

// One point of a tile, rows of small channels, some columns of the pass: the sum over the phases that have it, blocks of their channels.
void multiply(const ToSmall& p, const Arrays& arrays, Range columns, std::int64_t q, Range rows) {
  const std::int64_t c_big = p.big.shape.channels;
  const std::int64_t first_row = rows.begin / kDepth * kDepth;  // of the weights' block
  winograd_product_leaf::AdjointProduct product;
  product.columns = columns.size();
  product.panel_step = p.layout.panel_step(first_row);
  product.x_step = arrays.x.column_step;
  product.sums_step = arrays.sums.column_step;
  for (int phase = 0; phase < kPhases; ++phase) {
    const std::int64_t point = phase_point(phase, q);
    if (point < 0) continue;
    for (std::int64_t c = 0; c < c_big; c += kDepth) {
      product.channels = std::min(kDepth, c_big - c);
      product.x = arrays.x.at(first_point(phase) + point, columns.begin, c);
      const float* const weights = p.weights + p.layout.offset(first_point(phase) + point, first_row, c / kPanel) - first_row * kPanel;
      for (std::int64_t row = rows.begin; row < rows.end; row += kPanel) {
        product.weights = weights + row * kPanel;
        product.sums = arrays.sums.at(q, columns.begin, row);
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

// memory: null where the stages only count.
void run_pass(const ToSmall& p, Range columns, float* memory, const Stages& stages) {
  const std::int64_t count = columns.size();
  Arrays arrays(p.leaves.transforms.lanes, p.small.shape, p.big.shape, count);
  if (memory) arrays.place(memory);
  const std::int64_t c_small = p.small.shape.channels;
  const std::int64_t c_big = p.big.shape.channels;
  const ChannelParts inputs(c_big, kPanel, kBigChannelsOfItem, stages, kPhases * count);
  const auto phase_of = [&](std::int64_t i) { return static_cast<int>(i / inputs.parts / count); };
  const auto input_cost = [&](std::int64_t i) { return kPointCost * points_in(phase_of(i)) * inputs.at(i % inputs.parts).size(); };
  stages.run(kPhases * count * inputs.parts, input_cost, [&](std::int64_t i) {
    const Range channels = inputs.at(i % inputs.parts);
    const std::int64_t n = i / inputs.parts % count;
    const int phase = phase_of(i);
    phase_to_points(p.leaves, p.columns, columns.begin + n, channels, phase, p.big, arrays.x.at(first_point(phase), n, channels.begin),
                    arrays.x.point_step);
  });
  const std::int64_t row_blocks = ceil_div(c_small, kDepth);
  // [point][block of rows][part of it][block of columns]: one behind the other they read the same weights.
  const std::int64_t column_blocks = stages.column_blocks(count);
  const std::int64_t parts = stages.parts(kTile * row_blocks * column_blocks, std::min(c_small, kDepth) / kPanel);
  const auto columns_of = [&](std::int64_t i) { return piece_of(count, i % column_blocks, column_blocks); };
  const auto rows_of = [&](std::int64_t i) {
    const std::int64_t begin = i / (column_blocks * parts) % row_blocks * kDepth;
    const Range panels = piece_of(p.layout.depth(begin) / kPanel, i / column_blocks % parts, parts);
    return Range{begin + panels.begin * kPanel, begin + panels.end * kPanel};
  };
  const auto point_of = [&](std::int64_t i) { return i / (column_blocks * parts * row_blocks); };
  const auto product_cost = [&](std::int64_t i) { return phases_with(point_of(i)) * columns_of(i).size() * c_big * rows_of(i).size(); };
  stages.run(kTile * row_blocks * parts * column_blocks, product_cost,
             [&](std::int64_t i) { multiply(p, arrays, columns_of(i), point_of(i), rows_of(i)); });
  // A group's tiles add up one behind the other; channels and groups are apart.
  const std::int64_t first_group = p.columns.group(columns.begin);
  const std::int64_t groups = p.columns.group(columns.end - 1) + 1 - first_group;
  const ChannelParts outputs(c_small, kFewestSmallChannels, kSmallChannelsOfItem, stages, groups);
  const auto tiles_of = [&](std::int64_t i) {
    const std::int64_t group = first_group + i / outputs.parts;
    return Range{std::max(group * p.columns.of_group(), columns.begin), std::min((group + 1) * p.columns.of_group(), columns.end)};
  };
  const auto output_cost = [&](std::int64_t i) { return kPointCost * kTile * outputs.at(i % outputs.parts).size() * tiles_of(i).size(); };
  stages.run(groups * outputs.parts, output_cost, [&](std::int64_t i) {
    const Range channels = outputs.at(i % outputs.parts);
    const Range tiles = tiles_of(i);
    for (std::int64_t column = tiles.begin; column < tiles.end; ++column)
      points_to_small(p.leaves, p.columns, column, channels, arrays.sums.at(0, column - columns.begin, channels.begin),
                      arrays.sums.point_step, p.bias, p.small);
  });
}

PassPlan plan(const Leaves& leaves, const LaneShape& small, const LaneShape& big) {
  const std::int64_t lanes = leaves.transforms.lanes;
  const Columns columns(lanes, small);
  return {columns.count(), columns.of_group(), lanes, [&](std::int64_t count) { return Arrays(lanes, small, big, count).floats(); }};
}

}  // namespace

std::int64_t to_small_floats(const Leaves& leaves, const LaneShape& small, const LaneShape& big) {
  return plan(leaves, small, big).floats();
}

void to_small(const Leaves& leaves, const float* weights, const float* bias, ConstTensorView big, TensorView small, Workspace& workspace) {
  const ToSmall product(leaves, weights, bias, small, big);
  const PassPlan passes = plan(leaves, small.shape, big.shape);
  const Workspace::Scope scope(workspace);
  passes.run(workspace.take(passes.floats()), product.work(),
             [&](Range columns, float* memory, const Stages& stages) { run_pass(product, columns, memory, stages); });
}

DealtWork to_small_dealt(const Leaves& leaves, const LaneShape& small, const LaneShape& big) {
  const ToSmall product(leaves, nullptr, nullptr, {nullptr, small}, {nullptr, big});
  return plan(leaves, small, big).dealt(product.work(), [&](Range columns, const Stages& stages) {
    run_pass(product, columns, nullptr, stages);
  });
}

}  // namespace pbgen::winograd_blocked
