#include "layers/batchnorm2d.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/parallel.h"

namespace pbgen {
namespace {

constexpr double kEpsilon = 1e-5;
constexpr float kBatchShare = 0.1f;  // 1 - decay

// A row is one pixel of a slice: channels * kLanes floats.  Sums over rows are taken piece by piece: in float within a
// piece, whose rows stay in cache while they are read twice and are few enough for float, in double over pieces.
struct Pieces {
  explicit Pieces(const LaneShape& shape)
      : rows(shape.slices() * shape.pixels()),
        channels(shape.channels),
        row_floats(shape.channels * kLanes),
        rows_each(std::clamp<std::int64_t>(kPieceFloats / row_floats, 1, kMostRows)),
        count((rows + rows_each - 1) / rows_each) {}

  std::int64_t begin(std::int64_t piece) const { return piece * rows_each; }
  std::int64_t rows_in(std::int64_t piece) const { return std::min(rows_each, rows - begin(piece)); }
  // Two numbers for each channel of each piece.
  std::int64_t partial_floats() const { return 2 * count * channels; }

  static constexpr std::int64_t kPieceFloats = 1 << 15;
  static constexpr std::int64_t kMostRows = 64;

  std::int64_t rows;
  std::int64_t channels;
  std::int64_t row_floats;
  std::int64_t rows_each;
  std::int64_t count;
};

double sum_of_lanes(const float* lanes) {
  double sum = 0.0;
  for (std::int64_t lane = 0; lane < kLanes; ++lane) sum += lanes[lane];
  return sum;
}

// Channels are taken in blocks, so that a block's sums stay in registers.
constexpr std::int64_t kBlock = 4;

// Calls body.operator()<n>(first channel) on blocks of n = kBlock channels, then of one.
template <class Body>
void for_channel_blocks(std::int64_t channels, Body body) {
  std::int64_t c = 0;
  for (; c + kBlock <= channels; c += kBlock) body.template operator()<kBlock>(c);
  for (; c < channels; ++c) body.template operator()<1>(c);
}

// mean[k], squares[k] of channel k of n: the mean of rows * kLanes values and the summed squared distances from it.
template <std::int64_t n>
void piece_moments(const float* x, std::int64_t rows, std::int64_t row_floats, float* mean, float* squares) {
  constexpr std::int64_t kWidth = n * kLanes;
  float sums[kWidth] = {};
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t i = 0; i < kWidth; ++i) sums[i] += x[r * row_floats + i];
  float centres[kWidth];
  for (std::int64_t k = 0; k < n; ++k) {
    mean[k] = static_cast<float>(sum_of_lanes(sums + k * kLanes) / static_cast<double>(rows * kLanes));
    std::fill_n(centres + k * kLanes, kLanes, mean[k]);
  }
  std::fill_n(sums, kWidth, 0.0f);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < kWidth; ++i) {
      const float distance = x[r * row_floats + i] - centres[i];
      sums[i] += distance * distance;
    }
  }
  for (std::int64_t k = 0; k < n; ++k) squares[k] = static_cast<float>(sum_of_lanes(sums + k * kLanes));
}

// sum_dy[k], sum_dy_x[k] of channel k of n: the sums of dy and of dy (x - mean).
template <std::int64_t n>
void piece_gradient_sums(const float* x, const float* dy, const float* mean, std::int64_t rows, std::int64_t row_floats, float* sum_dy,
                         float* sum_dy_x) {
  constexpr std::int64_t kWidth = n * kLanes;
  float plain[kWidth] = {};
  float weighted[kWidth] = {};
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t k = 0; k < n; ++k) {
      for (std::int64_t lane = 0; lane < kLanes; ++lane) {
        const std::int64_t i = k * kLanes + lane;
        const float gradient = dy[r * row_floats + i];
        plain[i] += gradient;
        weighted[i] += gradient * (x[r * row_floats + i] - mean[k]);
      }
    }
  }
  for (std::int64_t k = 0; k < n; ++k) {
    sum_dy[k] = static_cast<float>(sum_of_lanes(plain + k * kLanes));
    sum_dy_x[k] = static_cast<float>(sum_of_lanes(weighted + k * kLanes));
  }
}

// Mean, rstd and unbiased variance of each channel of x.  partials: Pieces(x.shape).partial_floats() floats.
// Source of the combination: Chan, Golub, LeVeque, "Algorithms for computing the sample variance", 1983.
void measure(ConstTensorView x, float* mean, float* rstd, float* variance, float* partials) {
  const Pieces pieces(x.shape);
  const std::int64_t channels = pieces.channels;
  float* const means = partials;
  float* const squares = partials + pieces.count * channels;
  parallel_for(pieces.count, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t p = begin; p < end; ++p) {
      const float* const rows = x.data + pieces.begin(p) * pieces.row_floats;
      for_channel_blocks(channels, [&]<std::int64_t n>(std::int64_t c) {
        piece_moments<n>(rows + c * kLanes, pieces.rows_in(p), pieces.row_floats, means + p * channels + c, squares + p * channels + c);
      });
    }
  }, min_piece_of(pieces.rows_each * pieces.row_floats));
  const double values = static_cast<double>(pieces.rows * kLanes);
  for (std::int64_t c = 0; c < channels; ++c) {
    double sum = 0.0;
    for (std::int64_t p = 0; p < pieces.count; ++p)
      sum += static_cast<double>(means[p * channels + c]) * static_cast<double>(pieces.rows_in(p) * kLanes);
    const double centre = sum / values;
    double total = 0.0;
    for (std::int64_t p = 0; p < pieces.count; ++p) {
      const double distance = means[p * channels + c] - centre;
      total += squares[p * channels + c] + distance * distance * static_cast<double>(pieces.rows_in(p) * kLanes);
    }
    mean[c] = static_cast<float>(centre);
    rstd[c] = static_cast<float>(1.0 / std::sqrt(total / values + kEpsilon));
    variance[c] = static_cast<float>(total / (values - 1.0));
  }
}

// y = (x - mean) * scale + beta.
void normalise(ConstTensorView x, TensorView y, const float* mean, const float* scale, const float* beta) {
  const std::int64_t channels = x.shape.channels;
  parallel_for(x.shape.slices() * x.shape.pixels(), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const float* const from = x.data + r * channels * kLanes;
      float* const to = y.data + r * channels * kLanes;
      for (std::int64_t c = 0; c < channels; ++c) {
        // Copies, because y might be any of them for all that the compiler knows.
        const float m = mean[c], s = scale[c], b = beta[c];
        for (std::int64_t i = c * kLanes; i < (c + 1) * kLanes; ++i) to[i] = (from[i] - m) * s + b;
      }
    }
  }, min_piece_of(channels * kLanes));
}

}  // namespace

BatchNorm2d::BatchNorm2d(const std::string& name, std::int64_t channels)
    : gamma_(name + ".gamma", {channels}),
      beta_(name + ".beta", {channels}),
      running_mean_(name + ".running_mean", {channels}),
      running_var_(name + ".running_var", {channels}) {
  check(channels > 0, name, " has ", channels, " channels, expected at least 1");
  std::fill(gamma_.value.begin(), gamma_.value.end(), 1.0f);
  std::fill(running_var_.value.begin(), running_var_.value.end(), 1.0f);
}

LaneShape BatchNorm2d::output_shape(const LaneShape& input) const {
  check_equal(input.channels, channels(), "channels of batch normalisation's input");
  return input;
}

std::int64_t BatchNorm2d::workspace_floats(const LaneShape& input) const {
  return Workspace::round_up(Pieces(input).partial_floats()) + 3 * Workspace::round_up(channels());
}

std::int64_t BatchNorm2d::record_floats(const LaneShape&) const { return 3 * channels() + 1; }

BatchNorm2d::BatchStatistics BatchNorm2d::batch_statistics(std::span<const float> record) const {
  const std::size_t c = static_cast<std::size_t>(channels());
  check_equal(record.size(), 3 * c + 1, "record of batch normalisation");
  return {record.subspan(0, c), record.subspan(c, c), record.subspan(2 * c, c), record[3 * c]};
}

void BatchNorm2d::forward(ConstTensorView x, TensorView y, std::span<float> record, Workspace& workspace, Mode mode) const {
  check_equal(y.shape, output_shape(x.shape), "output of batch normalisation");
  const std::int64_t c_count = channels();
  Workspace::Scope scope(workspace);
  float* const scale = workspace.take(c_count);
  if (mode == Mode::train) {
    check_equal(static_cast<std::int64_t>(record.size()), record_floats(x.shape), "record of batch normalisation");
    float* const mean = record.data();
    float* const rstd = mean + c_count;
    measure(x, mean, rstd, rstd + c_count, workspace.take(Pieces(x.shape).partial_floats()));
    record.back() = static_cast<float>(x.shape.batch * x.shape.pixels());
    for (std::int64_t c = 0; c < c_count; ++c) scale[c] = gamma_.value[c] * rstd[c];
    normalise(x, y, mean, scale, beta_.value.data());
    return;
  }
  for (std::int64_t c = 0; c < c_count; ++c)
    scale[c] = static_cast<float>(gamma_.value[c] / std::sqrt(running_var_.value[c] + kEpsilon));
  normalise(x, y, running_mean_.value.data(), scale, beta_.value.data());
}

void BatchNorm2d::backward(ConstTensorView x, ConstTensorView, ConstTensorView dy, TensorView dx, std::span<const float> record, Want want,
                           Workspace& workspace) {
  check_equal(dy.shape, output_shape(x.shape), "output gradient of batch normalisation");
  if (want.input) check_equal(dx.shape, x.shape, "input gradient of batch normalisation");
  const BatchStatistics batch = batch_statistics(record);
  const float* const mean = batch.mean.data();
  const Pieces pieces(x.shape);
  const std::int64_t c_count = channels();
  Workspace::Scope scope(workspace);
  float* const sums_dy = workspace.take(pieces.partial_floats());
  float* const sums_dy_x = sums_dy + pieces.count * c_count;
  parallel_for(pieces.count, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t p = begin; p < end; ++p) {
      const std::int64_t first = pieces.begin(p) * pieces.row_floats;
      for_channel_blocks(c_count, [&]<std::int64_t n>(std::int64_t c) {
        piece_gradient_sums<n>(x.data + first + c * kLanes, dy.data + first + c * kLanes, mean + c, pieces.rows_in(p), pieces.row_floats,
                               sums_dy + p * c_count + c, sums_dy_x + p * c_count + c);
      });
    }
  }, min_piece_of(pieces.rows_each * pieces.row_floats));

  // dx = gamma rstd (dy - mean(dy) - xhat mean(dy xhat)), written as scale dy - slope (x - mean) - offset.
  float* const scale = workspace.take(c_count);
  float* const slope = workspace.take(c_count);
  float* const offset = workspace.take(c_count);
  const double values = static_cast<double>(pieces.rows * kLanes);
  for (std::int64_t c = 0; c < c_count; ++c) {
    double sum_dy = 0.0;
    double sum_dy_x = 0.0;
    for (std::int64_t p = 0; p < pieces.count; ++p) {
      sum_dy += sums_dy[p * c_count + c];
      sum_dy_x += sums_dy_x[p * c_count + c];
    }
    const double rstd = batch.rstd[static_cast<std::size_t>(c)];
    if (want.params) {
      beta_.gradient[c] += static_cast<float>(sum_dy);
      gamma_.gradient[c] += static_cast<float>(sum_dy_x * rstd);
    }
    const double gain = gamma_.value[c] * rstd;
    scale[c] = static_cast<float>(gain);
    slope[c] = static_cast<float>(gain * rstd * rstd * sum_dy_x / values);
    offset[c] = static_cast<float>(gain * sum_dy / values);
  }
  if (!want.input) return;
  parallel_for(pieces.rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const float* const from_x = x.data + r * pieces.row_floats;
      const float* const from_dy = dy.data + r * pieces.row_floats;
      float* const to = dx.data + r * pieces.row_floats;
      for (std::int64_t c = 0; c < c_count; ++c) {
        const float m = mean[c], a = scale[c], b = slope[c], d = offset[c];
        for (std::int64_t i = c * kLanes; i < (c + 1) * kLanes; ++i) to[i] = (a * from_dy[i] - d) - b * (from_x[i] - m);
      }
    }
  }, min_piece_of(pieces.row_floats));
}

void BatchNorm2d::update_moving_statistics(std::span<const float> record) {
  const BatchStatistics batch = batch_statistics(record);
  if (!pool_.open) {
    for (std::int64_t c = 0; c < channels(); ++c) {
      const std::size_t i = static_cast<std::size_t>(c);
      running_mean_.value[c] += kBatchShare * (batch.mean[i] - running_mean_.value[c]);
      running_var_.value[c] += kBatchShare * (batch.variance[i] - running_var_.value[c]);
    }
    return;
  }
  const double before = pool_.values;
  pool_.values += batch.values;
  for (std::size_t c = 0; c < pool_.mean.size(); ++c) {
    const double distance = batch.mean[c] - pool_.mean[c];
    pool_.mean[c] += distance * batch.values / pool_.values;
    pool_.squares[c] += batch.variance[c] * (batch.values - 1.0) + distance * distance * before * batch.values / pool_.values;
  }
}

void BatchNorm2d::begin_calibration() {
  const std::size_t c = static_cast<std::size_t>(channels());
  pool_ = {true, 0.0, std::vector<double>(c), std::vector<double>(c)};
}

void BatchNorm2d::finish_calibration() {
  check(pool_.open && pool_.values > 0.0, "calibration of ", gamma_.name, " finished without a batch");
  for (std::int64_t c = 0; c < channels(); ++c) {
    running_mean_.value[c] = static_cast<float>(pool_.mean[static_cast<std::size_t>(c)]);
    running_var_.value[c] = static_cast<float>(pool_.squares[static_cast<std::size_t>(c)] / (pool_.values - 1.0));
  }
  pool_ = {};
}

}  // namespace pbgen
