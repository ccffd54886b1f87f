// The weight gradient of convolutions against its definition, on every path.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/conv/conv_blocked.h"
#include "core/conv/conv_direct.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kGuard = 12345.0f;

struct Problem {
  ConvGeometry g;
  std::int64_t c_small;
  std::int64_t c_big;
  std::int64_t batch;
  std::int64_t offset = 0;  // of dw from its alignment

  LaneShape small_shape() const { return {batch, g.small_height, g.small_width, c_small}; }
  LaneShape big_shape() const { return {batch, g.big_height, g.big_width, c_big}; }
  std::int64_t weights() const { return c_small * c_big * g.taps(); }
};

void PrintTo(const Problem& p, std::ostream* out) {
  *out << p.small_shape() << " and " << p.big_shape() << ", kernel " << p.g.kernel << ", stride " << p.g.stride << ", pad " << p.g.pad_top
       << " and " << p.g.pad_left;
}

Tensor random_tensor(const LaneShape& shape, std::uint64_t seed) {
  const CounterRng rng(seed, Stream::test);
  Tensor tensor(shape);
  for (std::int64_t i = 0; i < tensor.floats(); ++i) tensor.data()[i] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
  return tensor;
}

template <class Function>
Tensor mapped(const Tensor& tensor, Function function) {
  Tensor result(tensor.shape());
  std::transform(tensor.data(), tensor.data() + tensor.floats(), result.data(), function);
  return result;
}

// What a caller holds: guards around dw, and scratch of just the declared size full of NaN.
struct Call {
  explicit Call(const Problem& p, float value)
      : offset(p.offset + 8), storage(static_cast<std::size_t>(p.weights() + p.offset + 16), kGuard) {
    std::fill_n(dw(), p.weights(), value);
  }
  float* dw() { return storage.data() + offset; }
  bool guards_stand(const Problem& p) const {
    return std::all_of(storage.begin(), storage.begin() + offset, [](float f) { return f == kGuard; }) &&
           std::all_of(storage.begin() + offset + p.weights(), storage.end(), [](float f) { return f == kGuard; });
  }

  std::int64_t offset;
  std::vector<float> storage;
};

Workspace nan_workspace(std::int64_t floats) {
  Workspace workspace(floats);
  const Workspace::Scope scope(workspace);
  std::fill_n(workspace.take(floats), floats, kNaN);
  return workspace;
}

enum class Way { chosen, wide };  // conv_weight_gradient, or the general kernel whatever the channels

void run(Way way, const Problem& p, const Tensor& small, const Tensor& big, float beta, float* dw) {
#if defined(__x86_64__)
  if (way == Way::wide) {
    const auto& leaves = isa() == Isa::avx512 ? conv_weight_gradient_leaf::kAvx512 : conv_weight_gradient_leaf::kAvx2;
    Workspace workspace = nan_workspace(conv_blocked::wide_weight_gradient_floats(leaves, p.g, small.shape(), big.shape()));
    return conv_blocked::wide_weight_gradient(leaves, p.g, small.view(), big.view(), beta, dw, workspace);
  }
#endif
  ASSERT_EQ(way, Way::chosen);
  Workspace workspace = nan_workspace(conv_weight_gradient_floats(p.g, small.shape(), big.shape()));
  conv_weight_gradient(p.g, small.view(), big.view(), beta, dw, workspace);
}

// Compares with the definition within the contract's bound; sums of ones count the terms.
void expect_parity(const Problem& p) {
  const Tensor small = random_tensor(p.small_shape(), 1);
  const Tensor big = random_tensor(p.big_shape(), 2);
  const auto size = static_cast<std::size_t>(p.weights());
  std::vector<float> expected(size, kNaN), magnitude(size, kNaN), terms(size, kNaN), before(size);
  const auto sum = [&](const Tensor& s, const Tensor& b, std::vector<float>& dw) {
    conv_weight_gradient_ref(p.g, s.view(), b.view(), 0.0f, dw.data());
  };
  const auto absolute = [](float f) { return std::fabs(f); };
  const auto one = [](float) { return 1.0f; };
  sum(small, big, expected);
  sum(mapped(small, absolute), mapped(big, absolute), magnitude);
  sum(mapped(small, one), mapped(big, one), terms);
  const CounterRng rng(3, Stream::test);
  for (std::size_t i = 0; i < size; ++i) before[i] = static_cast<float>(rng.uniform(i, -1.0, 1.0));

  const bool is_ref = isa() == Isa::ref;
  for (const Way way : {Way::chosen, Way::wide}) {
    if (way == Way::wide && is_ref) continue;
    for (const float beta : {0.0f, 1.0f}) {
      Call call(p, kNaN);
      if (beta == 1.0f) std::copy(before.begin(), before.end(), call.dw());
      run(way, p, small, big, beta, call.dw());
      std::int64_t wrong = 0;
      for (std::size_t i = 0; i < size; ++i) {
        const double old = beta == 1.0f ? static_cast<double>(before[i]) : 0.0;
        const double unit = (static_cast<double>(terms[i]) + 8.0) * std::ldexp(1.0, -24);
        const double bound = unit * (static_cast<double>(magnitude[i]) + std::fabs(old));
        wrong += !(std::fabs(static_cast<double>(call.dw()[i]) - (static_cast<double>(expected[i]) + old)) <= bound);
      }
      EXPECT_EQ(wrong, 0) << "of " << size << " out of bound, beta " << beta << ", way " << static_cast<int>(way) << ", "
                          << testing::PrintToString(p);
      EXPECT_TRUE(call.guards_stand(p)) << testing::PrintToString(p);
    }
  }
}

// Each test runs on each path that this machine has.
class ConvWeightGradient : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, ConvWeightGradient, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(ConvWeightGradient, EveryNumberOfBigChannelsIsRight) {
  for (std::int64_t c_big = 1; c_big <= 26; ++c_big) expect_parity({same_padding(6, 4), 3 + c_big % 4, c_big, 8, c_big % 8});
}

TEST_P(ConvWeightGradient, EveryNumberOfSmallChannelsIsRight) {
  for (std::int64_t c_small = 1; c_small <= 66; ++c_small) expect_parity({same_padding(4, 6), c_small, 5 + c_small % 4, 8, c_small % 8});
}

TEST_P(ConvWeightGradient, KernelsStridesAndExtentsAreRight) {
  for (const std::int64_t kernel : {1, 2, 3, 4, 5, 7})
    for (const std::int64_t stride : {1, 2, 3, 4})
      for (const std::int64_t height : {1, 2, 5, 8})
        for (const std::int64_t width : {1, 3, 7}) expect_parity({same_padding(height, width, kernel, stride), 9, 7, 8});
}

TEST_P(ConvWeightGradient, AnyPaddingIsRight) {
  for (std::int64_t pad_top = 0; pad_top <= 6; ++pad_top)
    for (std::int64_t pad_left = 0; pad_left <= 4; pad_left += 2) {
      const ConvGeometry g{.big_height = 5, .big_width = 9, .small_height = 4, .small_width = 6, .kernel = 4, .stride = 2,
                           .pad_top = pad_top, .pad_left = pad_left};
      expect_parity({g, 5, 6, 8});
    }
}

// A tap that no pixel meets has a gradient of 0.
TEST_P(ConvWeightGradient, TapsOutsideAreZero) {
  const ConvGeometry g{.big_height = 2, .big_width = 2, .small_height = 1, .small_width = 1, .kernel = 7, .stride = 3, .pad_top = 2,
                       .pad_left = 5};
  expect_parity({g, 17, 10, 16});
}

TEST_P(ConvWeightGradient, SlicesTogetherAndLargeImagesInPiecesAreRight) {
  expect_parity({same_padding(2, 2), 16, 12, 8 * 70});      // chunks of 64 slices
  expect_parity({same_padding(8, 8), 20, 14, 8 * 5});       // of 4 slices
  expect_parity({same_padding(26, 26), 8, 8, 16});          // of some rows
  expect_parity({same_padding(3, 300), 9, 5, 8});           // of parts of a row
  expect_parity({same_padding(9, 75, 3, 1), 16, 6, 16});
}

// More than one group of slices: the copies of all slices would take more than a group's share.
TEST_P(ConvWeightGradient, GroupsOfSlicesAddUp) {
  const Problem p{same_padding(64, 64, 3, 2), 17, 37, 24};
  expect_parity(p);
  if (GetParam() != Isa::ref) {
    EXPECT_LT(conv_weight_gradient_floats(p.g, p.small_shape(), p.big_shape()), p.small_shape().floats() + p.big_shape().floats());
  }
}

TEST_P(ConvWeightGradient, TheBitsDoNotDependOnTheThreads) {
  const EagerScope eager;
  const Problem problems[] = {
      {same_padding(8, 8), 40, 50, 40},
      {same_padding(16, 16), 33, 8, 16},
      {same_padding(32, 32, 3, 1), 6, 64, 8},
      {same_padding(4, 4, 4, 3), 1, 5, 8},
  };
  for (const Problem& p : problems) {
    const Tensor small = random_tensor(p.small_shape(), 1);
    const Tensor big = random_tensor(p.big_shape(), 2);
    const Tensor before = random_tensor({8, 1, p.weights(), 1}, 3);
    std::vector<std::vector<float>> results;
    for (const int threads : {1, 2, 3, 7, 16, 32}) {
      set_thread_count(threads);
      std::vector<float> dw(before.data(), before.data() + p.weights());
      run(Way::chosen, p, small, big, 1.0f, dw.data());
      results.push_back(dw);
      EXPECT_EQ(results.front(), results.back()) << threads << " threads, " << testing::PrintToString(p);
    }
  }
}

// The model's own sizes, too many sums for the definition: some of them against doubles.
TEST_P(ConvWeightGradient, SumsOfTheModelAreRight) {
  if (GetParam() == Isa::ref) GTEST_SKIP() << "on the reference path this would take minutes";
  const Problem problems[] = {
      {same_padding(8, 8), 512, 256, 64}, {same_padding(16, 16), 256, 128, 64}, {same_padding(32, 32), 128, 64, 64}};
  for (const Problem& p : problems) {
    const Tensor small = random_tensor(p.small_shape(), 1);
    const Tensor big = random_tensor(p.big_shape(), 2);
    std::vector<float> dw(static_cast<std::size_t>(p.weights()), kNaN);
    run(Way::chosen, p, small, big, 0.0f, dw.data());
    EXPECT_TRUE(std::all_of(dw.begin(), dw.end(), [](float f) { return std::isfinite(f); })) << testing::PrintToString(p);
    const CounterRng rng(4, Stream::test);
    for (std::uint64_t i = 0; i < 100; ++i) {
      const auto weight = static_cast<std::int64_t>(rng.below(i, static_cast<std::uint64_t>(p.weights())));
      const std::int64_t ky = weight % p.g.taps() / p.g.kernel;
      const std::int64_t kx = weight % p.g.kernel;
      const std::int64_t b = weight / p.g.taps() % p.c_big;
      const std::int64_t s = weight / p.g.taps() / p.c_big;
      double sum = 0.0;
      double magnitude = 0.0;
      std::int64_t terms = 0;
      for (std::int64_t image = 0; image < p.batch; ++image)
        for (std::int64_t y = 0; y < p.g.small_height; ++y)
          for (std::int64_t x = 0; x < p.g.small_width; ++x) {
            const std::int64_t by = p.g.stride * y + ky - p.g.pad_top;
            const std::int64_t bx = p.g.stride * x + kx - p.g.pad_left;
            if (by < 0 || by >= p.g.big_height || bx < 0 || bx >= p.g.big_width) continue;
            const double term = static_cast<double>(small.data()[small.shape().index(image, y, x, s)]) *
                                static_cast<double>(big.data()[big.shape().index(image, by, bx, b)]);
            sum += term;
            magnitude += std::fabs(term);
            ++terms;
          }
      const double error = std::fabs(static_cast<double>(dw[static_cast<std::size_t>(weight)]) - sum);
      EXPECT_TRUE(error <= (static_cast<double>(terms) + 8.0) * std::ldexp(1.0, -24) * magnitude)
          << "weight " << weight << ", error " << error << ", " << testing::PrintToString(p);
    }
  }
}

// A leaf that ran in place of the definition, or the reverse, could not give both of these.
TEST_P(ConvWeightGradient, TheChosenPathIsTheOneThatRuns) {
  const Problem p{same_padding(16, 16), 16, 12, 16};
  const Tensor small = random_tensor(p.small_shape(), 1);
  const Tensor big = random_tensor(p.big_shape(), 2);
  std::vector<float> dw(static_cast<std::size_t>(p.weights()), kNaN), reference = dw;
  run(Way::chosen, p, small, big, 0.0f, dw.data());
  conv_weight_gradient_ref(p.g, small.view(), big.view(), 0.0f, reference.data());
  EXPECT_EQ(dw == reference, GetParam() == Isa::ref);
}

TEST_P(ConvWeightGradient, AWrongCallIsRefused) {
  const Problem p{same_padding(4, 4), 3, 5, 8};
  const Tensor small(p.small_shape());
  const Tensor big(p.big_shape());
  const Tensor other({8, 4, 5, 5});
  std::vector<float> dw(static_cast<std::size_t>(p.weights()));
  EXPECT_NO_THROW(run(Way::chosen, p, small, big, 0.0f, dw.data()));
  EXPECT_THROW(run(Way::chosen, p, small, other, 0.0f, dw.data()), std::logic_error);
  EXPECT_THROW(run(Way::chosen, p, small, big, 0.5f, dw.data()), std::logic_error);
  EXPECT_THROW(run(Way::chosen, p, small, big, kNaN, dw.data()), std::logic_error);
}

}  // namespace
}  // namespace pbgen
