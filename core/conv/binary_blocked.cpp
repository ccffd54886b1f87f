#include "core/conv/binary_blocked.h"

#include <algorithm>

#include "core/base/cuts.h"
#include "core/base/parallel.h"
#include "core/base/range.h"
#include "core/base/thread_scratch.h"
#include "core/conv/binary_conv_leaf.h"
#include "core/conv/binary_pack.h"
#include "core/conv/conv_cuts.h"
#include "core/freestanding/ints.h"

namespace pbgen::binary_blocked {
namespace {

using binary_leaf::kTileRows;
using binary_pack::input_blocks;
using binary_pack::InputBlocks;

// A thread is woken for at least this many products of a weight with eight images: some eight microseconds.
constexpr std::int64_t kSumsOfAThread = std::int64_t{1} << 18;

std::int64_t tiles_of(std::int64_t channels) { return ceil_div(channels, kTileRows); }

// One tap of one input pixel along one axis: the output pixel that it meets.  first and last: no input pixel before, or after,
// this one meets that output pixel.
struct Meeting {
  std::int64_t tap;
  std::int64_t out;
  bool first;
  bool last;
};

// One axis of a product: input pixel i and output pixel o meet at tap i + pad - stride*o where the big side is the input (gathers), else
// at tap o + pad - stride*i.
class MeetingAxis {
 public:
  static MeetingAxis gathers(std::int64_t big, std::int64_t small, std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
    return {big, small, kernel, stride, pad, true};
  }
  static MeetingAxis spreads(std::int64_t small, std::int64_t big, std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
    return {small, big, kernel, stride, pad, false};
  }

  // The output pixels that an input pixel meets.
  Range outputs(std::int64_t in) const {
    const std::int64_t begin = gathers_ ? floor_div(in + pad_ - kernel_, stride_) + 1 : stride_ * in - pad_;
    const std::int64_t end = gathers_ ? floor_div(in + pad_, stride_) + 1 : begin + kernel_;
    return {std::max<std::int64_t>(begin, 0), std::min(end, out_)};
  }
  // How two pixels that meet do so.
  Meeting meeting(std::int64_t in, std::int64_t out) const {
    const std::int64_t tap = gathers_ ? in + pad_ - stride_ * out : out + pad_ - stride_ * in;
    // The input pixel before meets the same output pixel at tap - step, the one behind at tap + step.
    const std::int64_t step = gathers_ ? 1 : -stride_;
    return {tap, out, in == 0 || !is_tap(tap - step), in + 1 == in_ || !is_tap(tap + step)};
  }
  // The most output pixels that one input pixel meets.
  std::int64_t most_outputs() const { return std::min(gathers_ ? ceil_div(kernel_, stride_) : kernel_, out_); }
  MetAxis met() const { return {out_, in_, kernel_, stride_, pad_, !gathers_}; }
  // Whether any input pixel meets the output pixel.
  bool is_met(std::int64_t out) const {
    const std::int64_t begin = gathers_ ? stride_ * out - pad_ : floor_div(out + pad_ - kernel_, stride_) + 1;
    const std::int64_t end = gathers_ ? begin + kernel_ : floor_div(out + pad_, stride_) + 1;
    return std::max<std::int64_t>(begin, 0) < std::min(end, in_);
  }

 private:
  MeetingAxis(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride, std::int64_t pad, bool gathers)
      : in_(in), out_(out), kernel_(kernel), stride_(stride), pad_(pad), gathers_(gathers) {}

  static std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -ceil_div(-a, b); }
  bool is_tap(std::int64_t tap) const { return tap >= 0 && tap < kernel_; }

  std::int64_t in_;
  std::int64_t out_;
  std::int64_t kernel_;
  std::int64_t stride_;
  std::int64_t pad_;
  bool gathers_;
};

struct Product {
  const binary_leaf::Leaves& leaves;
  MeetingAxis rows;
  MeetingAxis columns;
  std::int64_t kernel;
  const std::uint8_t* numbers;
  ConvScales scales;
  ConstTensorView in;
  TensorView out;
};

// Pixels of these rows and columns that no input pixel meets are bias alone.
void fill_unmet(const Product& p, std::int64_t slice, Range rows, Range columns) {
  const LaneShape& shape = p.out.shape;
  for (std::int64_t y = rows.begin; y < rows.end; ++y)
    for (std::int64_t x = columns.begin; x < columns.end; ++x) {
      if (p.rows.is_met(y) && p.columns.is_met(x)) continue;
      float* const out = p.out.data + shape.offset(slice, y, x, 0);
      for (std::int64_t i = 0; i < shape.channels * kLanes; ++i) out[i] = p.scales.bias ? p.scales.bias[i / kLanes] : 0.0f;
    }
}

constexpr std::int64_t kBlockFloats = binary_leaf::kBlockChannels * kLanes;

const float* filled(float* array, std::int64_t count, float value) {
  std::fill_n(array, count, value);
  return array;
}

// One block of one input pixel's channels, in one or two slices: its values, where there are fewer than a block's followed by zeros, and
// their scales or null.
struct BlockInput {
  const float* x;
  std::int64_t slice_step;
  const float* scale;
};

BlockInput block_input(const Product& p, const InputBlocks& blocks, std::int64_t block, const float* pixel, std::int64_t slices,
                       float* padded) {
  const std::int64_t channel = block * blocks.channels;
  const std::int64_t present = std::min(p.in.shape.channels - channel, blocks.channels);
  const std::int64_t slice_step = p.in.shape.offset(1, 0, 0, 0);
  const float* const x = pixel + channel * kLanes;
  const float* const scale = p.scales.in_scale ? p.scales.in_scale + channel : nullptr;
  if (present == blocks.channels) return {x, slice_step, scale};
  for (std::int64_t slice = 0; slice < slices; ++slice) {
    const float* const from = x + slice * slice_step;
    float* const to = padded + slice * kBlockFloats;
    for (std::int64_t i = 0; i < present * kLanes; ++i) to[i] = scale ? from[i] * scale[i / kLanes] : from[i];
    std::fill(to + present * kLanes, to + blocks.channels * kLanes, 0.0f);
  }
  return {padded, kBlockFloats, nullptr};
}

// Asks for x[0 .. floats) to be in L1 soon.
void prefetch(std::int64_t floats, const float* x) {
  constexpr std::int64_t kLineFloats = 16;
  for (std::int64_t i = 0; i < floats; i += kLineFloats) __builtin_prefetch(x + i);
}

// What is computed together: rows and columns of output pixels, output channels [begin, end), begin between tiles, of the slices that
// share rows of `leaves`, from `slice` on.
struct Item {
  const binary_leaf::SliceLeaves& leaves;
  std::int64_t slice;
  Range rows;
  Range columns;
  std::int64_t begin;
  std::int64_t end;
  std::int64_t channels() const { return end - begin; }
};

// Where the sums of output pixels grow until their last touch.  One slice's grow in the output itself.  Those of slices that share rows
// stand side by side as rows do: of as many rows of output pixels as one row of input pixels meets, so that they stay in L2.
class Sums {
 public:
  static std::int64_t floats(const Product& p, const Item& item) {
    if (item.leaves.slices == 1) return 0;
    return p.rows.most_outputs() * item.columns.size() * item.channels() * item.leaves.slices * kLanes;
  }
  Sums(const Product& p, const Item& item, float* floats) : p_(p), item_(item), floats_(floats), rows_(p.rows.most_outputs()) {}

  float* at(std::int64_t y, std::int64_t x) const {
    if (item_.leaves.slices == 1) return p_.out.data + p_.out.shape.offset(item_.slice, y, x, item_.begin);
    return floats_ + (y % rows_ * item_.columns.size() + x - item_.columns.begin) * item_.channels() * item_.leaves.slices * kLanes;
  }

 private:
  const Product& p_;
  const Item& item_;
  float* floats_;
  std::int64_t rows_;
};

// A block's tables are written once for a pixel, then serve all its taps and output channels.  A block's row numbers stay in L2 while a
// row of pixels passes; so do the few rows of sums that it meets.
void run_item(const Product& p, const Item& item) {
  const InputBlocks blocks = input_blocks(p.in.shape.channels);
  const LaneShape& in = p.in.shape;
  const LaneShape& out = p.out.shape;
  const std::int64_t slices = item.leaves.slices;
  const ThreadScratch scratch = ThreadScratch::of_floats(Sums::floats(p, item) + 2 * item.channels());
  const Sums sums(p, item, scratch.floats());
  // The leaves have no case for null.
  float* const ones = scratch.floats() + Sums::floats(p, item);
  const float* const scale = p.scales.out_scale ? p.scales.out_scale + item.begin : filled(ones, item.channels(), 1.0f);
  const float* const bias = p.scales.bias ? p.scales.bias + item.begin : filled(ones + item.channels(), item.channels(), 0.0f);
  const std::int64_t tile_bytes = blocks.groups * 8;
  const std::int64_t tap_bytes = tiles_of(out.channels) * tile_bytes;
  const std::int64_t block_bytes = p.kernel * p.kernel * tap_bytes;
  const std::uint8_t* const numbers = p.numbers + item.begin / kTileRows * tile_bytes;
  alignas(64) float tables[binary_leaf::kMaxGroups * binary_leaf::table_floats(binary_leaf::kMaxSlices)];
  alignas(64) float padded[binary_leaf::kMaxSlices * kBlockFloats];

  for (std::int64_t y = 0; y < in.height; ++y) {
    const Range met = p.rows.outputs(y);
    const Range rows{std::max(met.begin, item.rows.begin), std::min(met.end, item.rows.end)};
    for (std::int64_t block = 0; block < blocks.count; ++block)
      for (std::int64_t x = 0; x < in.width; ++x) {
        const Range met_columns = p.columns.outputs(x);
        const Range columns{std::max(met_columns.begin, item.columns.begin), std::min(met_columns.end, item.columns.end)};
        if (rows.size() == 0 || columns.size() == 0) continue;
        const float* const pixel = p.in.data + in.offset(item.slice, y, x, 0);
        const BlockInput input = block_input(p, blocks, block, pixel, slices, padded);
        item.leaves.build_tables(blocks.channels, blocks.groups, input.x, input.slice_step, input.scale, tables);
        // The next pixel's block is read in a burst long after this one's: no hardware prefetcher has it ready.
        if (x + 1 < in.width) {
          const std::int64_t channel = block * blocks.channels;
          const std::int64_t floats = std::min(in.channels - channel, blocks.channels) * kLanes;
          for (std::int64_t slice = 0; slice < slices; ++slice) prefetch(floats, pixel + in.offset(slice, 0, 1, channel));
        }
        for (std::int64_t oy = rows.begin; oy < rows.end; ++oy) {
          const Meeting row = p.rows.meeting(y, oy);
          for (std::int64_t ox = columns.begin; ox < columns.end; ++ox) {
            const Meeting column = p.columns.meeting(x, ox);
            const bool first = block == 0 && row.first && column.first;
            const bool last = block + 1 == blocks.count && row.last && column.last;
            item.leaves.look_up(blocks.groups, first, last,
                                {.numbers = numbers + block * block_bytes + (row.tap * p.kernel + column.tap) * tap_bytes,
                                 .tables = tables,
                                 .sums = sums.at(row.out, column.out),
                                 .rows = item.channels(),
                                 .out = p.out.data + out.offset(item.slice, row.out, column.out, item.begin),
                                 .out_step = out.offset(1, 0, 0, 0),
                                 .scale = scale,
                                 .bias = bias});
          }
        }
      }
  }
}

TableCosts costs_of(const Product& p) {
  const InputBlocks blocks = input_blocks(p.in.shape.channels);
  return table_costs(p.rows.met(), p.columns.met(), blocks.count * blocks.groups, tiles_of(p.out.shape.channels),
                     {p.out.shape.slices(), p.leaves.together.slices});
}

int threads_of(const Product& p) {
  const std::int64_t sums = p.in.shape.pixels() * p.in.shape.channels * p.kernel * p.kernel * p.out.shape.channels;
  return threads_worth_waking(p.out.shape.slices() * sums, kSumsOfAThread);
}

void run(const Product& p) {
  const TableCosts costs = costs_of(p);
  const int threads = threads_of(p);
  const Cut cut = cut_for(threads, costs);
  const std::int64_t together = p.leaves.together.slices;
  deal_items(threads, cut.items(), [&](std::int64_t i) {
    const CutItem item = cut.item(i);
    const Range slices = costs.slices.of(item.units);
    const Range rows = costs.rows.of(item.bands);
    const Range columns = costs.columns.of(item.strips);
    const std::int64_t begin = item.parts.begin * kTileRows;
    const std::int64_t end = std::min(item.parts.end * kTileRows, p.out.shape.channels);
    for (std::int64_t slice = slices.begin; slice < slices.end;) {
      const binary_leaf::SliceLeaves& leaves = slices.end - slice < together ? p.leaves.alone : p.leaves.together;
      for (std::int64_t s = slice; s < slice + leaves.slices && begin == 0; ++s) fill_unmet(p, s, rows, columns);
      run_item(p, {.leaves = leaves, .slice = slice, .rows = rows, .columns = columns, .begin = begin, .end = end});
      slice += leaves.slices;
    }
  });
}

Product to_small_product(const binary_leaf::Leaves& leaves, const ConvGeometry& g, const std::uint8_t* numbers, const ConvScales& scales,
                         ConstTensorView big, TensorView small) {
  return {.leaves = leaves,
          .rows = MeetingAxis::gathers(g.big_height, g.small_height, g.kernel, g.stride, g.pad_top),
          .columns = MeetingAxis::gathers(g.big_width, g.small_width, g.kernel, g.stride, g.pad_left),
          .kernel = g.kernel,
          .numbers = numbers,
          .scales = scales,
          .in = big,
          .out = small};
}

Product to_big_product(const binary_leaf::Leaves& leaves, const ConvGeometry& g, const std::uint8_t* numbers, const ConvScales& scales,
                       ConstTensorView small, TensorView big) {
  return {.leaves = leaves,
          .rows = MeetingAxis::spreads(g.small_height, g.big_height, g.kernel, g.stride, g.pad_top),
          .columns = MeetingAxis::spreads(g.small_width, g.big_width, g.kernel, g.stride, g.pad_left),
          .kernel = g.kernel,
          .numbers = numbers,
          .scales = scales,
          .in = small,
          .out = big};
}

}  // namespace

void to_small(const binary_leaf::Leaves& leaves, const ConvGeometry& g, const std::uint8_t* numbers, const ConvScales& scales,
              ConstTensorView big, TensorView small) {
  run(to_small_product(leaves, g, numbers, scales, big, small));
}

void to_big(const binary_leaf::Leaves& leaves, const ConvGeometry& g, const std::uint8_t* numbers, const ConvScales& scales,
            ConstTensorView small, TensorView big) {
  run(to_big_product(leaves, g, numbers, scales, small, big));
}

DealtWork dealt(const binary_leaf::Leaves& leaves, bool is_to_big, const ConvGeometry& g, const LaneShape& small, const LaneShape& big) {
  const Product product = is_to_big ? to_big_product(leaves, g, nullptr, {}, {nullptr, small}, {nullptr, big})
                                    : to_small_product(leaves, g, nullptr, {}, {nullptr, big}, {nullptr, small});
  return dealt_work(threads_of(product), costs_of(product));
}

}  // namespace pbgen::binary_blocked
