// The products of a convolution whose big side is an image: one to four channels.
//
// An image row of all taps of a window is one run of kernel*c_big vectors; that, and not the channels, is what the tiles
// go along.  Any kernel, stride and padding; blocking by the rules of the leaf's header.
#include <algorithm>
#include <cstring>

#include "core/base/even_parts.h"
#include "core/base/parallel.h"
#include "core/base/thread_scratch.h"
#include "core/conv/conv_blocked.h"
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
constexpr std::int64_t kLaneBytes = kLanes * kFloatBytes;  // a multiple of a pointer's
constexpr std::int64_t kPointerBytes = sizeof(const float*);

// Items of one row of the small or big side each.
std::int64_t min_rows(std::int64_t multiply_adds_per_row) { return std::max<std::int64_t>(kWorkOfAThread / multiply_adds_per_row, 1); }

// Asks for memory that the next row will read: rows are too far apart for the hardware to see them coming.
void prefetch(const float* from, std::int64_t floats) {
  constexpr std::int64_t kCacheLine = 16;
  for (std::int64_t i = 0; i < floats; i += kCacheLine) __builtin_prefetch(from + i, 0, 2);
}

// The big side's rows under one row of windows, each padded left and right with zeros as far as windows reach.
class PaddedRows {
 public:
  // storage: floats(g, channels), 32-byte aligned.
  PaddedRows(const ConvGeometry& g, ConstTensorView big, float* storage)
      : g_(g), big_(big), storage_(storage), pixel_(big.shape.channels * kLanes), row_(row_floats(g, big.shape.channels)),
        inside_(std::clamp<std::int64_t>(row_ / pixel_ - g.pad_left, 0, g.big_width)) {
    for (std::int64_t i = 0; i < g.kernel; ++i) {
      float* const row = storage + i * row_;
      std::fill(row, row + std::min(g.pad_left * pixel_, row_), 0.0f);
      if (inside_ > 0) std::fill(row + (g.pad_left + inside_) * pixel_, row + row_, 0.0f);
    }
  }

  static std::int64_t floats(const ConvGeometry& g, std::int64_t channels) { return g.kernel * row_floats(g, channels); }

  // Brings in the rows under the windows of the small side's row sy, those that the last call brought in aside.
  void move_to(std::int64_t slice, std::int64_t sy) {
    const std::int64_t top = sy * g_.stride - g_.pad_top;
    first_tap_ = std::max<std::int64_t>(-top, 0);
    end_tap_ = std::min(g_.kernel, g_.big_height - top);
    std::int64_t y = top + first_tap_;
    if (slice == slice_ && y >= begin_) y = std::max(y, end_);
    for (; y < top + end_tap_; ++y)
      if (inside_ > 0)
        std::memcpy(storage_ + y % g_.kernel * row_ + g_.pad_left * pixel_, big_.data + big_.shape.offset(slice, y, 0, 0),
                    static_cast<std::size_t>(inside_ * pixel_) * sizeof(float));
    top_ = top;
    slice_ = slice;
    begin_ = top + first_tap_;
    end_ = std::max(top + end_tap_, begin_);
  }

  // Taps ky that meet the big side, and their padded rows.
  std::int64_t first_tap() const { return first_tap_; }
  std::int64_t end_tap() const { return end_tap_; }
  const float* row(std::int64_t ky) const { return storage_ + (top_ + ky) % g_.kernel * row_; }

 private:
  static std::int64_t row_floats(const ConvGeometry& g, std::int64_t channels) {
    return (g.stride * (g.small_width - 1) + g.kernel) * channels * kLanes;
  }

  const ConvGeometry& g_;
  ConstTensorView big_;
  float* storage_;
  std::int64_t pixel_;
  std::int64_t row_;
  std::int64_t inside_;  // pixels of a row that windows reach
  std::int64_t slice_ = -1;
  std::int64_t top_ = 0;
  std::int64_t begin_ = 0;  // rows of slice_ that are in
  std::int64_t end_ = 0;
  std::int64_t first_tap_ = 0;
  std::int64_t end_tap_ = 0;
};

}  // namespace

// for_big    [tap][c_small][c_big]
// for_small  [part of c_small][tap][c_big][channel of the part]; the parts are EvenParts of at most kMostRows
void narrow_pack(const ConvWeightShape& shape, const float* w, float* for_big, float* for_small) {
  const EvenParts panels(shape.c_small, leaf::kMostRows);
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
  parallel_for(small.shape.slices() * g.big_height, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t most_pixels = leaf::most_pixels(c_big);
    const std::int64_t most_taps = ceil_div(g.kernel, g.stride) * ceil_div(g.kernel, g.stride);
    const ThreadScratch scratch(c_small * kLaneBytes + most_taps * (most_pixels + 1) * kPointerBytes);
    float* const zeros = scratch.floats();
    std::fill_n(zeros, c_small * kLanes, 0.0f);
    const float** const tap_from = reinterpret_cast<const float**>(zeros + c_small * kLanes);  // [tap][pixel]
    const float** const tap_w = tap_from + most_taps * most_pixels;

    for (std::int64_t item = begin; item < end; ++item) {
      const std::int64_t slice = item / g.big_height;
      const std::int64_t y = item % g.big_height;
      for (std::int64_t phase = 0; phase < std::min(g.stride, g.big_width); ++phase) {
        const std::int64_t columns = ceil_div(g.big_width - phase, g.stride);
        std::int64_t pixels = most_pixels;
        for (std::int64_t column = 0; column < columns; column += pixels) {
          while (pixels > columns - column) pixels /= 2;
          const std::int64_t x = phase + column * g.stride;
          std::int64_t taps = 0;
          for (std::int64_t ky = (y + g.pad_top) % g.stride; ky < g.kernel; ky += g.stride) {
            const std::int64_t sy = (y + g.pad_top - ky) / g.stride;
            if (y + g.pad_top < ky || sy >= g.small_height) continue;
            const float* const row = small.data + small.shape.offset(slice, sy, 0, 0);
            for (std::int64_t kx = (x + g.pad_left) % g.stride; kx < g.kernel; kx += g.stride) {
              const std::int64_t sx = (x + g.pad_left - kx) / g.stride;  // exact, also where negative
              for (std::int64_t j = 0; j < pixels; ++j)
                tap_from[taps * pixels + j] =
                    sx + j < 0 || sx + j >= g.small_width ? zeros : row + (sx + j) * c_small * kLanes;
              tap_w[taps++] = weights + (ky * g.kernel + kx) * tap_weights;
            }
          }
          const std::int64_t next_row = (y + g.pad_top) / g.stride + 1;
          if (phase == 0 && next_row < g.small_height && column < g.small_width)
            prefetch(small.data + small.shape.offset(slice, next_row, column, 0),
                     std::min(pixels, g.small_width - column) * c_small * kLanes);
          leaves.tiles.to_big_tile(c_big, pixels, taps, tap_from, tap_w, c_small, bias,
                                 big.data + big.shape.offset(slice, y, x, 0), g.stride * c_big * kLanes);
        }
      }
    }
  }, min_rows(ceil_div(g.big_width * c_big * c_small * g.taps() * kLanes, g.stride * g.stride)));
}

// For each row of the small side, two pixels at a time, all channels: the weights stay in L1 and the output is written
// in order.
void narrow_to_small(const NarrowLeaves& leaves, const ConvGeometry& g, const float* weights, const float* bias, ConstTensorView big,
                     TensorView small) {
  const std::int64_t c_small = small.shape.channels;
  const std::int64_t c_big = big.shape.channels;
  const std::int64_t values = g.kernel * c_big;  // of a window in one row
  const EvenParts panels(c_small, leaf::kMostRows);
  parallel_for(small.shape.slices() * g.small_height, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t row_floats = PaddedRows::floats(g, c_big);
    const ThreadScratch scratch(row_floats * kFloatBytes + g.kernel * kPointerBytes);
    PaddedRows rows(g, big, scratch.floats());
    const float** const lines = reinterpret_cast<const float**>(scratch.floats() + row_floats);
    for (std::int64_t item = begin; item < end; ++item) {
      const std::int64_t slice = item / g.small_height;
      const std::int64_t y = item % g.small_height;
      rows.move_to(slice, y);
      const std::int64_t first = rows.first_tap();
      const std::int64_t count = std::max<std::int64_t>(rows.end_tap() - first, 0);
      for (std::int64_t x = 0; x < g.small_width; x += leaf::kMostColumns) {
        for (std::int64_t r = 0; r < count; ++r)
          lines[r] = rows.row(first + r) + x * g.stride * c_big * kLanes;
        for (std::int64_t p = 0; p < panels.parts; ++p) {
          const std::int64_t s = panels.begin(p);
          const float* const w = weights + s * c_big * g.taps() + first * values * panels.size(p);
          leaves.tiles.to_small_tile(panels.size(p), std::min(leaf::kMostColumns, g.small_width - x), count, lines, values,
                                   g.stride * c_big, w, bias == nullptr ? nullptr : bias + s,
                                   small.data + small.shape.offset(slice, y, x, s), c_small * kLanes);
        }
      }
    }
  }, min_rows(g.small_width * c_big * c_small * g.taps() * kLanes));
}

namespace {

// The gradient's sum runs over the rows of all slices, cut into pieces by the shape alone: threads take pieces.
struct GradientPieces {
  static constexpr std::int64_t kMost = 16;
  static constexpr std::int64_t kLeastRows = 4;

  GradientPieces(const ConvGeometry& g, const LaneShape& small, const LaneShape& big)
      : rows(small.slices() * g.small_height),
        count(std::clamp<std::int64_t>(rows / kLeastRows, 1, kMost)),
        channel_blocks(ceil_div(small.channels, leaf::kChannelBlock)),
        values(g.kernel * big.channels),
        floats(channel_blocks * g.kernel * values * leaf::kChannelBlock) {}

  std::int64_t begin(std::int64_t piece) const { return rows * piece / count; }

  std::int64_t rows;
  std::int64_t count;
  std::int64_t channel_blocks;
  std::int64_t values;  // of a window in one row
  std::int64_t floats;  // of a piece: [channel block][ky][value][kChannelBlock]
};

}  // namespace

std::int64_t narrow_weight_gradient_floats(const ConvGeometry& g, const LaneShape& small, const LaneShape& big) {
  const GradientPieces pieces(g, small, big);
  return Workspace::round_up(pieces.count * pieces.floats);
}

// For each row of the small side and each block of 16 channels: the row transposed so that channels fill the vectors,
// then tiles of 16 channels x a part of the window's row, every tap.
void narrow_weight_gradient(const NarrowLeaves& leaves, const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta,
                            float* dw, Workspace& workspace) {
  const std::int64_t c_small = small.shape.channels;
  const std::int64_t c_big = big.shape.channels;
  const GradientPieces pieces(g, small.shape, big.shape);
  const EvenParts value_parts(pieces.values, leaf::kMostValues);
  const Workspace::Scope scope(workspace);
  float* const sums = workspace.take(pieces.count * pieces.floats);

  const std::int64_t piece_work = ceil_div(pieces.rows, pieces.count) * g.small_width * c_big * c_small * g.taps() * kLanes;
  parallel_for(pieces.count, [&](std::int64_t first_piece, std::int64_t end_piece) {
    const std::int64_t row_floats = g.small_width * leaf::kChannelBlock * kLanes;
    const ThreadScratch scratch = ThreadScratch::of_floats(row_floats + PaddedRows::floats(g, c_big));
    float* const transposed = scratch.floats();
    PaddedRows rows(g, big, transposed + row_floats);
    for (std::int64_t piece = first_piece; piece < end_piece; ++piece) {
      float* const piece_sums = sums + piece * pieces.floats;
      std::fill_n(piece_sums, pieces.floats, 0.0f);
      for (std::int64_t row = pieces.begin(piece); row < pieces.begin(piece + 1); ++row) {
        const std::int64_t slice = row / g.small_height;
        const std::int64_t y = row % g.small_height;
        rows.move_to(slice, y);
        for (std::int64_t block = 0; block < pieces.channel_blocks; ++block) {
          const std::int64_t s = block * leaf::kChannelBlock;
          leaves.transpose.transpose_blocks(g.small_width, std::min(leaf::kChannelBlock, c_small - s),
                                                small.data + small.shape.offset(slice, y, 0, s), c_small * kLanes, kLanes, transposed,
                                                leaf::kChannelBlock * kLanes);
          for (std::int64_t ky = rows.first_tap(); ky < rows.end_tap(); ++ky) {
            if (row + 1 < pieces.rows)
              for (std::int64_t x = g.small_width * ky / g.kernel; x < g.small_width * (ky + 1) / g.kernel; ++x)
                prefetch(small.data + small.shape.offset(0, row + 1, x, s), std::min(leaf::kChannelBlock, c_small - s) * kLanes);
            for (std::int64_t part = 0; part < value_parts.parts; ++part) {
              const std::int64_t v = value_parts.begin(part);
              leaves.tiles.gradient_tile(value_parts.size(part), g.small_width, transposed, rows.row(ky) + v * kLanes, g.stride * c_big,
                                       piece_sums + ((block * g.kernel + ky) * pieces.values + v) * leaf::kChannelBlock);
            }
          }
        }
      }
    }
  }, min_rows(piece_work));

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

}  // namespace pbgen::conv_blocked
