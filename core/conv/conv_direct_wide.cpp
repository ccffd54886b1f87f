// The general products to_big and to_small: blocking, packing of weights, threads.
//
// Both are one computation: an output pixel gathers, over the taps that meet the input, tap and channel of the input times
// weight.  They differ in which taps meet which pixels (Phase, below) and in the packing of the weights.
//
// Slices pass in groups, as many together as the widest tile holds, the rest in narrower ones.  The input that a group meets is copied so
// that its slices lie side by side; a slice alone is read where it is.  What is summed, and in which order, follows from the shapes alone,
// so every instruction set gives the same bytes.
#include <algorithm>

#include "core/base/cuts.h"
#include "core/base/parallel.h"
#include "core/base/range.h"
#include "core/base/thread_scratch.h"
#include "core/conv/channel_panels.h"
#include "core/conv/conv_blocked.h"
#include "core/conv/conv_cuts.h"
#include "core/freestanding/ints.h"

namespace pbgen::conv_blocked {
namespace {

using conv_direct_leaf::kMostRows;
using conv_direct_leaf::kMostSlices;
static_assert(conv_direct_leaf::kHeights == ChannelPanels::kHeights);

// Block sizes: see PERF.md.
constexpr std::int64_t kChannelBlock = 64;  // input channels between two visits of an output
// Weights of one output channel that pass over the pixels together: a panel of six takes 16 KB of L1, one of twelve 32 KB.
constexpr std::int64_t kWeightsOfRow = 16 * 1024 / 4 / 6;
constexpr std::int64_t kFloatsOfLine = 16;

// A thread is woken for at least this many multiply-adds, as in gemm.
constexpr std::int64_t kWorkOfAThread = std::int64_t{1} << 19;

// Equal blocks, but for what the last one lacks.
std::int64_t channel_block(std::int64_t channels) { return ceil_div(channels, ceil_div(channels, kChannelBlock)); }

// Along one axis: output pixels first, first + step, ... meet taps tap, tap + tap_step, ... (count of them); the m-th output
// meets the first of them in input pixel in + m*in_step and each further one tap_in_step beside it, where there is such a pixel.
struct Phase {
  std::int64_t first;
  std::int64_t step;
  std::int64_t tap;
  std::int64_t tap_step;
  std::int64_t count;
  std::int64_t in;
  std::int64_t in_step;
  std::int64_t tap_in_step;
};

// One axis of a product: its phases together hold each output pixel once.
struct TapAxis {
  std::int64_t out;
  std::int64_t in;
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t pad;
  bool spreads;  // to_big: big[y] meets tap k in small[(y + pad - k) / stride], where that is whole.  Else small[o] meets tap k in
                 // big[stride*o - pad + k].

  std::int64_t phases() const { return spreads ? stride : 1; }
  std::int64_t most_taps() const { return spreads ? ceil_div(kernel, stride) : kernel; }  // of a phase

  Phase phase(std::int64_t number) const {
    if (!spreads) return {.first = 0, .step = 1, .tap = 0, .tap_step = 1, .count = kernel, .in = -pad, .in_step = stride, .tap_in_step = 1};
    const std::int64_t tap = (number + pad) % stride;
    return {.first = number,
            .step = stride,
            .tap = tap,
            .tap_step = stride,
            .count = tap < kernel ? ceil_div(kernel - tap, stride) : 0,
            .in = (number + pad) / stride,
            .in_step = 1,
            .tap_in_step = -1};
  }

  // What output pixels [begin, end) meet.
  Range meets(Range outputs) const {
    const std::int64_t first = spreads ? ceil_div(std::max<std::int64_t>(outputs.begin + pad - kernel + 1, 0), stride)
                                       : std::max<std::int64_t>(outputs.begin * stride - pad, 0);
    const std::int64_t last = spreads ? (outputs.end - 1 + pad) / stride : (outputs.end - 1) * stride - pad + kernel - 1;
    return {first, std::max(first, std::min(last + 1, in))};
  }
};

struct Product {
  const conv_direct_leaf::Leaves& leaves;
  TapAxis y;
  TapAxis x;
  std::int64_t kernel;
  const float* weights;
  const float* bias;
  ConstTensorView in;
  TensorView out;

  ChannelPanels panels{out.shape.channels, leaves.rows};  // packed: [panel][block of input channels][tap][input channel][row]
  std::int64_t channels = channel_block(in.shape.channels);
  // Tap rows that pass together.
  std::int64_t tap_rows = std::max<std::int64_t>(kWeightsOfRow / (x.most_taps() * channels), 1);
};

// The input of a pass, groups of slices side by side: [group][y][x][channel][slice of the group][8].
struct Input {
  const float* data;
  std::int64_t first_row;
  std::int64_t pixel;  // steps
  std::int64_t row;
  std::int64_t group;
};

// What passes over the panels of weights together.
struct Pass {
  Input input;
  Range slices;               // groups of group_slices
  std::int64_t group_slices;  // 1, 2 or 4
  Range out_rows;
  Range channels;  // of the input
  Range tap_rows;  // of a phase
  bool first;      // nothing was added to these outputs yet
};

// The taps of [begin, end) of a phase's that meet the input at the m-th output.
Range meeting_taps(const Phase& phase, std::int64_t m, std::int64_t extent, Range taps) {
  const std::int64_t in = phase.in + m * phase.in_step;
  const bool forward = phase.tap_in_step > 0;
  const std::int64_t begin = std::max(taps.begin, forward ? -in : in - extent + 1);
  const std::int64_t end = std::min({taps.end, phase.count, forward ? extent - in : in + 1});
  return {begin, std::max(begin, end)};
}

// The weights of a panel for the input channels of a pass.
const float* weights_of(const Product& product, const Pass& pass, std::int64_t panel) {
  const std::int64_t rows = product.panels.rows(panel);
  const std::int64_t taps = product.kernel * product.kernel;
  return product.weights + (product.panels.begin(panel) * product.in.shape.channels + pass.channels.begin * rows) * taps;
}

// The weights of the next panel, asked for in equal shares before the tiles of this one.  Each panel's block is a run of its own,
// used by one pass and then not soon again: without this every one begins by waiting for memory.
class WeightStream {
 public:
  WeightStream(const Product& product, const Pass& pass, std::int64_t panel) {
    if (panel >= product.panels.count()) return;
    // All phases together meet a run of whole tap rows.
    const std::int64_t tap_step = product.y.phase(0).tap_step;
    const std::int64_t first_row = pass.tap_rows.begin * tap_step;
    const std::int64_t tap_rows = std::min(pass.tap_rows.size() * tap_step, product.kernel - first_row);
    const std::int64_t row_floats = product.kernel * pass.channels.size() * product.panels.rows(panel);
    weights_ = weights_of(product, pass, panel) + first_row * row_floats;
    floats_ = tap_rows * row_floats;
    const std::int64_t tiles = pass.out_rows.size() * product.x.out * pass.slices.size() / pass.group_slices;
    share_ = ceil_div(ceil_div(floats_, kFloatsOfLine), tiles) * kFloatsOfLine;
  }
  void prefetch_share() {
    const std::int64_t stop = std::min(begin_ + share_, floats_);
    for (; begin_ < stop; begin_ += kFloatsOfLine) __builtin_prefetch(weights_ + begin_, 0, 2);
  }

 private:
  const float* weights_ = nullptr;
  std::int64_t floats_ = 0;
  std::int64_t begin_ = 0;  // of what was not asked for yet
  std::int64_t share_ = 0;
};

constexpr int logarithm(std::int64_t slices) { return slices == 4 ? 2 : slices == 2 ? 1 : 0; }

// A pass of one panel, or of two of the highest side by side, over the pixels of one phase of one group of slices.
void run_phase(const Product& product, const Pass& pass, const Phase& phase_y, const Phase& phase_x, std::int64_t group, Range panels,
               WeightStream& next_weights) {
  using namespace conv_direct_leaf;
  const std::int64_t slices = pass.group_slices;
  const std::int64_t slice = pass.slices.begin + group * slices;
  const std::int64_t panel = panels.begin;
  const std::int64_t rows = product.panels.rows(panel);
  const std::int64_t c_in = product.in.shape.channels;
  const std::int64_t first_channel = product.panels.begin(panel);
  const std::int64_t valid = std::min(rows * panels.size(), product.panels.channels() - first_channel);
  const bool whole = valid == rows * panels.size();
  const Leaves& leaves = product.leaves;
  const TileLeaf leaf = panels.size() == 2 ? leaves.two_panels[logarithm(slices)]
                                           : leaves.tiles[product.panels.kind(panel)][logarithm(slices)];

  float start[kMostRows] = {};
  if (product.bias) std::copy_n(product.bias + first_channel, valid, start);
  alignas(32) float padded[kMostSlices * kMostRows * kLanes];

  const Input& input = pass.input;
  const std::int64_t out_slice = product.out.shape.offset(1, 0, 0, 0);
  const std::int64_t tap_floats = pass.channels.size() * rows;
  PixelTile tile;
  tile.channels = pass.channels.size();
  tile.in_row = phase_y.tap_in_step * input.row;
  tile.in_column = phase_x.tap_in_step * input.pixel;
  tile.weight_row = phase_y.tap_step * product.kernel * tap_floats;
  tile.weight_column = phase_x.tap_step * tap_floats;
  tile.weight_panel = rows * c_in * product.kernel * product.kernel;
  const float* const weights = weights_of(product, pass, panel);

  for (std::int64_t my = ceil_div(std::max<std::int64_t>(pass.out_rows.begin - phase_y.first, 0), phase_y.step);; ++my) {
    const std::int64_t y = phase_y.first + my * phase_y.step;
    if (y >= pass.out_rows.end) break;
    const Range ky = meeting_taps(phase_y, my, product.y.in, pass.tap_rows);
    if (ky.size() == 0 && !pass.first) continue;
    for (std::int64_t x = phase_x.first, mx = 0; x < product.x.out; x += phase_x.step, ++mx) {
      const Range kx = meeting_taps(phase_x, mx, product.x.in, {0, phase_x.count});
      if (kx.size() == 0 && !pass.first) continue;
      float* const out = product.out.data + product.out.shape.offset(slice, y, x, first_channel);
      next_weights.prefetch_share();
      tile.tap_rows = ky.size();
      tile.tap_columns = kx.size();
      if (ky.size() > 0 && kx.size() > 0) {
        const std::int64_t in_y = phase_y.in + my * phase_y.in_step + ky.begin * phase_y.tap_in_step;
        const std::int64_t in_x = phase_x.in + mx * phase_x.in_step + kx.begin * phase_x.tap_in_step;
        const std::int64_t tap_y = phase_y.tap + ky.begin * phase_y.tap_step;
        const std::int64_t tap_x = phase_x.tap + kx.begin * phase_x.tap_step;
        tile.in = input.data + group * input.group + (in_y - input.first_row) * input.row + in_x * input.pixel;
        tile.weights = weights + (tap_y * product.kernel + tap_x) * tap_floats;
      }
      if (whole) {
        tile.out = out;
        tile.out_slice = out_slice;
        leaf(tile, pass.first ? start : nullptr);
        continue;
      }
      tile.out = padded;
      tile.out_slice = kMostRows * kLanes;
      for (std::int64_t s = 0; s < slices; ++s) {
        for (std::int64_t i = 0; i < valid * kLanes; ++i)
          padded[s * tile.out_slice + i] = pass.first ? start[i / kLanes] : out[s * out_slice + i];
        std::fill(padded + s * tile.out_slice + valid * kLanes, padded + s * tile.out_slice + rows * panels.size() * kLanes, 0.0f);
      }
      leaf(tile, nullptr);
      for (std::int64_t s = 0; s < slices; ++s) std::copy_n(padded + s * tile.out_slice, valid * kLanes, out + s * out_slice);
    }
  }
}

void run_pass(const Product& product, const Pass& pass, Range panels) {
  const bool has_two = product.leaves.two_panels[logarithm(pass.group_slices)] != nullptr;
  const std::int64_t groups = pass.slices.size() / pass.group_slices;
  for (std::int64_t panel = panels.begin; panel < panels.end;) {
    const bool two = has_two && panel + 1 < std::min(panels.end, product.panels.highest());
    const Range now{panel, panel + (two ? 2 : 1)};
    WeightStream next_weights(product, pass, now.end);
    for (std::int64_t y = 0; y < product.y.phases(); ++y)
      for (std::int64_t x = 0; x < product.x.phases(); ++x)
        for (std::int64_t group = 0; group < groups; ++group)
          run_phase(product, pass, product.y.phase(y), product.x.phase(x), group, now, next_weights);
    panel = now.end;
  }
}

// Output rows that pass together, so that the input which they meet through one group of tap rows stays in L2.
std::int64_t band_rows(const Product& product, std::int64_t slices) {
  const std::int64_t in_row = slices * product.x.in * product.channels * kLanes;
  const std::int64_t in_rows = std::max<std::int64_t>(product.leaves.input_in_l2 / in_row, 1);
  const Phase phase = product.y.phase(0);
  const std::int64_t most = std::max<std::int64_t>(in_rows / phase.in_step, 1) * phase.step;
  return ceil_div(ceil_div(product.y.out, ceil_div(product.y.out, most)), phase.step) * phase.step;
}

// The rows and channels of some slices as a pass reads them: where they are, or copied.
Input input_of(const Product& product, Range slices, std::int64_t group_slices, Range rows, Range channels, float* copy) {
  const LaneShape& shape = product.in.shape;
  if (group_slices == 1)
    return {.data = product.in.data + shape.offset(slices.begin, 0, 0, channels.begin),
            .first_row = 0,
            .pixel = shape.offset(0, 0, 1, 0),
            .row = shape.offset(0, 1, 0, 0),
            .group = shape.offset(1, 0, 0, 0)};
  const std::int64_t pixel = channels.size() * group_slices * kLanes;
  float* to = copy;
  for (std::int64_t slice = slices.begin; slice < slices.end; slice += group_slices)
    for (std::int64_t y = rows.begin; y < rows.end; ++y)
      for (std::int64_t x = 0; x < shape.width; ++x, to += pixel)
        product.leaves.copy_side_by_side(group_slices, channels.size(), product.in.data + shape.offset(slice, y, x, channels.begin),
                                         shape.offset(1, 0, 0, 0), to);
  return {.data = copy, .first_row = rows.begin, .pixel = pixel, .row = shape.width * pixel, .group = rows.size() * shape.width * pixel};
}

void run_slices(const Product& product, Range slices, std::int64_t group_slices, Range out_rows, Range panels) {
  const std::int64_t band = band_rows(product, slices.size());
  const std::int64_t c_in = product.in.shape.channels;
  const std::int64_t most_rows = product.y.most_taps();
  const auto band_from = [&](std::int64_t y) { return Range{y, std::min(y + band, out_rows.end)}; };
  std::int64_t most_met = 0;
  for (std::int64_t y = out_rows.begin; y < out_rows.end; y += band) most_met = std::max(most_met, product.y.meets(band_from(y)).size());
  const ThreadScratch scratch =
      ThreadScratch::of_floats(group_slices == 1 ? 0 : most_met * product.x.in * product.channels * slices.size() * kLanes);
  for (std::int64_t y = out_rows.begin; y < out_rows.end; y += band)
    for (std::int64_t c = 0; c < c_in; c += product.channels) {
      const Range channels{c, std::min(c + product.channels, c_in)};
      const Input input = input_of(product, slices, group_slices, product.y.meets(band_from(y)), channels, scratch.floats());
      for (std::int64_t k = 0; k < most_rows; k += product.tap_rows)
        run_pass(product,
                 {.input = input,
                  .slices = slices,
                  .group_slices = group_slices,
                  .out_rows = band_from(y),
                  .channels = channels,
                  .tap_rows = {k, k + product.tap_rows},
                  .first = c == 0 && k == 0},
                 panels);
    }
}

// As many groups of slices together as L2 holds the input of.
void run_item(const Product& product, Range slices, Range out_rows, Range panels) {
  const std::int64_t in_pixels = product.y.meets(out_rows).size() * product.x.in;
  std::int64_t begin = slices.begin;
  for (std::int64_t group_slices = product.leaves.slices; group_slices > 0; group_slices /= 2) {
    const std::int64_t of_group = std::max<std::int64_t>(group_slices * in_pixels * product.channels * kLanes, 1);
    const std::int64_t together = std::max<std::int64_t>(product.leaves.input_in_l2 / of_group, 1) * group_slices;
    const std::int64_t end = slices.end - (slices.end - begin) % group_slices;
    for (; begin < end; begin = std::min(begin + together, end))
      run_slices(product, {begin, std::min(begin + together, end)}, group_slices, out_rows, panels);
  }
}

MetAxis met(const TapAxis& axis) { return {axis.out, axis.in, axis.kernel, axis.stride, axis.pad, axis.spreads}; }

WideCosts costs_of(const Product& product) {
  return wide_costs(met(product.y), met(product.x), product.in.shape.channels, product.panels,
                    {product.out.shape.slices(), product.leaves.slices});
}

int threads_of(const Product& product) {
  // The side with fewer pixels meets every tap.
  const std::int64_t pixels = std::min(product.in.shape.pixels(), product.out.shape.pixels());
  const std::int64_t channel_pairs = product.in.shape.channels * product.out.shape.channels;
  const std::int64_t taps = product.kernel * product.kernel;
  return threads_worth_waking(product.out.shape.slices() * kLanes * pixels * channel_pairs * taps, kWorkOfAThread);
}

void run(const Product& product) {
  const WideCosts costs = costs_of(product);
  const int threads = threads_of(product);
  const Cut cut = cut_for(threads, costs);
  deal_items(threads, cut.items(), [&](std::int64_t i) {
    const CutItem item = cut.item(i);
    run_item(product, costs.slices.of(item.units), costs.rows.of(item.bands), item.parts);
  });
}

// The panels of c_out output channels; element (output, input, tap) lies at w[output*out_step + input*in_step + tap].
void pack(const conv_direct_leaf::Leaves& leaves, std::int64_t c_out, std::int64_t c_in, std::int64_t taps, const float* w,
          std::int64_t out_step, std::int64_t in_step, float* to) {
  const ChannelPanels panels(c_out, leaves.rows);
  const std::int64_t block = channel_block(c_in);
  const std::int64_t blocks = ceil_div(c_in, block);
  parallel_for(panels.count() * blocks, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t item = first; item < last; ++item) {
      const std::int64_t panel = item / blocks;
      const std::int64_t begin = item % blocks * block;
      const std::int64_t rows = panels.rows(panel);
      const std::int64_t channels = std::min(block, c_in - begin);
      const float* const from = w + panels.begin(panel) * out_step + begin * in_step;
      float* const packed = to + (panels.begin(panel) * c_in + begin * rows) * taps;
      for (std::int64_t c = 0; c < channels; ++c)
        leaves.pack_taps(rows, panels.valid(panel), taps, from + c * in_step, out_step, packed + c * rows, channels * rows);
    }
  }, min_piece_of(block * taps * leaves.rows[0]));
}

}  // namespace

std::int64_t wide_for_big_floats(const conv_direct_leaf::Leaves& leaves, const ConvWeightShape& shape) {
  return ChannelPanels(shape.c_big, leaves.rows).padded_channels() * shape.c_small * shape.taps();
}

std::int64_t wide_for_small_floats(const conv_direct_leaf::Leaves& leaves, const ConvWeightShape& shape) {
  return ChannelPanels(shape.c_small, leaves.rows).padded_channels() * shape.c_big * shape.taps();
}

void wide_pack(const conv_direct_leaf::Leaves& leaves, const ConvWeightShape& shape, const float* w, float* for_big, float* for_small) {
  const std::int64_t taps = shape.taps();
  pack(leaves, shape.c_big, shape.c_small, taps, w, taps, shape.c_big * taps, for_big);
  pack(leaves, shape.c_small, shape.c_big, taps, w, shape.c_big * taps, taps, for_small);
}

namespace {

Product to_big_product(const conv_direct_leaf::Leaves& leaves, const ConvGeometry& g, const float* weights, const float* bias,
                       ConstTensorView small, TensorView big) {
  return {.leaves = leaves,
          .y = {g.big_height, g.small_height, g.kernel, g.stride, g.pad_top, true},
          .x = {g.big_width, g.small_width, g.kernel, g.stride, g.pad_left, true},
          .kernel = g.kernel,
          .weights = weights,
          .bias = bias,
          .in = small,
          .out = big};
}

Product to_small_product(const conv_direct_leaf::Leaves& leaves, const ConvGeometry& g, const float* weights, const float* bias,
                         ConstTensorView big, TensorView small) {
  return {.leaves = leaves,
          .y = {g.small_height, g.big_height, g.kernel, g.stride, g.pad_top, false},
          .x = {g.small_width, g.big_width, g.kernel, g.stride, g.pad_left, false},
          .kernel = g.kernel,
          .weights = weights,
          .bias = bias,
          .in = big,
          .out = small};
}

}  // namespace

void wide_to_big(const conv_direct_leaf::Leaves& leaves, const ConvGeometry& g, const float* weights, const float* bias,
                 ConstTensorView small, TensorView big) {
  run(to_big_product(leaves, g, weights, bias, small, big));
}

void wide_to_small(const conv_direct_leaf::Leaves& leaves, const ConvGeometry& g, const float* weights, const float* bias,
                   ConstTensorView big, TensorView small) {
  run(to_small_product(leaves, g, weights, bias, big, small));
}

DealtWork wide_dealt(const conv_direct_leaf::Leaves& leaves, bool to_big, const ConvGeometry& g, const LaneShape& small,
                     const LaneShape& big) {
  const Product product = to_big ? to_big_product(leaves, g, nullptr, nullptr, {nullptr, small}, {nullptr, big})
                                 : to_small_product(leaves, g, nullptr, nullptr, {nullptr, big}, {nullptr, small});
  return dealt_work(threads_of(product), costs_of(product));
}

}  // namespace pbgen::conv_blocked
