// Random numbers: the published vectors of Philox, moments, and permutations.
#include "core/base/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

namespace pbgen {
namespace {

TEST(CounterRng, RandomBitsMatchThePublishedVectorForZeroKeyAndCounter) {
  // Random123's known-answer file, philox4x32 10, key 0, counter 0.
  const auto words = CounterRng(0, static_cast<Stream>(0), 0).block(0);
  EXPECT_EQ(words[0], 0x6627e8d5u);
  EXPECT_EQ(words[1], 0xe169c58du);
  EXPECT_EQ(words[2], 0xbc57ac4cu);
  EXPECT_EQ(words[3], 0x9b00dbd8u);
}

TEST(CounterRng, RandomBitsMatchThePublishedVectorForAllOnes) {
  // Same file: key and counter all ones.  The lane fills the counter's top byte.
  const auto words = CounterRng(~0ull, static_cast<Stream>(0xffffffffu), 0xffffffffu).block(0x00ffffffffffffffull, 255);
  EXPECT_EQ(words[0], 0x408f276du);
  EXPECT_EQ(words[1], 0x41c83b0eu);
  EXPECT_EQ(words[2], 0xa20bc7c6u);
  EXPECT_EQ(words[3], 0x6d5451fdu);
}

TEST(CounterRng, NormalsHaveTheirMomentsWithinFiveStandardErrors) {
  const CounterRng rng(7, Stream::test);
  constexpr int kCount = 200000;
  double sum = 0.0;
  double squares = 0.0;
  for (int i = 0; i < kCount; ++i) {
    const double value = rng.normal(static_cast<std::uint64_t>(i));
    sum += value;
    squares += value * value;
  }
  EXPECT_LT(std::fabs(sum / kCount), 5.0 / std::sqrt(kCount));
  EXPECT_LT(std::fabs(squares / kCount - 1.0), 5.0 * std::sqrt(2.0 / kCount));
}

TEST(CounterRng, TruncatedNormalsStayInsideAndHaveTheTruncatedVariance) {
  const CounterRng rng(8, Stream::test);
  constexpr int kCount = 200000;
  double squares = 0.0;
  for (int i = 0; i < kCount; ++i) {
    const double value = rng.truncated_normal(static_cast<std::uint64_t>(i), 2.0);
    ASSERT_LE(std::fabs(value), 2.0);
    squares += value * value;
  }
  // Variance of a standard normal cut at 2: 1 - 4 phi(2) / (2 Phi(2) - 1) = 0.77374; its standard error is below 0.0025.
  EXPECT_NEAR(squares / kCount, 0.77374, 0.01);
}

TEST(CounterRng, BelowCoversItsRangeEvenly) {
  const CounterRng rng(9, Stream::test);
  std::vector<int> seen(7);
  for (std::uint64_t i = 0; i < 70000; ++i) ++seen[rng.below(i, 7)];
  for (const int count : seen) EXPECT_NEAR(count, 10000, 5 * std::sqrt(10000.0));
}

TEST(RandomPermutation, IsAPermutationAndDependsOnTheSeed) {
  const auto first = random_permutation(CounterRng(1, Stream::test), 1000);
  const auto second = random_permutation(CounterRng(2, Stream::test), 1000);
  EXPECT_NE(first, second);
  auto sorted = first;
  std::sort(sorted.begin(), sorted.end());
  for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(sorted[i], i);
}

TEST(RandomPermutation, EveryOrderIsAsLikelyAsAnyOther) {
  std::map<std::vector<std::uint32_t>, int> seen;
  for (std::uint64_t seed = 0; seed < 6000; ++seed) ++seen[random_permutation(CounterRng(seed, Stream::test), 3)];
  EXPECT_EQ(seen.size(), 6u);
  for (const auto& [order, count] : seen) EXPECT_NEAR(count, 1000, 5 * std::sqrt(1000.0)) << order[0] << order[1] << order[2];
}

}  // namespace
}  // namespace pbgen
