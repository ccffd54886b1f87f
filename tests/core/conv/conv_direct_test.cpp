// The three products of a convolution against their definitions, on every path.
#include "core/conv/conv_direct.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kGuard = 12345.0f;
constexpr std::int64_t kGuardFloats = 16;

struct DirectCase {
  std::int64_t batch, height, width, c_big, c_small, kernel, stride;

  ConvGeometry geometry() const { return same_padding(height, width, kernel, stride); }
  ConvWeightShape weights() const { return {c_small, c_big, kernel}; }
  LaneShape big() const { return {batch, height, width, c_big}; }
  LaneShape small() const { return {batch, geometry().small_height, geometry().small_width, c_small}; }
};

void PrintTo(const DirectCase& c, std::ostream* out) {
  *out << "big " << c.big() << ", small " << c.small() << ", kernel " << c.kernel << ", stride " << c.stride;
}

// Channels around the blocks of 4, 6, 8 and 64; one to three slices; borders on every side; strides beyond the kernel.
std::vector<DirectCase> awkward_cases() {
  std::vector<DirectCase> cases;
  for (const std::int64_t kernel : {1, 3, 5})
    for (const std::int64_t stride : {1, 2, 3}) {
      cases.push_back({8, 1, 1, 1, 1, kernel, stride});
      cases.push_back({24, 2, 3, 5, 7, kernel, stride});
      cases.push_back({16, 7, 4, 13, 5, kernel, stride});
      cases.push_back({8, 6, 9, 2, 13, kernel, stride});
      cases.push_back({24, 5, 5, 65, 6, kernel, stride});
      cases.push_back({16, 4, 6, 12, 65, kernel, stride});
    }
  for (std::int64_t channels = 1; channels <= 26; ++channels) {
    cases.push_back({24, 4, 4, channels, 3, 5, 2});
    cases.push_back({24, 4, 4, 3, channels, 5, 2});
  }
  cases.push_back({8, 8, 8, 130, 129, 5, 2});
  cases.push_back({40, 3, 40, 9, 66, 5, 2});
  cases.push_back({8, 40, 33, 70, 8, 3, 2});
  cases.push_back({16, 33, 40, 8, 70, 5, 1});
  for (std::int64_t slices = 1; slices <= 9; ++slices) cases.push_back({slices * 8, 5, 4, 30, 17, 5, 2});
  cases.push_back({56, 20, 33, 66, 20, 5, 2});
  return cases;
}

std::vector<float> random_floats(std::int64_t count, std::uint64_t seed) {
  const CounterRng rng(seed, Stream::test);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) values[static_cast<std::size_t>(i)] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
  return values;
}

void fill_random(Tensor& tensor, std::uint64_t seed) {
  const std::vector<float> values = random_floats(tensor.floats(), seed);
  std::copy(values.begin(), values.end(), tensor.data());
}

std::vector<float> magnitudes(std::vector<float> values) {
  for (float& value : values) value = std::fabs(value);
  return values;
}

Tensor magnitudes(const Tensor& values) {
  Tensor result(values.shape());
  std::transform(values.data(), values.data() + values.floats(), result.data(), [](float value) { return std::fabs(value); });
  return result;
}

// An output full of NaN between guards.
class GuardedTensor {
 public:
  explicit GuardedTensor(const LaneShape& shape) : shape_(shape), storage_(shape.floats() + 2 * kGuardFloats) {
    std::fill(storage_.begin(), storage_.end(), kGuard);
    std::fill_n(storage_.data() + kGuardFloats, shape.floats(), kNaN);
  }
  TensorView view() { return {storage_.data() + kGuardFloats, shape_}; }
  bool guards_stand() const {
    return std::all_of(storage_.begin(), storage_.begin() + kGuardFloats, [](float value) { return value == kGuard; }) &&
           std::all_of(storage_.end() - kGuardFloats, storage_.end(), [](float value) { return value == kGuard; });
  }
  bool same_bits(const GuardedTensor& other) const {
    return std::memcmp(storage_.data(), other.storage_.data(), static_cast<std::size_t>(storage_.size()) * sizeof(float)) == 0;
  }

 private:
  LaneShape shape_;
  AlignedBuffer<float> storage_;
};

// The contract's bound.  expected and magnitude come from the definition: sums in double, rounded once, which the first and the
// second term allow for.
void expect_within_bound(ConstTensorView actual, ConstTensorView expected, ConstTensorView magnitude, std::int64_t terms,
                         const DirectCase& c) {
  const double unit = std::ldexp(1.0, -24);
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < actual.shape.floats(); ++i) {
    const double bound = unit * (std::fabs(expected.data[i]) + (static_cast<double>(terms) + 8.0) * magnitude.data[i] * (1.0 + unit));
    wrong += !(std::fabs(static_cast<double>(actual.data[i]) - expected.data[i]) <= bound);
  }
  EXPECT_EQ(wrong, 0) << "values out of bound, " << testing::PrintToString(c);
}

struct Problem {
  explicit Problem(const DirectCase& c)
      : sizes(c), weights(c.weights()), w(random_floats(c.weights().weights(), 1)), bias_small(random_floats(c.c_small, 2)),
        bias_big(random_floats(c.c_big, 3)), small(c.small()), big(c.big()) {
    fill_random(small, 4);
    fill_random(big, 5);
    weights.pack(w.data());
  }

  DirectCase sizes;
  DirectWeights weights;
  std::vector<float> w;
  std::vector<float> bias_small;
  std::vector<float> bias_big;
  Tensor small;
  Tensor big;
};

void expect_to_small(const Problem& p, bool with_bias) {
  const DirectCase& c = p.sizes;
  GuardedTensor actual(c.small());
  Tensor expected(c.small());
  Tensor magnitude(c.small());
  const std::vector<float> bias_magnitudes = magnitudes(p.bias_small);
  conv_to_small(c.geometry(), p.weights, with_bias ? p.bias_small.data() : nullptr, p.big.view(), actual.view());
  conv_to_small_ref(c.geometry(), c.weights(), p.w.data(), with_bias ? p.bias_small.data() : nullptr, p.big.view(), expected.view());
  conv_to_small_ref(c.geometry(), c.weights(), magnitudes(p.w).data(), with_bias ? bias_magnitudes.data() : nullptr,
                    magnitudes(p.big).view(), magnitude.view());
  expect_within_bound(actual.view(), expected.view(), magnitude.view(), c.c_big * c.kernel * c.kernel, c);
  EXPECT_TRUE(actual.guards_stand()) << testing::PrintToString(c);
}

// A tap of a stride meets a pixel: at most so many along an axis.
std::int64_t most_terms_to_big(const DirectCase& c) {
  const std::int64_t taps = (c.kernel + c.stride - 1) / c.stride;
  return c.c_small * taps * taps;
}

void expect_to_big(const Problem& p, bool with_bias) {
  const DirectCase& c = p.sizes;
  GuardedTensor actual(c.big());
  Tensor expected(c.big());
  Tensor magnitude(c.big());
  const std::vector<float> bias_magnitudes = magnitudes(p.bias_big);
  conv_to_big(c.geometry(), p.weights, with_bias ? p.bias_big.data() : nullptr, p.small.view(), actual.view());
  conv_to_big_ref(c.geometry(), c.weights(), p.w.data(), with_bias ? p.bias_big.data() : nullptr, p.small.view(), expected.view());
  conv_to_big_ref(c.geometry(), c.weights(), magnitudes(p.w).data(), with_bias ? bias_magnitudes.data() : nullptr,
                  magnitudes(p.small).view(), magnitude.view());
  expect_within_bound(actual.view(), expected.view(), magnitude.view(), most_terms_to_big(c), c);
  EXPECT_TRUE(actual.guards_stand()) << testing::PrintToString(c);
}

// Each test runs on each path that this machine has.
class ConvDirect : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, ConvDirect, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(ConvDirect, ToSmallMatchesItsDefinition) {
  for (const DirectCase& c : awkward_cases()) {
    const Problem problem(c);
    expect_to_small(problem, true);
    expect_to_small(problem, false);
  }
}

TEST_P(ConvDirect, ToBigMatchesItsDefinition) {
  for (const DirectCase& c : awkward_cases()) {
    const Problem problem(c);
    expect_to_big(problem, true);
    expect_to_big(problem, false);
  }
}

// Paddings that same_padding never gives: none, more than the kernel, extents that leave big pixels untouched.
TEST_P(ConvDirect, AnyPaddingIsRight) {
  for (const std::int64_t pad : {0, 2, 7})
    for (const std::int64_t small_extent : {1, 3, 6}) {
      const DirectCase c{16, 7, 7, 7, 9, 5, 2};
      const ConvGeometry g{.big_height = 7, .big_width = 7, .small_height = small_extent, .small_width = 4, .kernel = 5, .stride = 2,
                           .pad_top = pad, .pad_left = 7 - pad};
      DirectWeights weights(c.weights());
      const std::vector<float> w = random_floats(c.weights().weights(), 1);
      weights.pack(w.data());
      const std::vector<float> bias = random_floats(16, 2);
      Tensor big(c.big());
      Tensor small({16, small_extent, 4, 9});
      fill_random(big, 3);
      fill_random(small, 4);

      GuardedTensor to_big(big.shape());
      Tensor expected_big(big.shape());
      conv_to_big(g, weights, bias.data(), small.view(), to_big.view());
      conv_to_big_ref(g, c.weights(), w.data(), bias.data(), small.view(), expected_big.view());
      for (std::int64_t i = 0; i < expected_big.floats(); ++i)
        ASSERT_NEAR(to_big.view().data[i], expected_big.data()[i], 1e-4) << "pad " << pad;

      GuardedTensor to_small(small.shape());
      Tensor expected_small(small.shape());
      conv_to_small(g, weights, bias.data(), big.view(), to_small.view());
      conv_to_small_ref(g, c.weights(), w.data(), bias.data(), big.view(), expected_small.view());
      for (std::int64_t i = 0; i < expected_small.floats(); ++i)
        ASSERT_NEAR(to_small.view().data[i], expected_small.data()[i], 1e-4) << "pad " << pad;
      EXPECT_TRUE(to_big.guards_stand() && to_small.guards_stand());
    }
}

TEST_P(ConvDirect, ResultsDoNotDependOnTheNumberOfThreads) {
  const EagerScope eager;
  for (const DirectCase& c : {DirectCase{8, 6, 5, 9, 20, 5, 2},
                              {16, 4, 4, 31, 33, 5, 2},
                              {24, 8, 6, 70, 27, 3, 1},
                              {64, 4, 4, 13, 14, 5, 2},
                              {56, 5, 4, 65, 30, 5, 2}}) {
    set_thread_count(1);
    const Problem problem(c);
    GuardedTensor small(c.small());
    GuardedTensor big(c.big());
    conv_to_small(c.geometry(), problem.weights, problem.bias_small.data(), problem.big.view(), small.view());
    conv_to_big(c.geometry(), problem.weights, problem.bias_big.data(), problem.small.view(), big.view());
    for (const int count : {2, 3, 8, 16, 32}) {
      set_thread_count(count);
      const Problem again(c);
      GuardedTensor small_again(c.small());
      GuardedTensor big_again(c.big());
      conv_to_small(c.geometry(), again.weights, again.bias_small.data(), again.big.view(), small_again.view());
      conv_to_big(c.geometry(), again.weights, again.bias_big.data(), again.small.view(), big_again.view());
      EXPECT_TRUE(small.same_bits(small_again)) << count << " threads, " << testing::PrintToString(c);
      EXPECT_TRUE(big.same_bits(big_again)) << count << " threads, " << testing::PrintToString(c);
    }
  }
}

// An image's result depends neither on its lane nor on its neighbours in the batch.
TEST_P(ConvDirect, ASliceAloneIsTheSliceOfABatch) {
  const DirectCase whole{56, 6, 7, 16, 23, 5, 2};
  DirectCase alone = whole;
  alone.batch = 8;
  const Problem p(whole);
  Tensor big_outputs(whole.big());
  Tensor small_outputs(whole.small());
  conv_to_big(whole.geometry(), p.weights, nullptr, p.small.view(), big_outputs.view());
  conv_to_small(whole.geometry(), p.weights, nullptr, p.big.view(), small_outputs.view());
  for (std::int64_t slice = 0; slice < 7; ++slice) {
    Tensor big(alone.big());
    Tensor small(alone.small());
    conv_to_big(alone.geometry(), p.weights, nullptr, {p.small.data() + slice * small.floats(), alone.small()}, big.view());
    conv_to_small(alone.geometry(), p.weights, nullptr, {p.big.data() + slice * big.floats(), alone.big()}, small.view());
    EXPECT_TRUE(std::equal(big.data(), big.data() + big.floats(), big_outputs.data() + slice * big.floats()));
    EXPECT_TRUE(std::equal(small.data(), small.data() + small.floats(), small_outputs.data() + slice * small.floats()));
  }
}

// A sum in double and the sum of its terms' magnitudes.
struct Sum {
  double value = 0.0;
  double magnitude = 0.0;
  std::int64_t terms = 0;

  void add(double term) {
    value += term;
    magnitude += std::fabs(term);
    ++terms;
  }
  double bound() const { return static_cast<double>(terms + 8) * std::ldexp(magnitude, -24); }
};

// One layer at the paper's size: some of its outputs, each summed here.
TEST_P(ConvDirect, ThePapersSizesAreRight) {
  if (GetParam() == Isa::ref) GTEST_SKIP() << "on the reference path this would take long";
  const DirectCase c{32, 8, 8, 256, 512, 5, 2};
  const Problem p(c);
  const ConvGeometry g = c.geometry();
  GuardedTensor small(c.small());
  GuardedTensor big(c.big());
  conv_to_small(g, p.weights, p.bias_small.data(), p.big.view(), small.view());
  conv_to_big(g, p.weights, p.bias_big.data(), p.small.view(), big.view());
  const auto weight = [&](std::int64_t s, std::int64_t b, std::int64_t ky, std::int64_t kx) {
    return p.w[static_cast<std::size_t>((s * c.c_big + b) * 25 + ky * 5 + kx)];
  };
  const CounterRng rng(9, Stream::test);
  for (std::uint64_t sample = 0; sample < 200; ++sample) {
    const auto draw = [&](std::uint64_t number, std::int64_t below) {
      return static_cast<std::int64_t>(rng.uniform(sample * 8 + number, 0.0, static_cast<double>(below))) % below;
    };
    const std::int64_t image = draw(0, 32), sy = draw(1, 4), sx = draw(2, 4), s = draw(3, 512);
    const std::int64_t by = draw(4, 8), bx = draw(5, 8), b = draw(6, 256);
    Sum to_small;
    Sum to_big;
    to_small.add(p.bias_small[static_cast<std::size_t>(s)]);
    to_big.add(p.bias_big[static_cast<std::size_t>(b)]);
    for (std::int64_t ky = 0; ky < 5; ++ky)
      for (std::int64_t kx = 0; kx < 5; ++kx) {
        const std::int64_t y = 2 * sy + ky - g.pad_top;
        const std::int64_t x = 2 * sx + kx - g.pad_left;
        if (y >= 0 && y < 8 && x >= 0 && x < 8)
          for (std::int64_t i = 0; i < c.c_big; ++i)
            to_small.add(static_cast<double>(p.big.data()[c.big().index(image, y, x, i)]) * weight(s, i, ky, kx));
        const std::int64_t oy = by + g.pad_top - ky;
        const std::int64_t ox = bx + g.pad_left - kx;
        if (oy % 2 == 0 && ox % 2 == 0 && oy >= 0 && ox >= 0 && oy / 2 < 4 && ox / 2 < 4)
          for (std::int64_t i = 0; i < c.c_small; ++i)
            to_big.add(static_cast<double>(p.small.data()[c.small().index(image, oy / 2, ox / 2, i)]) * weight(i, b, ky, kx));
      }
    EXPECT_NEAR(small.view().data[c.small().index(image, sy, sx, s)], to_small.value, to_small.bound());
    EXPECT_NEAR(big.view().data[c.big().index(image, by, bx, b)], to_big.value, to_big.bound());
  }
}

// Weights follow the path: what one path packed is no other's, and repacking mends it.  The definition reads plain weights.
TEST_P(ConvDirect, WeightsOfAnotherPathAreRefused) {
  const DirectCase c{8, 4, 4, 6, 5, 5, 2};
  for (const Isa packed_for : machine_paths()) {
    if (packed_for == GetParam()) continue;
    set_isa(packed_for);
    Problem p(c);
    expect_to_big(p, true);
    set_isa(GetParam());
    if (GetParam() != Isa::ref) {
      Tensor big(c.big());
      EXPECT_THROW(conv_to_big(c.geometry(), p.weights, nullptr, p.small.view(), big.view()), std::logic_error);
      p.weights.pack(p.w.data());
    }
    expect_to_big(p, true);
  }
}

TEST_P(ConvDirect, ShapesThatDoNotFitAreRefused) {
  const DirectCase c{8, 4, 4, 3, 5, 5, 2};
  DirectWeights unpacked(c.weights());
  Tensor small(c.small());
  Tensor big(c.big());
  EXPECT_THROW(conv_to_big(c.geometry(), unpacked, nullptr, small.view(), big.view()), std::logic_error);
  const Problem p(c);
  Tensor other({8, 4, 4, 5});
  EXPECT_THROW(conv_to_big(c.geometry(), p.weights, nullptr, small.view(), other.view()), std::logic_error);
  EXPECT_THROW(conv_to_small(c.geometry(), p.weights, nullptr, other.view(), small.view()), std::logic_error);
  EXPECT_THROW(conv_to_small(same_padding(4, 4, 3, 2), p.weights, nullptr, big.view(), small.view()), std::logic_error);
  Tensor other_small({8, 2, 2, c.small().channels + 1});
  EXPECT_THROW(conv_to_small(c.geometry(), p.weights, nullptr, big.view(), other_small.view()), std::logic_error);
  EXPECT_THROW(DirectWeights({0, 3, 5}), std::logic_error);
}

}  // namespace
}  // namespace pbgen
