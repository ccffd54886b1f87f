// The products of a convolution whose big side is an image: one to four channels.
//
// An image row of all taps of a window is one run of kernel*c_big vectors; that, and not the channels, is what the tiles
// go along.  Rows that windows meet are copied: padded with zeros, and side by side where tiles take two slices.  Any kernel, stride and
// padding.  Each output is one chain of multiply-adds in an order that follows from the shapes, so every instruction set gives the same
// bytes.
#include <algorithm>

#include "core/base/cuts.h"
#include "core/base/even_parts.h"
#include "core/base/parallel.h"
#include "core/base/range.h"
#include "core/base/thread_scratch.h"
#include "core/conv/conv_blocked.h"
#include "core/conv/conv_cuts.h"
#include "core/freestanding/ints.h"

namespace pbgen::conv_blocked {

std::int64_t narrow_for_big_floats(const ConvWeightShape& shape) { return shape.weights(); }
std::int64_t narrow_for_small_floats(const ConvWeightShape& shape) { return shape.weights(); }

namespace {

namespace leaf = conv_direct_narrow_leaf;
static_assert(leaf::kChannelBlock == transpose_leaf::kBlock);

// A thread is woken for at least this many multiply-adds, as in gemm.
constexpr std::int64_t kWorkOfAThread = std::int64_t{1} << 19;

constexpr std::int64_t kFloatBytes = sizeof(float);
constexpr std::int64_t kFloatsOfLine = 16;
constexpr std::int64_t kPointerBytes = sizeof(const float*);

// Items of one row of the small or big side each.
std::int64_t min_rows(std::int64_t multiply_adds_per_row) { return std::max<std::int64_t>(kWorkOfAThread / multiply_adds_per_row, 1); }

std::int64_t min_big_rows(const ConvGeometry& g, std::int64_t c_small, std::int64_t c_big) {
  return min_rows(ceil_div(g.big_width * c_big * c_small * g.taps() * kLanes, g.stride * g.stride));
}
std::int64_t min_small_rows(const ConvGeometry& g, std::int64_t c_small, std::int64_t c_big) {
  return min_rows(g.small_width * c_big * c_small * g.taps() * kLanes);
}

// The share of a tile in asking for memory that the next row will read: rows are too far apart for the hardware to see them coming.  Every
// tile asks for an equal part of `floats`, in steps of its sums.
struct Shares {
  const float* from;
  std::int64_t floats;
  std::int64_t tiles;

  leaf::Ahead of(std::int64_t tile, std::int64_t steps) const {
    const std::int64_t begin = floats * std::min(tile, tiles) / tiles;
    const std::int64_t end = floats * std::min(tile + 1, tiles) / tiles;
    return {from + begin, steps > 0 ? ceil_div(end - begin, steps) : 0};
  }
};

// The slices of an item: as many together as tiles take, the rest one by one.
struct SliceGroups {
  SliceGroups(std::int64_t slices, std::int64_t most) : most_(most), whole_(slices / most), count(whole_ + slices % most) {}
  Range slices(std::int64_t group) const {
    return group < whole_ ? Range{group * most_, (group + 1) * most_}
                          : Range{whole_ * most_ + group - whole_, whole_ * most_ + group - whole_ + 1};
  }

 private:
  std::int64_t most_;
  std::int64_t whole_;

 public:
  std::int64_t count;
};

// The rows of one side under a row of windows, slices side by side, each padded left and right with zeros as far as windows reach.
class PaddedRows {
 public:
  struct Size {
    std::int64_t rows;     // that windows span
    std::int64_t left;     // pixels of zeros
    std::int64_t pixels;   // of a row, those among them
    std::int64_t slices;   // the most that lie side by side
    std::int64_t gap = 0;  // floats between pixels, which sets their distance off a power of two

    std::int64_t floats(std::int64_t channels) const { return rows * pixels * (channels * slices * kLanes + gap); }
  };

  // storage: size.floats(channels), 64-byte aligned.
  PaddedRows(const leaf::Leaves& leaves, ConstTensorView side, const Size& size, float* storage)
      : leaves_(leaves),
        side_(side),
        size_(size),
        storage_(storage),
        inside_(std::clamp<std::int64_t>(size.pixels - size.left, 0, side.shape.width)) {}

  // Brings in rows of some slices, those that the last call brought in aside.
  void hold(Range slices, Range rows) {
    if (slices.size() != slices_.size()) clear_borders(slices.size());
    const bool same = slices.begin == slices_.begin && slices.end == slices_.end && rows.begin >= rows_.begin;
    const std::int64_t channels = side_.shape.channels;
    if (inside_ > 0)
      for (std::int64_t y = same ? std::max(rows.begin, rows_.end) : rows.begin; y < rows.end; ++y) {
        const float* const from = side_.data + side_.shape.offset(slices.begin, y, 0, 0);
        const std::int64_t slice_step = side_.shape.offset(1, 0, 0, 0);
        float* const to = storage_ + y % size_.rows * row_ + size_.left * pixel_;
        if (size_.gap == 0) {
          leaves_.copy_side_by_side(slices.size(), inside_ * channels, from, slice_step, to);
        } else {
          for (std::int64_t x = 0; x < inside_; ++x)
            leaves_.copy_side_by_side(slices.size(), channels, from + x * channels * kLanes, slice_step, to + x * pixel_);
        }
      }
    slices_ = slices;
    rows_ = {rows.begin, std::max(rows.begin, rows.end)};
  }

  const float* row(std::int64_t y) const { return storage_ + y % size_.rows * row_; }
  std::int64_t pixel() const { return pixel_; }  // step

 private:
  void clear_borders(std::int64_t slices) {
    pixel_ = side_.shape.channels * slices * kLanes + size_.gap;
    row_ = size_.pixels * pixel_;
    for (std::int64_t i = 0; i < size_.rows; ++i) {
      float* const row = storage_ + i * row_;
      std::fill(row, row + std::min(size_.left, size_.pixels) * pixel_, 0.0f);
      if (inside_ > 0) std::fill(row + (size_.left + inside_) * pixel_, row + row_, 0.0f);
    }
  }

  const leaf::Leaves& leaves_;
  ConstTensorView side_;
  Size size_;
  float* storage_;
  std::int64_t inside_;  // pixels of the side that windows reach
  std::int64_t pixel_ = 0;
  std::int64_t row_ = 0;
  Range slices_{0, 0};
  Range rows_{0, 0};  // of slices_ that are in
};

// The big side's rows under windows: a window's row is one run.
PaddedRows::Size under_windows(const ConvGeometry& g, std::int64_t slices) {
  return {.rows = g.kernel, .left = g.pad_left, .pixels = g.stride * (g.small_width - 1) + g.kernel, .slices = slices};
}

// Those of them that meet the big side.
Range rows_under(const ConvGeometry& g, std::int64_t sy) {
  const std::int64_t top = sy * g.stride - g.pad_top;
  const std::int64_t begin = std::max<std::int64_t>(top, 0);
  return {begin, std::max(begin, std::min(top + g.kernel, g.big_height))};
}

}  // namespace

// for_big    [tap][c_small][c_big]
// for_small  [part of c_small][tap][c_big][channel of the part]; the parts are EvenParts of at most most_rows
void narrow_pack(const NarrowLeaves& leaves, const ConvWeightShape& shape, const float* w, float* for_big, float* for_small) {
  const EvenParts panels(shape.c_small, leaves.tiles.most_rows);
  for (std::int64_t p = 0; p < panels.parts; ++p)
    for (std::int64_t tap = 0; tap < shape.taps(); ++tap)
      for (std::int64_t b = 0; b < shape.c_big; ++b)
        for (std::int64_t s = panels.begin(p); s < panels.end(p); ++s) {
          const float weight = w[(s * shape.c_big + b) * shape.taps() + tap];
          for_big[(tap * shape.c_small + s) * shape.c_big + b] = weight;
          for_small[panels.begin(p) * shape.c_big * shape.taps() + (tap * shape.c_big + b) * panels.size(p) + s - panels.begin(p)] = weight;
        }
}

// For each row of the big side and each phase of its columns (those that the same taps meet): tiles of neighbouring pixels
// of the phase.  A tap that falls beside the small side reads a pixel of zeros.
void narrow_to_big(const NarrowLeaves& leaves, const ConvGeometry& g, const float* weights, const float* bias, ConstTensorView small,
                   TensorView big) {
  const std::int64_t c_small = small.shape.channels;
  const std::int64_t c_big = big.shape.channels;
  const std::int64_t tap_weights = c_small * c_big;
  const SliceGroups groups(small.shape.slices(), leaves.tiles.slices);
  // Big pixel x meets tap kx in small pixel (x + pad_left - kx) / stride.
  const std::int64_t left = std::max<std::int64_t>(g.kernel - 1 - g.pad_left, 0) / g.stride;
  const PaddedRows::Size size{.rows = ceil_div(g.kernel, g.stride),
                              .left = left,
                              .pixels = left + (g.big_width - 1 + g.pad_left) / g.stride + 1,
                              .slices = leaves.tiles.slices,
                              .gap = kFloatsOfLine};
  const std::int64_t row_floats = g.small_width * c_small * kLanes;
  const std::int64_t tiles = ceil_div(g.big_width, leaves.tiles.most_pixels[c_big - 1]);  // of a row, about
  parallel_for(groups.count * g.big_height, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t most_taps = size.rows * size.rows;
    const ThreadScratch scratch(size.floats(c_small) * kFloatBytes + (2 * most_taps + size.rows) * kPointerBytes);
    PaddedRows rows(leaves.tiles, small, size, scratch.floats());
    const float** const tap_from = reinterpret_cast<const float**>(scratch.floats() + size.floats(c_small));
    const float** const tap_w = tap_from + most_taps;
    const float** const met_rows = tap_w + most_taps;  // in the order of the taps

    for (std::int64_t item = begin; item < end; ++item) {
      const Range slices = groups.slices(item / g.big_height);
      const std::int64_t y = item % g.big_height;
      const std::int64_t first_ky = (y + g.pad_top) % g.stride;
      const std::int64_t last_row = (y + g.pad_top - first_ky) / g.stride;  // that a tap meets, inside or not
      const std::int64_t ky_count = first_ky < g.kernel ? ceil_div(g.kernel - first_ky, g.stride) : 0;
      const Range met{std::max<std::int64_t>(last_row - ky_count + 1, 0), std::min(last_row + 1, g.small_height)};
      rows.hold(slices, met);
      for (std::int64_t r = 0; r < met.size(); ++r) met_rows[r] = rows.row(met.end - 1 - r);
      // What the small side's next row is asked for by: slices take turns while the rows of the big side pass that meet the same ones.
      const std::int64_t turn = first_ky * slices.size() / g.stride;
      const std::int64_t rows_of_turn = std::max<std::int64_t>(g.stride / slices.size(), 1);
      const Shares next_row = last_row + 1 < g.small_height
                                  ? Shares{small.data + small.shape.offset(slices.begin + turn, last_row + 1, 0, 0) +
                                               row_floats * (first_ky % rows_of_turn) / rows_of_turn,
                                           row_floats / rows_of_turn, tiles}
                                  : Shares{small.data, 0, tiles};
      std::int64_t tile = 0;
      for (std::int64_t phase = 0; phase < std::min(g.stride, g.big_width); ++phase) {
        const std::int64_t columns = ceil_div(g.big_width - phase, g.stride);
        const std::int64_t first_kx = (phase + g.pad_left) % g.stride;
        const std::int64_t first_pixel = left + (phase + g.pad_left - first_kx) / g.stride;
        const std::int64_t row_weights = g.stride * g.kernel * tap_weights;
        const std::int64_t column_weights = g.stride * tap_weights;
        const float* const first_w = weights + ((first_ky + (last_row + 1 - met.end) * g.stride) * g.kernel + first_kx) * tap_weights;
        std::int64_t pixels = leaves.tiles.most_pixels[c_big - 1];
        for (std::int64_t column = 0; column < columns; column += pixels) {
          while (pixels > columns - column) pixels /= 2;
          const std::int64_t x = phase + column * g.stride;
          std::int64_t taps = 0;
          for (std::int64_t r = 0; r < met.size(); ++r) {
            const float* from = met_rows[r] + (first_pixel + column) * rows.pixel();
            const float* w = first_w + r * row_weights;
            for (std::int64_t kx = first_kx; kx < g.kernel; kx += g.stride, from -= rows.pixel(), w += column_weights) {
              tap_from[taps] = from;
              tap_w[taps++] = w;
            }
          }
          leaves.tiles.to_big_tile(slices.size(), c_big, pixels, taps, tap_from, rows.pixel(), tap_w, c_small, bias,
                                   big.data + big.shape.offset(slices.begin, y, x, 0), g.stride * c_big * kLanes,
                                   big.shape.offset(1, 0, 0, 0), next_row.of(tile++, taps * c_small));
        }
      }
    }
  }, min_big_rows(g, c_small, c_big));
}

// For each row of the small side, two pixels at a time, all channels: the weights stay in L1 and the output is written
// in order.
void narrow_to_small(const NarrowLeaves& leaves, const ConvGeometry& g, const float* weights, const float* bias, ConstTensorView big,
                     TensorView small) {
  const std::int64_t c_small = small.shape.channels;
  const std::int64_t c_big = big.shape.channels;
  const std::int64_t values = g.kernel * c_big;  // of a window in one row
  const EvenParts panels(c_small, leaves.tiles.most_rows);
  const SliceGroups groups(small.shape.slices(), leaves.tiles.slices);
  const PaddedRows::Size size = under_windows(g, leaves.tiles.slices);
  parallel_for(groups.count * g.small_height, [&](std::int64_t begin, std::int64_t end) {
    const ThreadScratch scratch(size.floats(c_big) * kFloatBytes + g.kernel * kPointerBytes);
    PaddedRows rows(leaves.tiles, big, size, scratch.floats());
    const float** const lines = reinterpret_cast<const float**>(scratch.floats() + size.floats(c_big));
    for (std::int64_t item = begin; item < end; ++item) {
      const Range slices = groups.slices(item / g.small_height);
      const std::int64_t y = item % g.small_height;
      const Range under = rows_under(g, y);
      rows.hold(slices, under);
      const std::int64_t first_ky = under.begin - (y * g.stride - g.pad_top);
      for (std::int64_t x = 0; x < g.small_width; x += leaves.tiles.most_columns) {
        for (std::int64_t r = 0; r < under.size(); ++r) lines[r] = rows.row(under.begin + r) + x * g.stride * rows.pixel();
        for (std::int64_t p = 0; p < panels.parts; ++p) {
          const std::int64_t s = panels.begin(p);
          const float* const w = weights + s * c_big * g.taps() + first_ky * values * panels.size(p);
          leaves.tiles.to_small_tile(slices.size(), panels.size(p), std::min(leaves.tiles.most_columns, g.small_width - x), under.size(),
                                     lines, values, g.stride * c_big, w, bias == nullptr ? nullptr : bias + s,
                                     small.data + small.shape.offset(slices.begin, y, x, s), c_small * kLanes,
                                     small.shape.offset(1, 0, 0, 0));
        }
      }
    }
  }, min_small_rows(g, c_small, c_big));
}

namespace {

// The gradient's sum runs over the rows of all slices, cut into pieces by the shape alone.  Threads take pieces; where they outnumber them,
// each piece is cut into parts of its channel blocks, too.
struct GradientPieces {
  static constexpr std::int64_t kMost = 16;
  static constexpr std::int64_t kLeastRows = 4;

  GradientPieces(const ConvGeometry& g, const LaneShape& small, const LaneShape& big)
      : rows(small.slices() * g.small_height),
        count(std::clamp<std::int64_t>(rows / kLeastRows, 1, kMost)),
        channel_blocks(ceil_div(small.channels, leaf::kChannelBlock)),
        values(g.kernel * big.channels),
        floats(channel_blocks * g.kernel * values * leaf::kChannelBlock),
        work(rows * g.small_width * small.channels * g.kernel * values * kLanes) {}

  // Into how many parts of its channel blocks a piece is cut, and the least number of those that a thread is woken for.
  std::int64_t parts() const { return further_parts(threads_worth_waking(work, kWorkOfAThread), count, channel_blocks); }
  std::int64_t min_items(std::int64_t items) const { return std::max<std::int64_t>(kWorkOfAThread * items / work, 1); }

  std::int64_t rows;
  std::int64_t count;
  std::int64_t channel_blocks;
  std::int64_t values;  // of a window in one row
  std::int64_t floats;  // of a piece: [channel block][ky][value][kChannelBlock]
  std::int64_t work;    // multiply-adds, borders counted
};

}  // namespace

std::int64_t narrow_weight_gradient_floats(const ConvGeometry& g, const LaneShape& small, const LaneShape& big) {
  const GradientPieces pieces(g, small, big);
  return Workspace::round_up(pieces.count * pieces.floats);
}

// For each row of the small side and each block of 16 channels, or several: the row transposed so that channels fill the vectors,
// then tiles of those channels x a part of the window's row, every tap.
void narrow_weight_gradient(const NarrowLeaves& leaves, const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta,
                            float* dw, Workspace& workspace) {
  const std::int64_t c_small = small.shape.channels;
  const std::int64_t c_big = big.shape.channels;
  const GradientPieces pieces(g, small.shape, big.shape);
  const EvenParts value_parts(pieces.values, leaves.tiles.most_values);
  const std::int64_t most_blocks = leaves.tiles.most_blocks;
  const PaddedRows::Size size = under_windows(g, 1);
  const Workspace::Scope scope(workspace);
  float* const sums = workspace.take(pieces.count * pieces.floats);

  const std::int64_t parts = pieces.parts();
  const std::int64_t block_floats = g.kernel * pieces.values * leaf::kChannelBlock;
  parallel_for(pieces.count * parts, [&](std::int64_t first_item, std::int64_t end_item) {
    const std::int64_t row_floats = g.small_width * leaf::kChannelBlock * kLanes;
    const ThreadScratch scratch = ThreadScratch::of_floats(most_blocks * row_floats + size.floats(c_big));
    float* const transposed = scratch.floats();
    PaddedRows rows(leaves.tiles, big, size, transposed + most_blocks * row_floats);
    for (std::int64_t item = first_item; item < end_item; ++item) {
      const Range piece_rows = piece_of(pieces.rows, item / parts, pieces.count);
      const Range part = piece_of(pieces.channel_blocks, item % parts, parts);
      float* const piece_sums = sums + item / parts * pieces.floats;
      std::fill_n(piece_sums + part.begin * block_floats, part.size() * block_floats, 0.0f);
      for (std::int64_t row = piece_rows.begin; row < piece_rows.end; ++row) {
        const std::int64_t slice = row / g.small_height;
        const std::int64_t y = row % g.small_height;
        const Range under = rows_under(g, y);
        rows.hold({slice, slice + 1}, under);
        const std::int64_t tiles = ceil_div(part.size(), most_blocks) * under.size() * value_parts.parts;
        const Shares next_row = parts == 1 && row + 1 < pieces.rows
                                    ? Shares{small.data + small.shape.offset(0, row + 1, 0, 0), g.small_width * c_small * kLanes, tiles}
                                    : Shares{small.data, 0, tiles};
        std::int64_t tile = 0;
        for (std::int64_t block = part.begin; block < part.end; block += most_blocks) {
          const std::int64_t blocks = std::min(most_blocks, part.end - block);
          const std::int64_t s = block * leaf::kChannelBlock;
          for (std::int64_t k = 0; k < blocks; ++k) {
            const std::int64_t s_k = s + k * leaf::kChannelBlock;
            leaves.transpose.transpose_blocks(g.small_width, std::min(leaf::kChannelBlock, c_small - s_k),
                                              small.data + small.shape.offset(slice, y, 0, s_k), c_small * kLanes, kLanes,
                                              transposed + k * row_floats, leaf::kChannelBlock * kLanes);
          }
          for (std::int64_t row_under = under.begin; row_under < under.end; ++row_under) {
            const std::int64_t ky = row_under - (y * g.stride - g.pad_top);
            for (std::int64_t i = 0; i < value_parts.parts; ++i) {
              const std::int64_t v = value_parts.begin(i);
              leaves.tiles.gradient_tile(blocks, value_parts.size(i), g.small_width, transposed, row_floats,
                                         rows.row(row_under) + v * kLanes, g.stride * c_big,
                                         piece_sums + block * block_floats + (ky * pieces.values + v) * leaf::kChannelBlock, block_floats,
                                         next_row.of(tile++, g.small_width * kLanes));
            }
          }
        }
      }
    }
  }, pieces.min_items(pieces.count * parts));

  for (std::int64_t piece = 1; piece < pieces.count; ++piece)
    for (std::int64_t i = 0; i < pieces.floats; ++i) sums[i] += sums[piece * pieces.floats + i];
  for (std::int64_t s = 0; s < c_small; ++s)
    for (std::int64_t b = 0; b < c_big; ++b)
      for (std::int64_t ky = 0; ky < g.kernel; ++ky)
        for (std::int64_t kx = 0; kx < g.kernel; ++kx) {
          const std::int64_t block_row = s / leaf::kChannelBlock * g.kernel + ky;
          const float sum = sums[(block_row * pieces.values + kx * c_big + b) * leaf::kChannelBlock + s % leaf::kChannelBlock];
          float& result = dw[(s * c_big + b) * g.taps() + ky * g.kernel + kx];
          result = beta == 0.0f ? sum : result + sum;
        }
}

// Rows count as equal.  Of the weight gradient the sums of the pieces' sums follow, a vector of them in the time of two multiply-adds.
DealtWork narrow_dealt(const NarrowLeaves& leaves, ConvProduct product, const ConvGeometry& g, const LaneShape& small,
                       const LaneShape& big) {
  const std::int64_t groups = SliceGroups(small.slices(), leaves.tiles.slices).count;
  if (product != ConvProduct::weight_gradient) {
    const bool to_big = product == ConvProduct::to_big;
    const std::int64_t rows = groups * (to_big ? g.big_height : g.small_height);
    return {.whole = rows,
            .regions = {evenly_dealt(rows, to_big ? min_big_rows(g, small.channels, big.channels)
                                                  : min_small_rows(g, small.channels, big.channels))}};
  }
  const GradientPieces pieces(g, small, big);
  const std::int64_t items = pieces.count * pieces.parts();
  const std::int64_t item_cost = pieces.work / kLanes / items;
  const std::int64_t added = 2 * pieces.count * pieces.floats / kLanes;
  return {.whole = items * item_cost + added, .regions = {evenly_dealt(items, pieces.min_items(items), item_cost), {added}}};
}

}  // namespace pbgen::conv_blocked
