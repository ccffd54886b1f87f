#include "layers/lane_matrix.h"

#include <algorithm>
#include <cstring>

#include "core/parallel.h"

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
  // A row gathers `pooled` consecutive pixels of every slice.
  const std::int64_t pooled = rows == Rows::channels ? shape.pixels() : 1;
  const std::int64_t rows_per_channel = shape.pixels() / pooled;
  const std::int64_t blocks = (shape.channels + kTileChannels - 1) / kTileChannels;
  parallel_items(blocks, [&](std::int64_t block) {
    const std::int64_t first = block * kTileChannels;
    const std::int64_t count = std::min(kTileChannels, shape.channels - first);
    for (std::int64_t r = 0; r < rows_per_channel; ++r) {
      double partial[kTileChannels * kLanes] = {};
      for (std::int64_t slice = 0; slice < shape.slices(); ++slice)
        for (std::int64_t pixel = r * pooled; pixel < (r + 1) * pooled; ++pixel) {
          const float* const values = lanes.data + ((slice * shape.pixels() + pixel) * shape.channels + first) * kLanes;
          for (std::int64_t i = 0; i < count * kLanes; ++i) partial[i] += static_cast<double>(values[i]);
        }
      for (std::int64_t c = 0; c < count; ++c) {
        double sum = 0.0;
        for (std::int64_t lane = 0; lane < kLanes; ++lane) sum += partial[c * kLanes + lane];
        float& result = sums[(first + c) * rows_per_channel + r];
        result = static_cast<float>(static_cast<double>(result) + sum);
      }
    }
  }, min_piece_of(kTileChannels * kLanes * shape.slices() * shape.pixels()));
}

}  // namespace pbgen
