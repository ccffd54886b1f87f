// The product to_big: a deconvolution's forward.  Transformed input, products of all points, outputs of a phase at a time.
#include "core/conv/winograd_blocked.h"
#include "core/conv/winograd_layout.h"
#include "core/conv/winograd_pass.h"
#include "core/conv/winograd_tiles.h"

namespace pbgen::winograd_blocked {
namespace {

constexpr std::int64_t kChannelsOfItem = 64;  // the most that a thread takes of a stage

using ToBig = PassOperands<ConstTensorView, TensorView>;

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

// One point of a phase, some output channels, some columns of the pass.
void multiply(const ToBig& p, const Arrays& arrays, Range columns, int phase, std::int64_t point, Range channels) {
  winograd_product_leaf::Product product;
  product.columns = columns.size();
  product.x_step = arrays.x.column_step;
  product.sums_step = arrays.sums.column_step;
  for (std::int64_t k = 0; k < p.small.shape.channels; k += kDepth) {
    product.depth = p.layout.depth(k);
    product.x = arrays.x.at(tile_point(phase, point), columns.begin, k);
    product.adds = k > 0;
    for (std::int64_t c = channels.begin; c < channels.end; c += kPanel) {
      product.weights = p.weights + p.layout.offset(first_point(phase) + point, k, c / kPanel);
      product.sums = arrays.sums.at(point, columns.begin, c);
      p.leaves.products.multiply(product, product.weights + p.layout.panel_step(k));
    }
  }
}

// memory: null where the stages only count.
void run_pass(const ToBig& p, Range columns, float* memory, const Stages& stages) {
  const std::int64_t count = columns.size();
  Arrays arrays(p.leaves.transforms.lanes, p.small.shape, p.big.shape, count);
  if (memory) arrays.place(memory);
  const std::int64_t c_small = p.small.shape.channels;
  const std::int64_t c_big = p.big.shape.channels;
  const auto transform_cost = [](const Range& channels, std::int64_t points) { return kPointCost * points * channels.size(); };

  const ChannelParts inputs(c_small, kPanel, kChannelsOfItem, stages, count);
  stages.run(
      count * inputs.parts, [&](std::int64_t i) { return transform_cost(inputs.at(i % inputs.parts), kTile); },
      [&](std::int64_t i) {
        const Range channels = inputs.at(i % inputs.parts);
        const std::int64_t n = i / inputs.parts;
        small_to_points(p.leaves, p.columns, columns.begin + n, channels, p.small, arrays.x.at(0, n, channels.begin), arrays.x.point_step);
      });
  const std::int64_t column_blocks = stages.column_blocks(count);
  const auto columns_of = [&](std::int64_t i) { return piece_of(count, i % column_blocks, column_blocks); };
  for (int phase = 0; phase < kPhases; ++phase) {
    // [point][part of the channels][block of columns]: one behind the other they read the same weights.
    const ChannelParts products(c_big, kPanel, kChannelsOfItem, stages, points_in(phase) * column_blocks);
    const auto channels_of = [&](std::int64_t i) { return products.at(i / column_blocks % products.parts); };
    stages.run(
        points_in(phase) * products.parts * column_blocks,
        [&](std::int64_t i) { return columns_of(i).size() * c_small * channels_of(i).size(); },
        [&](std::int64_t i) { multiply(p, arrays, columns_of(i), phase, i / column_blocks / products.parts, channels_of(i)); });
    const ChannelParts outputs(c_big, kPanel, kChannelsOfItem, stages, count);
    stages.run(
        count * outputs.parts, [&](std::int64_t i) { return transform_cost(outputs.at(i % outputs.parts), points_in(phase)); },
        [&](std::int64_t i) {
          const Range channels = outputs.at(i % outputs.parts);
          const std::int64_t n = i / outputs.parts;
          points_to_phase(p.leaves, p.columns, columns.begin + n, channels, phase, arrays.sums.at(0, n, channels.begin),
                          arrays.sums.point_step, p.bias, p.big);
        });
  }
}

PassPlan plan(const Leaves& leaves, const LaneShape& small, const LaneShape& big) {
  const std::int64_t lanes = leaves.transforms.lanes;
  return {Columns(lanes, small).count(), 1, lanes, [&](std::int64_t columns) { return Arrays(lanes, small, big, columns).floats(); }};
}

}  // namespace

std::int64_t to_big_floats(const Leaves& leaves, const LaneShape& small, const LaneShape& big) { return plan(leaves, small, big).floats(); }

void to_big(const Leaves& leaves, const float* weights, const float* bias, ConstTensorView small, TensorView big, Workspace& workspace) {
  const ToBig product(leaves, weights, bias, small, big);
  const PassPlan passes = plan(leaves, small.shape, big.shape);
  const Workspace::Scope scope(workspace);
  passes.run(workspace.take(passes.floats()), product.work(),
             [&](Range columns, float* memory, const Stages& stages) { run_pass(product, columns, memory, stages); });
}

DealtWork to_big_dealt(const Leaves& leaves, const LaneShape& small, const LaneShape& big) {
  const ToBig product(leaves, nullptr, nullptr, {nullptr, small}, {nullptr, big});
  return plan(leaves, small, big).dealt(product.work(), [&](Range columns, const Stages& stages) {
    run_pass(product, columns, nullptr, stages);
  });
}

}  // namespace pbgen::winograd_blocked
