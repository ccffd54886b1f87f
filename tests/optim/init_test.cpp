// Initial weights: their moments, and that they depend on seed and place alone.
#include "optim/init.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/cpu.h"
#include "core/base/parallel.h"

namespace pbgen {
namespace {

constexpr std::int64_t kCount = 40000;

struct Sample {
  double mean = 0.0;
  double sd = 0.0;
  double furthest = 0.0;
};

Sample measure(const NamedArray& array) {
  Sample sample;
  for (const float v : array.value) sample.mean += v / static_cast<double>(kCount);
  for (const float v : array.value) {
    sample.sd += (v - sample.mean) * (v - sample.mean) / static_cast<double>(kCount);
    sample.furthest = std::max(sample.furthest, std::fabs(static_cast<double>(v)));
  }
  sample.sd = std::sqrt(sample.sd);
  return sample;
}

TEST(Init, NormalHasItsMoments) {
  NamedArray array("w", {kCount});
  fill_normal(array, 0.02, CounterRng(1, Stream::initialise, 3));
  const Sample sample = measure(array);
  // Five standard errors: 0.02 / sqrt(n) and 0.02 / sqrt(2n).
  EXPECT_NEAR(sample.mean, 0.0, 5.0 * 0.02 / 200.0);
  EXPECT_NEAR(sample.sd, 0.02, 5.0 * 0.02 / 282.0);
  EXPECT_GT(sample.furthest, 0.06);
}

TEST(Init, TruncatedNormalStaysWithinTwoStandardDeviations) {
  NamedArray array("w", {kCount});
  fill_truncated_normal(array, 0.02, CounterRng(1, Stream::initialise, 3));
  const Sample sample = measure(array);
  EXPECT_NEAR(sample.mean, 0.0, 5.0 * 0.0176 / 200.0);
  EXPECT_NEAR(sample.sd, 0.87963 * 0.02, 5.0 * 0.0176 / 282.0);
  EXPECT_LE(sample.furthest, static_cast<double>(0.04f));
  EXPECT_GT(sample.furthest, 0.039);
}

TEST(Init, DrawsDependOnSeedAndPlaceAlone) {
  const EagerScope eager;
  const int threads = thread_count();
  NamedArray one("w", {1000});
  NamedArray three("w", {1000});
  NamedArray other_place("w", {1000});
  NamedArray other_seed("w", {1000});
  set_thread_count(1);
  fill_normal(one, 0.02, CounterRng(1, Stream::initialise, 3));
  set_thread_count(3);
  fill_normal(three, 0.02, CounterRng(1, Stream::initialise, 3));
  set_thread_count(threads);
  fill_normal(other_place, 0.02, CounterRng(1, Stream::initialise, 4));
  fill_normal(other_seed, 0.02, CounterRng(2, Stream::initialise, 3));
  EXPECT_TRUE(std::equal(one.value.begin(), one.value.end(), three.value.begin()));
  for (std::int64_t i = 0; i < 1000; ++i) {
    ASSERT_NE(one.value[i], other_place.value[i]);
    ASSERT_NE(one.value[i], other_seed.value[i]);
  }
}

TEST(Init, ConstantFillsAll) {
  NamedArray array("gamma", {17});
  fill_constant(array, 1.0f);
  EXPECT_TRUE(std::all_of(array.value.begin(), array.value.end(), [](float v) { return v == 1.0f; }));
}

}  // namespace
}  // namespace pbgen
