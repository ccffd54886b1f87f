#include "layers/lane_matrix.h"

#include <algorithm>
#include <cstring>

#include "core/base/check.h"
#include "core/base/cuts.h"
#include "core/base/even_parts.h"
#include "core/base/parallel.h"
#include "core/base/range.h"
#include "core/freestanding/ints.h"
#include "layers/layer_kernels.h"

namespace pbgen {
namespace {

// A tile of 16 positions writes 512 bytes of each of 8 rows: the rows lie a power of two apart, and more of them would
// evict one another from an 8-way cache.
constexpr std::int64_t kTilePositions = 16;
constexpr std::int64_t kTileChannels = 8;

// Calls move(lane offset, matrix offset, row) for every run of eight lanes, tile by tile, threads splitting the positions.
template <class Move>
void for_each_run(const LaneShape& shape, Rows rows, Move move) {
  const std::int64_t positions = shape.slices() * shape.pixels();
  // Positions are numbered as the matrix has them: the pixels within a slice, or the slices within a pixel.
  const std::int64_t inner = rows == Rows::channels ? shape.pixels() : shape.slices();
  const std::int64_t outer = positions / inner;
  parallel_for(positions, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t tile = begin; tile < end; tile += kTilePositions) {
      const std::int64_t tile_end = std::min(tile + kTilePositions, end);
      for (std::int64_t channel = 0; channel < shape.channels; channel += kTileChannels) {
        const std::int64_t channel_end = std::min(channel + kTileChannels, shape.channels);
        for (std::int64_t position = tile; position < tile_end; ++position) {
          const std::int64_t pixel = position / inner;
          const std::int64_t lane_position = rows == Rows::channels ? position : position % inner * outer + pixel;
          for (std::int64_t c = channel; c < channel_end; ++c) {
            const std::int64_t row = rows == Rows::channels ? c : c * outer + pixel;
            move((lane_position * shape.channels + c) * kLanes, (c * positions + position) * kLanes, row);
          }
        }
      }
    }
  }, min_piece_of(shape.channels * kLanes));
}

static_assert(lane_matrix_leaf::kWidth == kLanes);

// The sums of a block lie in L1 (16 KB), beside the values that stream past them.  Smaller blocks of a long period are read as
// runs of a page or so with gaps between them, at half the rate: the processor prefetches within a page.
constexpr std::int64_t kBlockVectors = 512;
// Short periods are put together until they have so many vectors.
constexpr std::int64_t kFoldedVectors = 128;
// Rows that are summed in float before their sums are added up in double.
constexpr std::int64_t kFloatRows = 32;
// Pieces of the rows: smaller ones cost more than they save.  Where threads outnumber them, each is cut into parts of its channels, too.
constexpr std::int64_t kMostPieces = 16;
constexpr std::int64_t kLeastChannels = 8;  // of a part

// Sums over `periods` periods of `period` vectors, of which the first `count` <= kBlockVectors are looked at.  The shape alone fixes the
// order of each sum: pieces of rows, in a piece kFloatRows rows at a time.
struct PeriodSums {
  PeriodSums(std::int64_t periods, std::int64_t period_, std::int64_t count_)
      : count(count_), period(period_),
        // Where all of a period is looked at, several make one row: a few channels alone would wait for one another's sums.
        fold(count == period ? std::max<std::int64_t>(1, std::min(kFoldedVectors / period, periods)) : 1),
        rows(periods / fold), rest_fold(periods % fold),
        pieces(rows, std::max(kFloatRows, ceil_div(rows, kMostPieces))) {}

  std::int64_t stride() const { return period * fold * kLanes; }
  std::int64_t floats() const { return count * fold * kLanes * rows; }
  // Into how many parts of its channels a piece is cut, and the least number of those that a thread is woken for.
  std::int64_t parts() const {
    return further_parts(threads_worth_waking(floats(), min_piece_of(1)), pieces.parts, count / kLeastChannels);
  }
  std::int64_t min_items(std::int64_t items) const { return min_piece_of(floats() / items); }

  // sums[c] := the sum of eight lanes of the channels' vectors, over a piece.
  void sum_piece(const float* x, std::int64_t piece, Range channels, double* sums) const {
    const auto sum_rows = layer_kernels().lane_matrix.sum_rows;
    const std::int64_t width = channels.size();
    const bool all = width == count;
    double lanes[kBlockVectors * kLanes] = {};
    // The first `copies` of a row's folded periods; they lie side by side where all of each is looked at.
    const auto add = [&](std::int64_t row, std::int64_t row_count, std::int64_t copies) {
      float row_sums[kBlockVectors * kLanes];
      for (std::int64_t copy = 0; copy < copies; copy += all ? copies : 1) {
        const std::int64_t vectors = all ? copies * width : width;
        sum_rows(row_count, vectors, stride(), x + row * stride() + (copy * count + channels.begin) * kLanes, row_sums);
        double* const to = lanes + copy * width * kLanes;
        for (std::int64_t i = 0; i < vectors * kLanes; ++i) to[i] += static_cast<double>(row_sums[i]);
      }
    };
    for (std::int64_t row = pieces.begin(piece); row < pieces.end(piece); row += kFloatRows)
      add(row, std::min(kFloatRows, pieces.end(piece) - row), fold);
    if (piece + 1 == pieces.parts && rest_fold > 0) add(rows, 1, rest_fold);
    std::fill_n(sums, width, 0.0);
    for (std::int64_t v = 0; v < fold * width; ++v)
      for (std::int64_t lane = 0; lane < kLanes; ++lane) sums[v % width] += lanes[v * kLanes + lane];
  }

  std::int64_t count;
  std::int64_t period;
  std::int64_t fold;
  std::int64_t rows;
  std::int64_t rest_fold;  // periods of the last, shorter row
  EvenParts pieces;
};

// totals[i] := the sum of eight lanes of vector i of every period.
void sum_periods(const float* x, const PeriodSums& what, double* totals) {
  double partials[kMostPieces][kBlockVectors];
  const std::int64_t pieces = what.pieces.parts;
  const std::int64_t parts = what.parts();
  const std::int64_t items = pieces * parts;
  parallel_for(items, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t item = begin; item < end; ++item) {
      const Range channels = piece_of(what.count, item % parts, parts);
      what.sum_piece(x, item / parts, channels, partials[item / parts] + channels.begin);
    }
  }, what.min_items(items));
  std::fill_n(totals, what.count, 0.0);
  for (std::int64_t p = 0; p < pieces; ++p)
    for (std::int64_t i = 0; i < what.count; ++i) totals[i] += partials[p][i];
}

}  // namespace

void lanes_to_matrix(ConstTensorView lanes, Rows rows, float* matrix) {
  for_each_run(lanes.shape, rows, [&](std::int64_t from, std::int64_t to, std::int64_t) {
    std::memcpy(matrix + to, lanes.data + from, kLanes * sizeof(float));
  });
}

void matrix_to_lanes(const float* matrix, Rows rows, const float* bias, TensorView lanes) {
  for_each_run(lanes.shape, rows, [&](std::int64_t to, std::int64_t from, std::int64_t row) {
    const float offset = bias == nullptr ? 0.0f : bias[row];
    for (std::int64_t lane = 0; lane < kLanes; ++lane) lanes.data[to + lane] = matrix[from + lane] + offset;
  });
}

void add_channel_bias(const float* bias, TensorView lanes) {
  const std::int64_t channels = lanes.shape.channels;
  parallel_for(lanes.shape.slices() * lanes.shape.pixels(), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t position = begin; position < end; ++position)
      for (std::int64_t c = 0; c < channels; ++c) {
        float* const values = lanes.data + (position * channels + c) * kLanes;
        for (std::int64_t lane = 0; lane < kLanes; ++lane) values[lane] += bias[c];
      }
  }, min_piece_of(channels * kLanes));
}

void add_row_sums(ConstTensorView lanes, Rows rows, float* sums) {
  const LaneShape& shape = lanes.shape;
  const std::int64_t pixels = shape.pixels();
  // A vector of eight lanes belongs to the matrix's row that its place within a period says: the channel, or pixel and channel.
  const std::int64_t period = rows == Rows::channels ? shape.channels : pixels * shape.channels;
  const auto result = [&](std::int64_t place) {
    return rows == Rows::channels ? place : place % shape.channels * pixels + place / shape.channels;
  };
  const EvenParts blocks(period, kBlockVectors);
  parallel_items(blocks.parts, [&](std::int64_t b) {
    const std::int64_t first = blocks.begin(b);
    const std::int64_t count = blocks.size(b);
    double totals[kBlockVectors];
    sum_periods(lanes.data + first * kLanes, PeriodSums(shape.floats() / (period * kLanes), period, count), totals);
    for (std::int64_t i = 0; i < count; ++i) {
      float& sum = sums[result(first + i)];
      sum = static_cast<float>(static_cast<double>(sum) + totals[i]);
    }
  }, min_piece_of(shape.floats() / blocks.parts));
}

DealtWork channel_sums_dealt(const LaneShape& shape) {
  check(shape.channels <= kBlockVectors, "more than a block of channels is dealt out otherwise");
  const PeriodSums sums(shape.slices() * shape.pixels(), shape.channels, shape.channels);
  const std::int64_t items = sums.pieces.parts * sums.parts();
  return {.whole = items, .regions = {evenly_dealt(items, sums.min_items(items))}};
}

}  // namespace pbgen
