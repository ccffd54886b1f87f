#include "layers/batchnorm2d.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/cuts.h"
#include "core/base/parallel.h"
#include "core/base/range.h"
#include "core/freestanding/ints.h"
#include "layers/layer_kernels.h"

namespace pbgen {
namespace {

using batchnorm_leaf::Block;
using batchnorm_leaf::Map;

static_assert(batchnorm_leaf::kWidth == kLanes);

constexpr float kBatchShare = 0.1f;  // 1 - decay

// A row is one pixel of a slice: channels * kLanes floats.  Sums over rows are taken piece by piece: in float within a
// piece, whose rows stay in cache while they are read twice and are few enough for float, in double over pieces.
struct Pieces {
  explicit Pieces(const LaneShape& shape)
      : rows(shape.slices() * shape.pixels()),
        channels(shape.channels),
        row_floats(shape.channels * kLanes),
        rows_each(std::clamp<std::int64_t>(kPieceFloats / row_floats, 1, kMostRows)),
        count(ceil_div(rows, rows_each)) {}

  std::int64_t begin(std::int64_t piece) const { return piece * rows_each; }
  std::int64_t rows_in(std::int64_t piece) const { return std::min(rows_each, rows - begin(piece)); }
  // Two numbers for each channel of each piece.
  std::int64_t partial_floats() const { return 2 * count * channels; }

  // Into how many parts of its channels a piece is cut, so that threads have work where pieces are few: sums are cut by the shape alone.
  std::int64_t parts() const {
    return further_parts(threads_worth_waking(rows, min_piece_of(row_floats)), count, ceil_div(channels, kLeastChannels));
  }
  // Calls body(piece, channels) for all parts of all pieces, threads splitting them.
  template <class Body>
  void for_each(Body body) const {
    const std::int64_t parts_each = parts();
    const std::int64_t blocks = ceil_div(channels, kLeastChannels);
    parallel_for(count * parts_each, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t item = first; item < last; ++item) {
        const Range part = piece_of(blocks, item % parts_each, parts_each);
        body(item / parts_each, Range{part.begin * kLeastChannels, std::min(part.end * kLeastChannels, channels)});
      }
    }, min_piece_of(rows_each * row_floats / parts_each));
  }
  // Calls body(first row, rows) for all rows, in descending order: what for_each has just read last is still in cache.
  template <class Body>
  void for_rows_backwards(Body body) const {
    parallel_for(rows, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t end = last; end > first; end -= rows_each) {
        const std::int64_t begin = std::max(end - rows_each, first);
        body(begin, end - begin);
      }
    }, min_piece_of(row_floats));
  }

  static constexpr std::int64_t kPieceFloats = 1 << 16;
  static constexpr std::int64_t kMostRows = 64;
  static constexpr std::int64_t kLeastChannels = 16;  // that a thread takes: their sums fill a cache line

  std::int64_t rows;
  std::int64_t channels;
  std::int64_t row_floats;
  std::int64_t rows_each;
  std::int64_t count;
};

// Channels whose sums over a piece are taken together: two such arrays of lanes are a part of L1.
constexpr std::int64_t kBlockChannels = 128;

// Calls body(first channel, number of channels).
template <class Body>
void for_channel_blocks(Range channels, Body body) {
  for (std::int64_t c = channels.begin; c < channels.end; c += kBlockChannels) body(c, std::min(kBlockChannels, channels.end - c));
}

double sum_of_lanes(const float* lanes) {
  double sums[kLanes / 2];
  for (std::int64_t i = 0; i < kLanes / 2; ++i) sums[i] = static_cast<double>(lanes[i]) + static_cast<double>(lanes[i + kLanes / 2]);
  return (sums[0] + sums[2]) + (sums[1] + sums[3]);
}

// means[c], squares[c] of a piece and some of its channels: the mean of rows * kLanes values and the summed squared distances from it.
void piece_moments(const batchnorm_leaf::Leaves& leaf, const float* x, std::int64_t rows, std::int64_t row_floats, Range channels,
                   float* means, float* squares) {
  for_channel_blocks(channels, [&](std::int64_t first, std::int64_t count) {
    const Block block{rows, count, row_floats};
    float sums[kBlockChannels * kLanes];
    std::fill_n(sums, count * kLanes, 0.0f);
    leaf.add_sums(block, x + first * kLanes, sums);
    for (std::int64_t c = 0; c < count; ++c)
      means[first + c] = static_cast<float>(sum_of_lanes(sums + c * kLanes) / static_cast<double>(rows * kLanes));
    std::fill_n(sums, count * kLanes, 0.0f);
    leaf.add_squares(block, x + first * kLanes, means + first, sums);
    for (std::int64_t c = 0; c < count; ++c) squares[first + c] = static_cast<float>(sum_of_lanes(sums + c * kLanes));
  });
}

// sums_g[c], sums_gx[c] of a piece and some of its channels: the sums of g and of g (x - mean), g being dy through the activation.
void piece_gradient_sums(const batchnorm_leaf::Leaves& leaf, const Map& map, const float* x, const float* dy, std::int64_t rows,
                         std::int64_t row_floats, Range channels, float* sums_g, float* sums_gx) {
  for_channel_blocks(channels, [&](std::int64_t first, std::int64_t count) {
    float plain[kBlockChannels * kLanes];
    float weighted[kBlockChannels * kLanes];
    std::fill_n(plain, count * kLanes, 0.0f);
    std::fill_n(weighted, count * kLanes, 0.0f);
    const Map part{map.mean + first, map.scale + first, map.shift + first, map.slope};
    leaf.add_gradient_sums({rows, count, row_floats}, part, x + first * kLanes, dy + first * kLanes, plain, weighted);
    for (std::int64_t c = 0; c < count; ++c) {
      sums_g[first + c] = static_cast<float>(sum_of_lanes(plain + c * kLanes));
      sums_gx[first + c] = static_cast<float>(sum_of_lanes(weighted + c * kLanes));
    }
  });
}

// The least channels, in groups of kLanes, for which a thread is woken to combine pieces: some microseconds' work, for which two threads or
// four are not waited for.
std::int64_t least_combined(const Pieces& pieces) { return thread_count() < 8 ? pieces.channels : 1; }

// Calls body(group) for all channels, kLanes of them a group: independent chains of sums.
template <class Body>
void for_channel_groups(const Pieces& pieces, Body body) {
  parallel_for(ceil_div(pieces.channels, kLanes), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t group = begin; group < end; ++group) body(Range{group * kLanes, std::min((group + 1) * kLanes, pieces.channels)});
  }, least_combined(pieces));
}

// Calls body(channel, sum over the pieces of term(piece, channel)) for a group's channels.
template <class Term, class Body>
void for_channel_sums(const Pieces& pieces, Range group, Term term, Body body) {
  double sums[kLanes] = {};
  for (std::int64_t p = 0; p < pieces.count; ++p)
    for (std::int64_t c = group.begin; c < group.end; ++c) sums[c - group.begin] += term(p, c);
  for (std::int64_t c = group.begin; c < group.end; ++c) body(c, sums[c - group.begin]);
}

// means[c], squares[c] of all of x: each channel's mean, and its values' summed squared distances from it.  partials:
// Pieces(x.shape).partial_floats() floats.
// Source of the combination: Chan, Golub, LeVeque, "Algorithms for computing the sample variance", 1983.
void measure(ConstTensorView x, double* means, double* squares, float* partials) {
  const Pieces pieces(x.shape);
  const std::int64_t channels = pieces.channels;
  const batchnorm_leaf::Leaves& leaf = layer_kernels().batchnorm;
  float* const piece_means = partials;
  float* const piece_squares = partials + pieces.count * channels;
  pieces.for_each([&](std::int64_t p, Range part) {
    piece_moments(leaf, x.data + pieces.begin(p) * pieces.row_floats, pieces.rows_in(p), pieces.row_floats, part,
                  piece_means + p * channels, piece_squares + p * channels);
  });
  const double values = static_cast<double>(pieces.rows * kLanes);
  const auto weight = [&](std::int64_t p) { return static_cast<double>(pieces.rows_in(p) * kLanes); };
  for_channel_groups(pieces, [&](Range group) {
    for_channel_sums(
        pieces, group, [&](std::int64_t p, std::int64_t c) { return piece_means[p * channels + c] * weight(p); },
        [&](std::int64_t c, double sum) { means[c] = static_cast<double>(static_cast<float>(sum / values)); });
    for_channel_sums(
        pieces, group,
        [&](std::int64_t p, std::int64_t c) {
          const double distance = static_cast<double>(piece_means[p * channels + c]) - means[c];
          return piece_squares[p * channels + c] + distance * distance * weight(p);
        },
        [&](std::int64_t c, double total) { squares[c] = total; });
  });
}

// Calls body(shard, its view) for this process's shards of a batch.
template <class View, class Body>
void for_each_shard(const Sharing& sharing, View view, Body body) {
  for (int shard = 0; shard < sharing.here(); ++shard) body(shard, part_of_batch(view, shard, sharing.here()));
}

void normalise(ConstTensorView x, TensorView y, const Map& map) {
  const Pieces pieces(x.shape);
  const batchnorm_leaf::Leaves& leaf = layer_kernels().batchnorm;
  pieces.for_rows_backwards([&](std::int64_t first, std::int64_t rows) {
    const std::int64_t at = first * pieces.row_floats;
    leaf.apply({rows, pieces.channels, pieces.row_floats}, map, x.data + at, y.data + at);
  });
}

}  // namespace

BatchNorm2d::BatchNorm2d(const std::string& name, std::int64_t channels, float slope)
    : slope_(slope),
      gamma_(name + ".gamma", {channels}),
      beta_(name + ".beta", {channels}),
      running_mean_(name + ".running_mean", {channels}),
      running_var_(name + ".running_var", {channels}) {
  check(channels > 0, name, " has ", channels, " channels, expected at least 1");
  check(slope >= 0.0f && slope <= 1.0f, name, " has slope ", slope, ", expected one in [0, 1]");
  std::fill(gamma_.value.begin(), gamma_.value.end(), 1.0f);
  std::fill(running_var_.value.begin(), running_var_.value.end(), 1.0f);
}

// In vectors that are read or written: the sums read twice, what combines them takes a few cycles for each number of a piece.
DealtWork BatchNorm2d::dealt(const LaneShape& input) {
  constexpr std::int64_t kCombine = 2;
  const Pieces pieces(input);
  const std::int64_t vectors = pieces.rows * pieces.channels;
  const std::int64_t groups = ceil_div(pieces.channels, kLanes);
  const std::int64_t combined = kCombine * pieces.count * kLanes;  // of a group
  const std::int64_t parts = pieces.parts();
  DealtWork work{4 * vectors + groups * combined, {}};
  work.regions.push_back(evenly_dealt(pieces.count * parts, min_piece_of(pieces.rows_each * pieces.row_floats / parts),
                                      2 * vectors / (pieces.count * parts)));
  work.regions.push_back(evenly_dealt(groups, least_combined(pieces), combined));
  work.regions.push_back(evenly_dealt(pieces.rows, min_piece_of(pieces.row_floats), 2 * pieces.channels));
  return work;
}

LaneShape BatchNorm2d::output_shape(const LaneShape& input) const {
  check_equal(input.channels, channels(), "channels of batch normalisation's input");
  return input;
}

void BatchNorm2d::share(const Sharing& sharing) {
  Layer::share(sharing);
  sharing_ = sharing;
}

LaneShape BatchNorm2d::shard_shape(LaneShape input) const {
  input.batch /= sharing_.here();
  return input;
}

std::int64_t BatchNorm2d::workspace_floats(const LaneShape& input) const {
  const std::int64_t merged = Workspace::doubles_as_floats(merged_doubles(sharing_, 2 * channels()));
  return Workspace::round_up(Pieces(shard_shape(input)).partial_floats()) + Workspace::round_up(merged) +
         3 * Workspace::round_up(channels());
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
    float* const partials = workspace.take(Pieces(shard_shape(x.shape)).partial_floats());
    double* const moments = workspace.take_doubles(merged_doubles(sharing_, 2 * c_count));
    for_each_shard(sharing_, x, [&](int shard, ConstTensorView images) {
      double* const means = moments + shard * 2 * c_count;
      measure(images, means, means + c_count, partials);
    });
    const double shard_values = static_cast<double>(shard_shape(x.shape).batch * x.shape.pixels());
    const double* const merged = merge_shards(sharing_, moments, 2 * c_count, [&](double* left, const double* right, int level) {
      const double values_each = std::ldexp(shard_values, level);
      for (std::int64_t c = 0; c < c_count; ++c) {
        const double distance = right[c] - left[c];
        left[c] = 0.5 * (left[c] + right[c]);
        left[c_count + c] += right[c_count + c] + distance * distance * 0.5 * values_each;
      }
    });
    float* const mean = record.data();
    float* const rstd = mean + c_count;
    const double values = shard_values * sharing_.shards;
    for (std::int64_t c = 0; c < c_count; ++c) {
      const double squares = merged[c_count + c];
      mean[c] = static_cast<float>(merged[c]);
      rstd[c] = static_cast<float>(1.0 / std::sqrt(squares / values + kEpsilon));
      rstd[c_count + c] = static_cast<float>(squares / (values - 1.0));
    }
    record.back() = static_cast<float>(values);
    for (std::int64_t c = 0; c < c_count; ++c) scale[c] = gamma_.value[c] * rstd[c];
    normalise(x, y, {mean, scale, beta_.value.data(), slope_});
    return;
  }
  for (std::int64_t c = 0; c < c_count; ++c)
    scale[c] = static_cast<float>(gamma_.value[c] / std::sqrt(running_var_.value[c] + BatchNorm2d::kEpsilon));
  normalise(x, y, {running_mean_.value.data(), scale, beta_.value.data(), slope_});
}

void BatchNorm2d::backward(ConstTensorView x, ConstTensorView, ConstTensorView dy, TensorView dx, std::span<const float> record, Want want,
                           Workspace& workspace) {
  check_equal(dy.shape, output_shape(x.shape), "output gradient of batch normalisation");
  if (want.input) check_equal(dx.shape, x.shape, "input gradient of batch normalisation");
  const BatchStatistics batch = batch_statistics(record);
  const Pieces pieces(x.shape);
  const batchnorm_leaf::Leaves& leaf = layer_kernels().batchnorm;
  const std::int64_t c_count = channels();
  Workspace::Scope scope(workspace);
  // The forward's own product and formula: whether the activation let a value through is found again from x, to the bit,
  // which reads less than y would.
  float* const scale = workspace.take(c_count);
  for (std::int64_t c = 0; c < c_count; ++c) scale[c] = gamma_.value[c] * batch.rstd[static_cast<std::size_t>(c)];
  const Map map{batch.mean.data(), scale, beta_.value.data(), slope_};
  const Pieces of_shard(shard_shape(x.shape));
  float* const sums_g = workspace.take(of_shard.partial_floats());
  float* const sums_gx = sums_g + of_shard.count * c_count;
  double* const sums = workspace.take_doubles(merged_doubles(sharing_, 2 * c_count));  // of g, and of g (x - mean), in every shard
  for_each_shard(sharing_, x, [&](int shard, ConstTensorView images) {
    const ConstTensorView gradients = part_of_batch(dy, shard, sharing_.here());
    of_shard.for_each([&](std::int64_t p, Range part) {
      const std::int64_t at = of_shard.begin(p) * of_shard.row_floats;
      piece_gradient_sums(leaf, map, images.data + at, gradients.data + at, of_shard.rows_in(p), of_shard.row_floats, part,
                          sums_g + p * c_count, sums_gx + p * c_count);
    });
    double* const of_g = sums + shard * 2 * c_count;
    double* const of_gx = of_g + c_count;
    AlignedBuffer<float>& beta_gradient = beta_.gradient_of(shard);
    AlignedBuffer<float>& gamma_gradient = gamma_.gradient_of(shard);
    for_channel_groups(of_shard, [&](Range group) {
      for_channel_sums(
          of_shard, group, [&](std::int64_t p, std::int64_t c) { return sums_g[p * c_count + c]; },
          [&](std::int64_t c, double sum) {
            if (want.params) beta_gradient[c] += static_cast<float>(sum);
            of_g[c] = sum;
          });
      for_channel_sums(
          of_shard, group, [&](std::int64_t p, std::int64_t c) { return sums_gx[p * c_count + c]; },
          [&](std::int64_t c, double sum) {
            const double rstd = batch.rstd[static_cast<std::size_t>(c)];
            if (want.params) gamma_gradient[c] += static_cast<float>(sum * rstd);
            of_gx[c] = sum;
          });
    });
  });
  if (!want.input) return;

  // dx = gamma rstd (g - mean(g) - xhat mean(g xhat)), written as scale g - offset - tilt (x - mean).
  float* const tilt = workspace.take(c_count);
  float* const offset = workspace.take(c_count);
  const double* const total = sum_shards(sharing_, sums, 2 * c_count);
  const double values = static_cast<double>(of_shard.rows * kLanes) * sharing_.shards;
  for (std::int64_t c = 0; c < c_count; ++c) {
    const double rstd = batch.rstd[static_cast<std::size_t>(c)];
    const double gain = gamma_.value[c] * rstd;
    offset[c] = static_cast<float>(gain * total[c] / values);
    tilt[c] = static_cast<float>(gain * rstd * rstd * total[c_count + c] / values);
  }
  pieces.for_rows_backwards([&](std::int64_t first, std::int64_t rows) {
    const std::int64_t at = first * pieces.row_floats;
    leaf.input_gradient({rows, c_count, pieces.row_floats}, map, tilt, offset, x.data + at, dy.data + at, dx.data + at);
  });
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
