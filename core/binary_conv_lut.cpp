#include <algorithm>
#include <vector>

#include "core/binary_conv_leaf.h"
#include "core/binary_conv_lut.h"
#include "core/cpu.h"
#include "core/parallel.h"

#if defined(__x86_64__)

namespace pbgen::binary_lut {
namespace {

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

// Output channels in [begin, end), begin between tiles, of one slice.
void run_slice(const Product& p, const Finish& finish, std::int64_t slice, std::int64_t begin, std::int64_t end) {
  const InputBlocks blocks = input_blocks(p.in.shape.channels);
  const std::int64_t tile_bytes = blocks.groups * 8;
  const std::int64_t tap_bytes = (p.out.shape.channels + binary_leaf::kTileRows - 1) / binary_leaf::kTileRows * tile_bytes;
  const std::int64_t first_byte = begin / binary_leaf::kTileRows * tile_bytes;
  alignas(64) float tables[binary_leaf::kMaxGroups * binary_leaf::kTableFloats];
  alignas(64) float padded[binary_leaf::kBlockChannels * kLanes];

  for (std::int64_t y = 0; y < p.in.shape.height; ++y) {
    const std::vector<Meeting>& rows = p.rows.of_input[static_cast<std::size_t>(y)];
    for (std::int64_t x = 0; x < p.in.shape.width; ++x) {
      const std::vector<Meeting>& columns = p.columns.of_input[static_cast<std::size_t>(x)];
      if (rows.empty() || columns.empty()) continue;
      for (std::int64_t block = 0; block < blocks.count; ++block) {
        const std::int64_t channel = block * blocks.channels;
        const float* pixel = p.in.data + p.in.shape.offset(slice, y, x, channel);
        const float* scale = p.scales.in_scale ? p.scales.in_scale + channel : nullptr;
        const std::int64_t present = std::clamp<std::int64_t>(p.in.shape.channels - channel, 0, blocks.channels);
        if (present < blocks.channels) {
          for (std::int64_t i = 0; i < blocks.channels * kLanes; ++i)
            padded[i] = i >= present * kLanes ? 0.0f : scale ? pixel[i] * scale[i / kLanes] : pixel[i];
          pixel = padded;
          scale = nullptr;
        }
        binary_leaf::build_tables_avx2(blocks.channels, blocks.groups, pixel, scale, tables);
        for (const Meeting& row : rows)
          for (const Meeting& column : columns) {
            const std::int64_t tap = row.tap * p.kernel + column.tap;
            const bool first = block == 0 && row.first && column.first;
            const bool last = block + 1 == blocks.count && row.last && column.last;
            binary_leaf::lookup_avx2(blocks.groups, first, last,
                                     {.numbers = p.numbers + (block * p.kernel * p.kernel + tap) * tap_bytes + first_byte,
                                      .tables = tables,
                                      .out = p.out.data + p.out.shape.offset(slice, row.out, column.out, begin),
                                      .rows = end - begin,
                                      .scale = finish.scale.data() + begin,
                                      .bias = finish.bias.data() + begin});
          }
      }
    }
  }
}

void run(const Product& p) {
  const Finish finish(p.scales, p.out.shape.channels);
  const std::int64_t tiles = (p.out.shape.channels + binary_leaf::kTileRows - 1) / binary_leaf::kTileRows;
  const std::int64_t slices = p.out.shape.slices();
  const std::int64_t chunks = std::min<std::int64_t>(tiles, slices % thread_count() == 0 ? 1 : thread_count());
  parallel_items(slices * chunks, [&](std::int64_t item) {
    const std::int64_t slice = item / chunks;
    const std::int64_t chunk = item % chunks;
    const std::int64_t begin = tiles * chunk / chunks * binary_leaf::kTileRows;
    const std::int64_t end = std::min(tiles * (chunk + 1) / chunks * binary_leaf::kTileRows, p.out.shape.channels);
    if (chunk == 0) fill_unmet(p, finish, slice);
    run_slice(p, finish, slice, begin, end);
  });
}

}  // namespace

void to_small(const ConvGeometry& g, const BinaryConvWeights& weights, const ConvScales& scales, ConstTensorView big, TensorView small) {
  const auto axis = [&](std::int64_t big_extent, std::int64_t small_extent, std::int64_t pad) {
    return make_axis(big_extent, small_extent, g.kernel, [&](std::int64_t in, std::int64_t out) { return in + pad - g.stride * out; });
  };
  run({.rows = axis(g.big_height, g.small_height, g.pad_top),
       .columns = axis(g.big_width, g.small_width, g.pad_left),
       .kernel = g.kernel,
       .numbers = weights.for_small(),
       .scales = scales,
       .in = big,
       .out = small});
}

void to_big(const ConvGeometry& g, const BinaryConvWeights& weights, const ConvScales& scales, ConstTensorView small, TensorView big) {
  const auto axis = [&](std::int64_t small_extent, std::int64_t big_extent, std::int64_t pad) {
    return make_axis(small_extent, big_extent, g.kernel, [&](std::int64_t in, std::int64_t out) { return out + pad - g.stride * in; });
  };
  run({.rows = axis(g.small_height, g.big_height, g.pad_top),
       .columns = axis(g.small_width, g.big_width, g.pad_left),
       .kernel = g.kernel,
       .numbers = weights.for_big(),
       .scales = scales,
       .in = small,
       .out = big});
}

}  // namespace pbgen::binary_lut

#endif
