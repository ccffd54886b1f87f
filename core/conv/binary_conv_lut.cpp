#include <algorithm>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/conv/binary_conv_leaf.h"
#include "core/freestanding/ints.h"
#include "core/conv/binary_conv_lut.h"

#if defined(__x86_64__)

namespace pbgen::binary_lut {
namespace {

using binary_leaf::kTileRows;

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

struct Axis {
  std::vector<std::vector<Meeting>> of_input;
  std::vector<bool> met;  // output pixels that any input pixel meets
};

// tap_of(in, out) is the tap at which the two meet, or out of [0, kernel) where they do not.
template <class Tap>
Axis make_axis(std::int64_t in_extent, std::int64_t out_extent, std::int64_t kernel, Tap tap_of) {
  Axis axis;
  axis.of_input.resize(static_cast<std::size_t>(in_extent));
  axis.met.resize(static_cast<std::size_t>(out_extent));
  const auto meets = [&](std::int64_t in, std::int64_t out) { return tap_of(in, out) >= 0 && tap_of(in, out) < kernel; };
  for (std::int64_t out = 0; out < out_extent; ++out) {
    std::int64_t begin = 0;
    while (begin < in_extent && !meets(begin, out)) ++begin;
    std::int64_t end = in_extent;
    while (end > begin && !meets(end - 1, out)) --end;
    for (std::int64_t in = begin; in < end; ++in)
      axis.of_input[static_cast<std::size_t>(in)].push_back({tap_of(in, out), out, in == begin, in + 1 == end});
    axis.met[static_cast<std::size_t>(out)] = begin < end;
  }
  return axis;
}

struct Product {
  Axis rows;
  Axis columns;
  std::int64_t kernel;
  const std::uint8_t* numbers;
  ConvScales scales;
  ConstTensorView in;
  TensorView out;
};

// The outputs' scales and biases in full, so that the leaves need no case for null.
struct Finish {
  std::vector<float> scale;
  std::vector<float> bias;
  Finish(const ConvScales& scales, std::int64_t channels)
      : scale(static_cast<std::size_t>(channels), 1.0f), bias(static_cast<std::size_t>(channels), 0.0f) {
    if (scales.out_scale) std::copy_n(scales.out_scale, channels, scale.begin());
    if (scales.bias) std::copy_n(scales.bias, channels, bias.begin());
  }
};

// Pixels that no input pixel meets are bias alone.
void fill_unmet(const Product& p, const Finish& finish, std::int64_t slice) {
  const LaneShape& shape = p.out.shape;
  for (std::int64_t y = 0; y < shape.height; ++y)
    for (std::int64_t x = 0; x < shape.width; ++x) {
      if (p.rows.met[static_cast<std::size_t>(y)] && p.columns.met[static_cast<std::size_t>(x)]) continue;
      float* const out = p.out.data + shape.offset(slice, y, x, 0);
      for (std::int64_t i = 0; i < shape.channels * kLanes; ++i) out[i] = finish.bias[static_cast<std::size_t>(i / kLanes)];
    }
}

// One block of one input pixel's channels: its values, where there are fewer than a block's followed by zeros, and their scales or null.
struct BlockInput {
  const float* x;
  const float* scale;
};

BlockInput block_input(const Product& p, const InputBlocks& blocks, std::int64_t block, const float* pixel, float* padded) {
  const std::int64_t channel = block * blocks.channels;
  const std::int64_t present = std::min(p.in.shape.channels - channel, blocks.channels);
  const float* const x = pixel + channel * kLanes;
  const float* const scale = p.scales.in_scale ? p.scales.in_scale + channel : nullptr;
  if (present == blocks.channels) return {x, scale};
  for (std::int64_t i = 0; i < present * kLanes; ++i) padded[i] = scale ? x[i] * scale[i / kLanes] : x[i];
  std::fill(padded + present * kLanes, padded + blocks.channels * kLanes, 0.0f);
  return {padded, nullptr};
}

// Output channels [begin, end) of one slice; begin lies between tiles.  A block's tables are written once for a pixel, then
// serve all its taps and output channels, whose accumulators stand in the output itself.  A block's row numbers stay in L2 while a row
// of pixels passes; so do the few rows of output that it meets.
void run_slice(const Product& p, const Finish& finish, std::int64_t slice, std::int64_t begin, std::int64_t end) {
  const InputBlocks blocks = input_blocks(p.in.shape.channels);
  const LaneShape& in = p.in.shape;
  const LaneShape& out = p.out.shape;
  const std::int64_t tile_bytes = blocks.groups * 8;
  const std::int64_t tap_bytes = tiles_of(out.channels) * tile_bytes;
  const std::int64_t block_bytes = p.kernel * p.kernel * tap_bytes;
  const std::uint8_t* const numbers = p.numbers + begin / kTileRows * tile_bytes;
  alignas(64) float tables[binary_leaf::kMaxGroups * binary_leaf::kTableFloats];
  alignas(64) float padded[binary_leaf::kBlockChannels * kLanes];

  for (std::int64_t y = 0; y < in.height; ++y)
    for (std::int64_t block = 0; block < blocks.count; ++block)
      for (std::int64_t x = 0; x < in.width; ++x) {
        const std::vector<Meeting>& rows = p.rows.of_input[static_cast<std::size_t>(y)];
        const std::vector<Meeting>& columns = p.columns.of_input[static_cast<std::size_t>(x)];
        if (rows.empty() || columns.empty()) continue;
        const float* const pixel = p.in.data + in.offset(slice, y, x, 0);
        const BlockInput input = block_input(p, blocks, block, pixel, padded);
        binary_leaf::build_tables_avx2(blocks.channels, blocks.groups, input.x, input.scale, tables);
        // The next pixel's block is read in a burst long after this one's: no hardware prefetcher has it ready.
        if (x + 1 < in.width) {
          const std::int64_t channel = block * blocks.channels;
          binary_leaf::prefetch_avx2(std::min(in.channels - channel, blocks.channels) * kLanes, pixel + (in.channels + channel) * kLanes);
        }
        for (const Meeting& row : rows)
          for (const Meeting& column : columns) {
            const bool first = block == 0 && row.first && column.first;
            const bool last = block + 1 == blocks.count && row.last && column.last;
            binary_leaf::lookup_avx2(blocks.groups, first, last,
                                     {.numbers = numbers + block * block_bytes + (row.tap * p.kernel + column.tap) * tap_bytes,
                                      .tables = tables,
                                      .out = p.out.data + out.offset(slice, row.out, column.out, begin),
                                      .rows = end - begin,
                                      .scale = finish.scale.data() + begin,
                                      .bias = finish.bias.data() + begin});
          }
      }
}

// Into how many pieces the output channels are cut, so that threads have work although the slices are few.  Each piece writes the
// tables anew, which costs about what two tiles of output channels cost; the dearest thread decides.
std::int64_t choose_pieces(std::int64_t slices, std::int64_t tiles, std::int64_t threads) {
  std::int64_t best = 1;
  std::int64_t best_cost = INT64_MAX;
  for (std::int64_t pieces = 1; pieces <= std::min(tiles, threads); ++pieces) {
    const std::int64_t cost = ceil_div(slices * pieces, threads) * (ceil_div(tiles, pieces) + 2);
    if (cost < best_cost) {
      best_cost = cost;
      best = pieces;
    }
  }
  return best;
}

void run(const Product& p) {
  const Finish finish(p.scales, p.out.shape.channels);
  const std::int64_t slices = p.out.shape.slices();
  const std::int64_t tiles = tiles_of(p.out.shape.channels);
  const std::int64_t sums = p.in.shape.pixels() * p.in.shape.channels * p.kernel * p.kernel * p.out.shape.channels;
  const int threads = threads_worth_waking(slices * sums, kSumsOfAThread);
  const std::int64_t pieces = choose_pieces(slices, tiles, threads);
  parallel_items(slices * pieces, [&](std::int64_t item) {
    const std::int64_t slice = item / pieces;
    const std::int64_t piece = item % pieces;
    const std::int64_t begin = tiles * piece / pieces * kTileRows;
    const std::int64_t end = std::min(tiles * (piece + 1) / pieces * kTileRows, p.out.shape.channels);
    if (piece == 0) fill_unmet(p, finish, slice);
    run_slice(p, finish, slice, begin, end);
  }, ceil_div(kSumsOfAThread * pieces, sums));
}

}  // namespace

void to_small(const ConvGeometry& g, const std::uint8_t* numbers, const ConvScales& scales, ConstTensorView big, TensorView small) {
  const auto axis = [&](std::int64_t big_extent, std::int64_t small_extent, std::int64_t pad) {
    return make_axis(big_extent, small_extent, g.kernel, [&](std::int64_t in, std::int64_t out) { return in + pad - g.stride * out; });
  };
  run({.rows = axis(g.big_height, g.small_height, g.pad_top),
       .columns = axis(g.big_width, g.small_width, g.pad_left),
       .kernel = g.kernel,
       .numbers = numbers,
       .scales = scales,
       .in = big,
       .out = small});
}

void to_big(const ConvGeometry& g, const std::uint8_t* numbers, const ConvScales& scales, ConstTensorView small, TensorView big) {
  const auto axis = [&](std::int64_t small_extent, std::int64_t big_extent, std::int64_t pad) {
    return make_axis(small_extent, big_extent, g.kernel, [&](std::int64_t in, std::int64_t out) { return out + pad - g.stride * in; });
  };
  run({.rows = axis(g.small_height, g.big_height, g.pad_top),
       .columns = axis(g.small_width, g.big_width, g.pad_left),
       .kernel = g.kernel,
       .numbers = numbers,
       .scales = scales,
       .in = small,
       .out = big});
}

}  // namespace pbgen::binary_lut

#endif
