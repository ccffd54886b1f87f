// The products by Winograd's algorithm against their definitions, on every path that has it, within the bound of its header.
#include "core/conv/winograd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/conv/conv_direct.h"
#include "core/conv/winograd_transform.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

using winograd_transform::points_of;
using winograd_transform::points_to_taps;
using winograd_transform::taps_to_points;
using winograd_transform::transform_input;
using winograd_transform::transform_input_adjoint;
using winograd_transform::transform_output;
using winograd_transform::transform_output_adjoint;

constexpr double kUnit = 0x1p-24;

struct Case {
  std::int64_t batch, height, width, c_small, c_big;  // of the small side

  ConvGeometry geometry() const { return same_padding(2 * height, 2 * width); }
  ConvWeightShape weights() const { return {.c_small = c_small, .c_big = c_big}; }
  LaneShape small() const { return {batch, height, width, c_small}; }
  LaneShape big() const { return {batch, 2 * height, 2 * width, c_big}; }
};

void PrintTo(const Case& c, std::ostream* out) { *out << "small " << c.small() << ", big channels " << c.c_big; }

// One to five slices, so that a group of two lacks one; one tile and several, in both directions; channels around the blocks of 64; more
// columns than a pass has; more than the gradient has in a chunk.
const Case kCases[] = {
    {8, 4, 4, 32, 16},   {24, 4, 8, 64, 48},  {16, 8, 4, 96, 32},  {40, 8, 12, 32, 64},
    {16, 4, 4, 160, 80}, {8, 12, 12, 64, 16}, {64, 4, 4, 64, 144}, {24, 16, 16, 32, 32},
};

// Columns for several chunks of the gradient, on either path.
const Case kChunks{72, 24, 24, 32, 16};

std::vector<float> random_floats(std::int64_t count, std::uint64_t seed) {
  const CounterRng rng(seed, Stream::test);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) values[static_cast<std::size_t>(i)] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
  return values;
}

Tensor random_tensor(const LaneShape& shape, std::uint64_t seed) {
  Tensor tensor(shape);
  const std::vector<float> values = random_floats(tensor.floats(), seed);
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

void fill_nan(float* values, std::int64_t count) { std::fill_n(values, count, std::numeric_limits<float>::quiet_NaN()); }

struct Problem {
  explicit Problem(const Case& c)
      : sizes(c),
        w(random_floats(c.weights().weights(), 1)),
        bias_small(random_floats(c.c_small, 2)),
        bias_big(random_floats(c.c_big, 3)),
        small(random_tensor(c.small(), 4)),
        big(random_tensor(c.big(), 5)),
        weights(c.weights()),
        workspace(winograd_floats(c.geometry(), c.small(), c.big())) {
    weights.pack(w.data());
    const Workspace::Scope scope(workspace);
    fill_nan(workspace.take(workspace.floats()), workspace.floats());
  }

  Tensor to_big(bool with_bias = true) {
    Tensor result(sizes.big());
    fill_nan(result.data(), result.floats());
    winograd_to_big(sizes.geometry(), weights, with_bias ? bias_big.data() : nullptr, small.view(), result.view(), workspace);
    return result;
  }
  Tensor to_small(bool with_bias = true) {
    Tensor result(sizes.small());
    fill_nan(result.data(), result.floats());
    winograd_to_small(sizes.geometry(), weights, with_bias ? bias_small.data() : nullptr, big.view(), result.view(), workspace);
    return result;
  }
  std::vector<float> weight_gradient() {
    std::vector<float> dw(w.size(), std::numeric_limits<float>::quiet_NaN());
    winograd_weight_gradient(sizes.geometry(), small.view(), big.view(), 0.0f, dw.data(), workspace);
    return dw;
  }

  Case sizes;
  std::vector<float> w;
  std::vector<float> bias_small;
  std::vector<float> bias_big;
  Tensor small;
  Tensor big;
  WinogradWeights weights;
  Workspace workspace;
};

// The magnitudes of the algorithm's matrices: each function of one axis, applied to magnitudes with every constant's sign dropped.
struct Magnitude {
  using Value = double;
  static double from(winograd_transform::Ratio c) {
    return std::fabs(static_cast<double>(c.numerator) / static_cast<double>(c.denominator));
  }
  static Value add(Value x, Value y) { return x + y; }
  static Value subtract(Value x, Value y) { return x + y; }
  static Value scaled(winograd_transform::Ratio c, Value x) { return from(c) * x; }
  static Value scaled_sum(winograd_transform::Ratio c, Value x, Value y) { return from(c) * x + y; }
};

// Magnitudes of all points and back, tile by tile, in double: M of the header.
class MagnitudeModel {
 public:
  explicit MagnitudeModel(const Problem& p) : p_(p), c_(p.sizes) {
    w_.resize(static_cast<std::size_t>(c_.c_small * c_.c_big * 4));
    for (std::int64_t i = 0; i < c_.c_small * c_.c_big; ++i) {
      double taps[25];
      for (int t = 0; t < 25; ++t) taps[t] = std::fabs(p.w[static_cast<std::size_t>(i * 25 + t)]);
      taps_to_points<Magnitude, 0, 0>(taps, w_[static_cast<std::size_t>(i * 4)].at);
      taps_to_points<Magnitude, 0, 1>(taps, w_[static_cast<std::size_t>(i * 4 + 1)].at);
      taps_to_points<Magnitude, 1, 0>(taps, w_[static_cast<std::size_t>(i * 4 + 2)].at);
      taps_to_points<Magnitude, 1, 1>(taps, w_[static_cast<std::size_t>(i * 4 + 3)].at);
    }
  }

  // The outputs of one image and tile, by [y][x] of the big side's 8x8 and channel.
  void to_big(std::int64_t image, std::int64_t tile_y, std::int64_t tile_x, std::int64_t channel, std::vector<double>& out) const {
    out.assign(64, 0.0);
    Points sums[4] = {};
    for (std::int64_t k = 0; k < c_.c_small; ++k) {
      const Points v = small_points(image, tile_y, tile_x, k);
      for (int phase = 0; phase < 4; ++phase)
        for_points(phase, [&](int point, int q) { sums[phase].at[point] += v.at[q] * weight(k, channel, phase).at[point]; });
    }
    for (int phase = 0; phase < 4; ++phase) {
      double pixels[16];
      output(phase, sums[phase].at, pixels);
      for (int i = 0; i < 16; ++i) {
        const int at = (i / 4 * 2 + phase / 2) * 8 + i % 4 * 2 + phase % 2;
        out[static_cast<std::size_t>(at)] = pixels[i];
      }
    }
  }

  // The small side's whole image, one channel, by pixel.
  std::vector<double> to_small(std::int64_t image, std::int64_t channel) const {
    std::vector<double> out(static_cast<std::size_t>(c_.height * c_.width), 0.0);
    for (std::int64_t tile_y = 0; tile_y < c_.height / 4; ++tile_y)
      for (std::int64_t tile_x = 0; tile_x < c_.width / 4; ++tile_x) {
        Points sums = {};
        for (std::int64_t b = 0; b < c_.c_big; ++b)
          for (int phase = 0; phase < 4; ++phase) {
            const Points y = big_points(image, tile_y, tile_x, b, phase);
            for_points(phase, [&](int point, int q) { sums.at[q] += y.at[point] * weight(channel, b, phase).at[point]; });
          }
        double half[36];
        double pixels[36];
        for (int x = 0; x < 6; ++x) transform_input_adjoint<Magnitude, 6, 6>(sums.at + x, half + x);
        for (int y = 0; y < 6; ++y) transform_input_adjoint<Magnitude, 1, 1>(half + 6 * y, pixels + 6 * y);
        for (int i = 0; i < 36; ++i) {
          const std::int64_t y = 4 * tile_y - 1 + i / 6;
          const std::int64_t x = 4 * tile_x - 1 + i % 6;
          if (y >= 0 && x >= 0 && y < c_.height && x < c_.width) out[static_cast<std::size_t>(y * c_.width + x)] += pixels[i];
        }
      }
    return out;
  }

  // The 25 taps of one pair of channels.
  std::vector<double> weight_gradient(std::int64_t k, std::int64_t b) const {
    Points sums[4] = {};
    for (std::int64_t image = 0; image < c_.batch; ++image)
      for (std::int64_t tile_y = 0; tile_y < c_.height / 4; ++tile_y)
        for (std::int64_t tile_x = 0; tile_x < c_.width / 4; ++tile_x) {
          const Points v = small_points(image, tile_y, tile_x, k);
          for (int phase = 0; phase < 4; ++phase) {
            const Points y = big_points(image, tile_y, tile_x, b, phase);
            for_points(phase, [&](int point, int q) { sums[phase].at[point] += v.at[q] * y.at[point]; });
          }
        }
    std::vector<double> taps(25);
    points_to_taps<Magnitude, 0, 0>(sums[0].at, taps.data());
    points_to_taps<Magnitude, 0, 1>(sums[1].at, taps.data());
    points_to_taps<Magnitude, 1, 0>(sums[2].at, taps.data());
    points_to_taps<Magnitude, 1, 1>(sums[3].at, taps.data());
    return taps;
  }

 private:
  struct Points {
    double at[36];
  };

  template <class Body>
  static void for_points(int phase, const Body& body) {
    const int width = winograd_transform::points_of(phase % 2);
    const int points = winograd_transform::points_of(phase / 2) * width;
    for (int point = 0; point < points; ++point) body(point, point / width * 6 + point % width);
  }
  const Points& weight(std::int64_t k, std::int64_t b, int phase) const {
    return w_[static_cast<std::size_t>((k * c_.c_big + b) * 4 + phase)];
  }

  Points small_points(std::int64_t image, std::int64_t tile_y, std::int64_t tile_x, std::int64_t k) const {
    double d[36];
    double half[36];
    Points v;
    for (int i = 0; i < 36; ++i) {
      const std::int64_t y = 4 * tile_y - 1 + i / 6;
      const std::int64_t x = 4 * tile_x - 1 + i % 6;
      const bool inside = y >= 0 && x >= 0 && y < c_.height && x < c_.width;
      d[i] = inside ? std::fabs(p_.small.data()[c_.small().index(image, y, x, k)]) : 0.0;
    }
    for (int x = 0; x < 6; ++x) transform_input<Magnitude, 6, 6>(d + x, half + x);
    for (int y = 0; y < 6; ++y) transform_input<Magnitude, 1, 1>(half + 6 * y, v.at + 6 * y);
    return v;
  }

  template <int py, int px>
  static void evaluate(const double* pixels, double* points) {
    double half[24];
    for (int x = 0; x < 4; ++x) transform_output_adjoint<Magnitude, py, 4, 4>(pixels + x, half + x);
    for (int y = 0; y < points_of(py); ++y) transform_output_adjoint<Magnitude, px, 1, 1>(half + 4 * y, points + points_of(px) * y);
  }
  Points big_points(std::int64_t image, std::int64_t tile_y, std::int64_t tile_x, std::int64_t b, int phase) const {
    double pixels[16];
    for (int i = 0; i < 16; ++i)
      pixels[i] =
          std::fabs(p_.big.data()[c_.big().index(image, 8 * tile_y + 2 * (i / 4) + phase / 2, 8 * tile_x + 2 * (i % 4) + phase % 2, b)]);
    Points points = {};
    (phase == 0 ? evaluate<0, 0> : phase == 1 ? evaluate<0, 1> : phase == 2 ? evaluate<1, 0> : evaluate<1, 1>)(pixels, points.at);
    return points;
  }

  template <int py, int px>
  static void interpolate(const double* points, double* pixels) {
    double half[24];
    for (int x = 0; x < points_of(px); ++x) transform_output<Magnitude, py, points_of(px), points_of(px)>(points + x, half + x);
    for (int y = 0; y < 4; ++y) transform_output<Magnitude, px, 1, 1>(half + points_of(px) * y, pixels + 4 * y);
  }
  static void output(int phase, const double* points, double* pixels) {
    (phase == 0 ? interpolate<0, 0> : phase == 1 ? interpolate<0, 1> : phase == 2 ? interpolate<1, 0> : interpolate<1, 1>)(points, pixels);
  }

  const Problem& p_;
  Case c_;
  std::vector<Points> w_;
};

// A sample of `below` numbers, both ends among them.
std::vector<std::int64_t> sample(std::int64_t below, std::int64_t most, std::uint64_t seed) {
  std::vector<std::int64_t> numbers{0, below - 1};
  const CounterRng rng(seed, Stream::test);
  for (std::int64_t i = 2; i < most; ++i) numbers.push_back(static_cast<std::int64_t>(rng.below(i, static_cast<std::uint64_t>(below))));
  return numbers;
}

// The bound's first order; what it leaves out is smaller by n * 2^-24.  The definition is rounded once.
double bound(double roundings, double magnitude, double expected) { return kUnit * (1.01 * roundings * magnitude + std::fabs(expected)); }

class Winograd : public OnEachPath {
 protected:
  void SetUp() override {
    OnEachPath::SetUp();
    if (!IsSkipped() && GetParam() == Isa::ref) GTEST_SKIP() << "the definition has no such algorithm";
  }
};
INSTANTIATE_TEST_SUITE_P(Paths, Winograd, testing::ValuesIn(kIsas), isa_of_test);

// The roundings of a chain of operations, one axis: B^T 2, A 2, B 4, A^T 3, G 4 and G^T 5 with their constants.
TEST_P(Winograd, ToBigIsWithinItsBound) {
  for (const Case& c : kCases) {
    Problem p(c);
    for (const bool with_bias : {true, false}) {
      const Tensor actual = p.to_big(with_bias);
      Tensor expected(c.big());
      conv_to_big_ref(c.geometry(), c.weights(), p.w.data(), with_bias ? p.bias_big.data() : nullptr, p.small.view(), expected.view());
      const double roundings = 64.0 + std::ceil(static_cast<double>(c.c_small) / 64.0) + 2 * 2 + 2 * 4 + 2 * 3 + 1;
      const MagnitudeModel model(p);
      std::vector<double> magnitude;
      for (const std::int64_t image : sample(c.batch, 4, 7))
        for (const std::int64_t channel : sample(c.c_big, 6, 8))
          for (std::int64_t tile = 0; tile < c.height * c.width / 16; ++tile) {
            const std::int64_t tile_y = tile / (c.width / 4);
            const std::int64_t tile_x = tile % (c.width / 4);
            model.to_big(image, tile_y, tile_x, channel, magnitude);
            for (std::int64_t i = 0; i < 64; ++i) {
              const std::int64_t at = c.big().index(image, 8 * tile_y + i / 8, 8 * tile_x + i % 8, channel);
              const double bias = with_bias ? std::fabs(p.bias_big[static_cast<std::size_t>(channel)]) : 0.0;
              const double most = bound(roundings, magnitude[static_cast<std::size_t>(i)] + bias, expected.data()[at]);
              ASSERT_TRUE(std::fabs(static_cast<double>(actual.data()[at]) - expected.data()[at]) <= most)
                  << testing::PrintToString(c) << ", image " << image << ", channel " << channel << ", tile " << tile << ", pixel " << i
                  << ": " << actual.data()[at] << ", expected " << expected.data()[at];
            }
          }
    }
  }
}

TEST_P(Winograd, ToSmallIsWithinItsBound) {
  for (const Case& c : kCases) {
    Problem p(c);
    for (const bool with_bias : {true, false}) {
      const Tensor actual = p.to_small(with_bias);
      Tensor expected(c.small());
      conv_to_small_ref(c.geometry(), c.weights(), p.w.data(), with_bias ? p.bias_small.data() : nullptr, p.big.view(), expected.view());
      // Four phases of blocks of channels; at most four tiles meet in a pixel.
      const double roundings = 64.0 + 4 * std::ceil(static_cast<double>(c.c_big) / 64.0) + 2 * 2 + 2 * 4 + 2 * 4 + 3 + 1;
      const MagnitudeModel model(p);
      for (const std::int64_t image : sample(c.batch, 4, 7))
        for (const std::int64_t channel : sample(c.c_small, 5, 8)) {
          const std::vector<double> magnitude = model.to_small(image, channel);
          for (std::int64_t i = 0; i < c.height * c.width; ++i) {
            const std::int64_t at = c.small().index(image, i / c.width, i % c.width, channel);
            const double bias = with_bias ? std::fabs(p.bias_small[static_cast<std::size_t>(channel)]) : 0.0;
            const double most = bound(roundings, magnitude[static_cast<std::size_t>(i)] + bias, expected.data()[at]);
            ASSERT_TRUE(std::fabs(static_cast<double>(actual.data()[at]) - expected.data()[at]) <= most)
                << testing::PrintToString(c) << ", image " << image << ", channel " << channel << ", pixel " << i << ": "
                << actual.data()[at] << ", expected " << expected.data()[at];
          }
        }
    }
  }
}

TEST_P(Winograd, TheWeightGradientIsWithinItsBound) {
  std::vector<Case> cases(std::begin(kCases), std::end(kCases));
  cases.push_back(kChunks);
  for (const Case& c : cases) {
    Problem p(c);
    const std::vector<float> actual = p.weight_gradient();
    std::vector<float> expected(actual.size());
    conv_weight_gradient_ref(c.geometry(), p.small.view(), p.big.view(), 0.0f, expected.data());
    // Partial sums of 128 images, where a group may lack its second slice; chunks are whole ones.
    const double partial = std::ceil(static_cast<double>((c.batch + 8) * c.height * c.width) / (16.0 * 128.0)) + 1;
    const MagnitudeModel model(p);
    for (const std::int64_t k : sample(c.c_small, 5, 7))
      for (const std::int64_t b : sample(c.c_big, 5, 8)) {
        const std::vector<double> magnitude = model.weight_gradient(k, b);
        for (std::int64_t t = 0; t < 25; ++t) {
          const std::size_t at = static_cast<std::size_t>((k * c.c_big + b) * 25 + t);
          const double most = bound(128.0 + partial + 2 * 2 + 2 * 2 + 2 * 5 + 1, magnitude[static_cast<std::size_t>(t)], expected[at]);
          ASSERT_TRUE(std::fabs(static_cast<double>(actual[at]) - expected[at]) <= most)
              << testing::PrintToString(c) << ", channels " << k << ", " << b << ", tap " << t << ": " << actual[at] << ", expected "
              << expected[at];
        }
      }
    // Every entry, by a bound of the whole: entries that were not sampled are no other sums.
    double squares = 0.0;
    for (const float value : expected) squares += static_cast<double>(value) * value;
    const double rms = std::sqrt(squares / static_cast<double>(expected.size()));
    for (std::size_t i = 0; i < actual.size(); ++i)
      ASSERT_TRUE(std::fabs(actual[i] - expected[i]) <= 1e-4 * rms) << testing::PrintToString(c);
  }
}

TEST_P(Winograd, TheWeightGradientIsAddedWhereBetaIsOne) {
  for (const Case& c : {kCases[1], kCases[7], kChunks}) {
    Problem p(c);
    const std::vector<float> alone = p.weight_gradient();
    std::vector<float> added(alone.size());
    for (std::size_t i = 0; i < added.size(); ++i) added[i] = static_cast<float>(i % 17);
    winograd_weight_gradient(c.geometry(), p.small.view(), p.big.view(), 1.0f, added.data(), p.workspace);
    for (std::size_t i = 0; i < added.size(); ++i) ASSERT_EQ(added[i], static_cast<float>(i % 17) + alone[i]);
  }
}

TEST_P(Winograd, TheWeightGradientOfChunksDoesNotDependOnThreads) {
  const EagerScope eager;
  set_thread_count(1);
  Problem alone(kChunks);
  const std::vector<float> dw = alone.weight_gradient();
  // More of them than there are blocks of channels take phases one by one.
  for (const int threads : {2, 7, 24}) {
    set_thread_count(threads);
    EXPECT_EQ(alone.weight_gradient(), dw) << threads << " threads";
    std::vector<float> added(dw.size(), 0.5f);
    winograd_weight_gradient(kChunks.geometry(), alone.small.view(), alone.big.view(), 1.0f, added.data(), alone.workspace);
    for (std::size_t i = 0; i < dw.size(); ++i) ASSERT_EQ(added[i], 0.5f + dw[i]) << threads << " threads";
  }
}

bool same_bits(const Tensor& x, const Tensor& y) {
  return std::memcmp(x.data(), y.data(), static_cast<std::size_t>(x.floats()) * sizeof(float)) == 0;
}

TEST_P(Winograd, ResultsDoNotDependOnTheNumberOfThreads) {
  const EagerScope eager;
  for (const Case& c : kCases) {
    set_thread_count(1);
    Problem alone(c);
    const Tensor big = alone.to_big();
    const Tensor small = alone.to_small();
    const std::vector<float> dw = alone.weight_gradient();
    for (const int threads : {2, 3, 8, 24}) {
      set_thread_count(threads);
      Problem p(c);
      EXPECT_TRUE(same_bits(p.to_big(), big)) << threads << " threads, " << testing::PrintToString(c);
      EXPECT_TRUE(same_bits(p.to_small(), small)) << threads << " threads, " << testing::PrintToString(c);
      EXPECT_EQ(p.weight_gradient(), dw) << threads << " threads, " << testing::PrintToString(c);
    }
  }
}

// An image's result depends neither on its lane nor on its neighbours in the batch, nor on whether its group has a second slice.
TEST_P(Winograd, ASliceAloneIsTheSliceOfABatch) {
  Case alone{8, 8, 8, 64, 32};
  Case whole = alone;
  whole.batch = 24;
  Problem p(whole);
  const Tensor big = p.to_big();
  const Tensor small = p.to_small();
  for (std::int64_t slice = 0; slice < 3; ++slice) {
    Problem one(alone);
    std::copy_n(p.small.data() + slice * one.small.floats(), one.small.floats(), one.small.data());
    std::copy_n(p.big.data() + slice * one.big.floats(), one.big.floats(), one.big.data());
    const Tensor one_big = one.to_big();
    const Tensor one_small = one.to_small();
    EXPECT_TRUE(std::equal(one_big.data(), one_big.data() + one_big.floats(), big.data() + slice * one_big.floats()));
    EXPECT_TRUE(std::equal(one_small.data(), one_small.data() + one_small.floats(), small.data() + slice * one_small.floats()));
  }
}

TEST_P(Winograd, MapsThatItCannotTakeAreNamed) {
  const ConvWeightShape shape{.c_small = 64, .c_big = 32};
  EXPECT_TRUE(winograd_takes(same_padding(16, 16), shape));
  EXPECT_FALSE(winograd_takes(same_padding(12, 16), shape));           // six rows
  EXPECT_FALSE(winograd_takes(same_padding(16, 4), shape));            // two columns
  EXPECT_FALSE(winograd_takes(same_padding(15, 16), shape));           // an odd extent, padding 2
  EXPECT_FALSE(winograd_takes(same_padding(16, 16, 3), {64, 32, 3}));  // another kernel
  EXPECT_FALSE(winograd_takes(same_padding(8, 8, 5, 1), shape));       // another stride
  EXPECT_FALSE(winograd_takes(same_padding(16, 16), {.c_small = 48, .c_big = 32}));
  EXPECT_FALSE(winograd_takes(same_padding(16, 16), {.c_small = 64, .c_big = 3}));
  ConvGeometry shifted = same_padding(16, 16);
  shifted.pad_left = 2;
  EXPECT_FALSE(winograd_takes(shifted, shape));

  const Case c{8, 4, 4, 64, 32};
  Problem p(c);
  Tensor big({8, 12, 16, 32});
  const Tensor small({8, 6, 8, 64});
  EXPECT_THROW(winograd_to_big(same_padding(12, 16), p.weights, nullptr, small.view(), big.view(), p.workspace), std::logic_error);
  EXPECT_THROW(winograd_floats(same_padding(12, 16), small.shape(), big.shape()), std::logic_error);
  WinogradWeights narrow({.c_small = 64, .c_big = 3});
  EXPECT_THROW(narrow.pack(p.w.data()), std::logic_error);
}

TEST_P(Winograd, OperandsThatDoNotFitAreRefused) {
  const Case c{8, 4, 4, 64, 32};
  Problem p(c);
  Tensor big(c.big());
  Tensor wide({8, 8, 8, 48});
  WinogradWeights unpacked(c.weights());
  EXPECT_THROW(winograd_to_big(c.geometry(), unpacked, nullptr, p.small.view(), big.view(), p.workspace), std::logic_error);
  EXPECT_THROW(winograd_to_big(c.geometry(), p.weights, nullptr, p.small.view(), wide.view(), p.workspace), std::logic_error);
  EXPECT_THROW(winograd_weight_gradient(c.geometry(), p.small.view(), p.big.view(), 0.5f, p.w.data(), p.workspace), std::logic_error);
}

TEST(WinogradPaths, WeightsOfOnePathAreRefusedOnAnother) {
  const std::vector<Isa> paths = fast_paths();
  if (paths.size() < 2) GTEST_SKIP() << "one path alone";
  const Isa before = isa();
  set_isa(paths[0]);
  const Case c{16, 4, 4, 32, 16};
  Problem p(c);
  set_isa(paths[1]);
  Tensor big(c.big());
  EXPECT_THROW(winograd_to_big(c.geometry(), p.weights, nullptr, p.small.view(), big.view(), p.workspace), std::logic_error);
  set_isa(Isa::ref);
  EXPECT_FALSE(winograd_takes(c.geometry(), c.weights()));
  set_isa(before);
}

}  // namespace
}  // namespace pbgen
