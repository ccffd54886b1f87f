// The integer distance against sorting: equal, not near.
#include "metrics/fixed_wasserstein.h"

#include <gtest/gtest.h>

#if defined(__x86_64__)

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/rng.h"
#include "metrics/metric_kernels.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

const fixed_wasserstein_leaf::Leaves& leaves() { return *metric_kernels().fixed_wasserstein; }

struct Set {
  std::vector<std::int32_t> values;
  std::vector<std::uint8_t> weights;
  WeightedValues view() const { return {values, weights}; }
  std::int64_t total_weight() const {
    std::int64_t sum = 0;
    for (const std::uint8_t weight : weights) sum += weight;
    return sum;
  }
  // Fills up with values of weight 0, as whoever calls does.
  void pad() {
    while (values.size() % 16 != 0) {
      values.push_back(-7);
      weights.push_back(0);
    }
  }
};

std::int64_t by_sorting(const Set& a, const Set& b) {
  const auto written_out = [](const Set& set) {
    std::vector<std::int64_t> all;
    for (std::size_t i = 0; i < set.values.size(); ++i) all.insert(all.end(), set.weights[i], set.values[i]);
    std::sort(all.begin(), all.end());
    return all;
  };
  const std::vector<std::int64_t> sorted_a = written_out(a);
  const std::vector<std::int64_t> sorted_b = written_out(b);
  EXPECT_EQ(sorted_a.size(), sorted_b.size());
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < sorted_a.size(); ++i) sum += std::abs(sorted_a[i] - sorted_b[i]);
  return sum;
}

// Weights 1 but for every step-th pair of values, of which one has 3 and its neighbour, whose place it takes, 0 and 0.
Set make_set(std::int64_t count, std::int64_t step, const std::function<double(std::uint64_t)>& draw) {
  Set set;
  for (std::int64_t i = 0; i < count; ++i) {
    set.values.push_back(static_cast<std::int32_t>(std::llrint(std::clamp(draw(static_cast<std::uint64_t>(i)), -0x1p29, 0x1p29))));
    const std::int64_t rest = i % step;
    set.weights.push_back(rest == 0 && i + 2 < count ? 3 : (rest == 1 || rest == 2) && i - rest + 2 < count ? 0 : 1);
  }
  set.pad();
  return set;
}

class FixedWassersteinTest : public OnEachPath {
 protected:
  void SetUp() override {
    OnEachPath::SetUp();
    if (!IsSkipped() && metric_kernels().fixed_wasserstein == nullptr) GTEST_SKIP() << "the path " << name(isa()) << " has no such kernels";
  }
  const CounterRng rng_{11, Stream::test};
};
INSTANTIATE_TEST_SUITE_P(Paths, FixedWassersteinTest, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(FixedWassersteinTest, EqualsTheSumOfDifferencesOfSortedValues) {
  for (const std::int64_t count : {1, 2, 15, 16, 17, 1000, 40000}) {
    FixedWasserstein distance(leaves(), count);
    for (const double scale : {3.0, 1e4, 4e7}) {
      for (const double shift : {0.0, 0.02, 1.0, 1e3}) {
        // Cubes have the heavy tails that leave values outside the sampled range.
        const Set a = make_set(count, 5, [&](std::uint64_t i) { return scale * std::pow(rng_.normal(2 * i), 3.0); });
        const Set b = make_set(count, 7, [&](std::uint64_t i) { return scale * (1.1 * std::pow(rng_.normal(2 * i + 1), 3.0) + shift); });
        ASSERT_EQ(a.total_weight(), count);
        ASSERT_EQ(b.total_weight(), count);
        const std::int64_t expected = by_sorting(a, b);
        EXPECT_EQ(distance(a.view(), b.view()), expected) << count << " values, scale " << scale << ", shift " << shift;
        EXPECT_EQ(distance(b.view(), a.view()), expected);
      }
    }
  }
}

TEST_P(FixedWassersteinTest, TakesTheExtremes) {
  FixedWasserstein distance(leaves(), 32);
  const Set a = make_set(32, 100, [](std::uint64_t i) { return i % 2 == 0 ? -0x1p29 : 0x1p29; });
  const Set b = make_set(32, 100, [](std::uint64_t i) { return i % 4 == 0 ? -0x1p29 : 0x1p29 - 1.0; });
  EXPECT_EQ(distance(a.view(), b.view()), by_sorting(a, b));
  const Set equal = make_set(32, 100, [](std::uint64_t) { return 0x1p29; });
  EXPECT_EQ(distance(equal.view(), equal.view()), 0);
}

TEST_P(FixedWassersteinTest, OfASetAndItselfInAnotherOrderIsZero) {
  const Set a = make_set(9600, 6, [&](std::uint64_t i) { return 1e6 * rng_.normal(i); });
  const Set b{{a.values.rbegin(), a.values.rend()}, {a.weights.rbegin(), a.weights.rend()}};
  EXPECT_EQ(FixedWasserstein(leaves(), 9600)(a.view(), b.view()), 0);
}

TEST_P(FixedWassersteinTest, OutliersThatNoSampleShowsAreCounted) {
  const std::int64_t count = 100000;
  const Set a = make_set(count, 1000000, [&](std::uint64_t i) { return i == 54321 ? 5e8 : i == 54320 ? -5e8 : 1e3 * rng_.normal(i); });
  const Set b = make_set(count, 1000000, [&](std::uint64_t i) { return i == 777 ? 4e8 : 1e3 * rng_.normal(i + 1000000); });
  EXPECT_EQ(FixedWasserstein(leaves(), count)(a.view(), b.view()), by_sorting(a, b));
}

TEST_P(FixedWassersteinTest, HeavyWeightsFillMoreThanAWord) {
  // 40,000 values of weight 255 are more than the 2^22 that one word counts: all of them in two bins.
  Set a;
  Set b;
  for (int i = 0; i < 40000; ++i) {
    a.values.push_back(1000000 + i % 2);
    b.values.push_back(i % 3 == 0 ? 1000005 : 0);
    a.weights.push_back(255);
    b.weights.push_back(255);
  }
  EXPECT_EQ(FixedWasserstein(leaves(), 40000 * 255)(a.view(), b.view()), by_sorting(a, b));
}

TEST_P(FixedWassersteinTest, AWordIsNotFilledToItsBrim) {
  // A word counts up to 2^22 - 1: one value less, and as many as are one too many for it, in one bin.
  for (const std::int64_t total : {(1 << 22) - 1, 1 << 22}) {
    Set a;
    for (std::int64_t left = total; left > 0; left -= 255) {
      a.values.push_back(1000);
      a.weights.push_back(static_cast<std::uint8_t>(std::min<std::int64_t>(left, 255)));
    }
    a.pad();
    Set b = a;
    std::fill(b.values.begin(), b.values.end(), 3000);
    EXPECT_EQ(FixedWasserstein(leaves(), total)(a.view(), b.view()), 2000 * total);
  }
}

TEST_P(FixedWassersteinTest, RefusesTotalsThatItCannotCount) {
  EXPECT_THROW(FixedWasserstein(leaves(), 0), std::logic_error);
  EXPECT_THROW(FixedWasserstein(leaves(), std::int64_t{1} << 31), std::logic_error);
}

// SetUp() skips where there are none, and so would say nothing of a path that lost its own.
TEST(MetricKernels, FastPathsHaveAll) {
  const Isa before = isa();
  for (const Isa path : fast_paths()) {
    set_isa(path);
    EXPECT_NE(metric_kernels().patch_projection, nullptr) << name(path);
    EXPECT_NE(metric_kernels().fixed_wasserstein, nullptr) << name(path);
  }
  set_isa(before);
}

}  // namespace
}  // namespace pbgen

#endif
