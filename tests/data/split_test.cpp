// The split into training and held-out images.
#include "data/split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace pbgen {
namespace {

TEST(Split, EveryImageIsOnExactlyOneSide) {
  for (const std::int64_t count : {0, 1, 9, 10, 879, 5000}) {
    const Split split = split_holdout(count, 0.1, 3);
    EXPECT_EQ(split.held_out.size(), static_cast<std::size_t>(count / 10));
    EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
    EXPECT_TRUE(std::is_sorted(split.held_out.begin(), split.held_out.end()));
    std::vector<std::uint32_t> all = split.train;
    all.insert(all.end(), split.held_out.begin(), split.held_out.end());
    std::sort(all.begin(), all.end());
    std::vector<std::uint32_t> expected(static_cast<std::size_t>(count));
    std::iota(expected.begin(), expected.end(), 0u);
    EXPECT_EQ(all, expected);
  }
}

TEST(Split, DependsOnTheSeedAlone) {
  EXPECT_EQ(split_holdout(100, 0.1, 3).held_out, split_holdout(100, 0.1, 3).held_out);
  EXPECT_NE(split_holdout(100, 0.1, 3).held_out, split_holdout(100, 0.1, 4).held_out);
}

TEST(Split, ASmallerShareIsPartOfALargerOne) {
  const Split small = split_holdout(100, 0.1, 3);
  const Split large = split_holdout(100, 0.2, 3);
  EXPECT_TRUE(std::includes(large.held_out.begin(), large.held_out.end(), small.held_out.begin(), small.held_out.end()));
}

TEST(Split, AFractionOfZeroHoldsOutNothing) {
  EXPECT_TRUE(split_holdout(50, 0.0, 1).held_out.empty());
  EXPECT_THROW(split_holdout(50, 1.0, 1), std::logic_error);
  EXPECT_THROW(split_holdout(50, -0.1, 1), std::logic_error);
}

}  // namespace
}  // namespace pbgen
