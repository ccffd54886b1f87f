// The pyramid: borders and taps by hand, and the sum of the levels is the image.
#include "metrics/laplacian_pyramid.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/rng.h"

namespace pbgen {
namespace {

std::vector<float> down(const std::vector<float>& plane, int size) {
  std::vector<float> half(plane.size() / 4);
  std::vector<float> scratch(size + 4);
  pyramid_down(plane.data(), size, half.data(), scratch.data());
  return half;
}

std::vector<float> up(const std::vector<float>& plane, int size) {
  std::vector<float> twice(plane.size() * 4);
  std::vector<float> scratch(2 * size * size);
  pyramid_up(plane.data(), size, twice.data(), scratch.data());
  return twice;
}

std::vector<float> random_bytes(int size, std::uint64_t seed) {
  const CounterRng rng(seed, Stream::test);
  std::vector<float> plane(size * size);
  for (std::size_t i = 0; i < plane.size(); ++i) plane[i] = static_cast<float>(rng.below(i, 256));
  return plane;
}

TEST(LaplacianPyramid, LevelsEndAtSixteenAndOtherSizesHaveNone) {
  EXPECT_EQ(pyramid_levels(16), 1);
  EXPECT_EQ(pyramid_levels(32), 2);
  EXPECT_EQ(pyramid_levels(64), 3);
  EXPECT_EQ(pyramid_levels(1024), 7);
  for (const int size : {-16, 0, 1, 8, 15, 17, 24, 48, 63, 65, 96}) EXPECT_EQ(pyramid_levels(size), 0) << size;
}

TEST(LaplacianPyramid, DownFiltersAnImpulseAndReflectsAtTheBorderWithoutRepeatingIt) {
  // Rows are constant, so only the horizontal filter acts; columns 0 and 7 are at the border.
  const auto with_column = [](int column) {
    std::vector<float> plane(64, 0.0f);
    for (int y = 0; y < 8; ++y) plane[y * 8 + column] = 16.0f;
    const std::vector<float> half = down(plane, 8);
    return std::vector<float>(half.begin() + 4, half.begin() + 8);
  };
  EXPECT_EQ(with_column(0), (std::vector<float>{6, 1, 0, 0}));
  EXPECT_EQ(with_column(1), (std::vector<float>{4 + 4, 4, 0, 0}));  // seen at 1 and, reflected, at -1
  EXPECT_EQ(with_column(2), (std::vector<float>{1 + 1, 6, 1, 0}));
  EXPECT_EQ(with_column(3), (std::vector<float>{0, 4, 4, 0}));
  EXPECT_EQ(with_column(6), (std::vector<float>{0, 0, 1, 6 + 1}));  // reflected, at 8
  EXPECT_EQ(with_column(7), (std::vector<float>{0, 0, 0, 4}));
}

TEST(LaplacianPyramid, DownTreatsRowsAndColumnsAlike) {
  const std::vector<float> plane = random_bytes(16, 1);
  std::vector<float> transposed(plane.size());
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 16; ++x) transposed[x * 16 + y] = plane[y * 16 + x];
  }
  const std::vector<float> half = down(plane, 16);
  const std::vector<float> half_transposed = down(transposed, 16);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) EXPECT_EQ(half[y * 8 + x], half_transposed[x * 8 + y]);
  }
  const std::vector<float> twice = up(plane, 16);
  const std::vector<float> twice_transposed = up(transposed, 16);
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 32; ++x) EXPECT_EQ(twice[y * 32 + x], twice_transposed[x * 32 + y]);
  }
}

TEST(LaplacianPyramid, UpSpreadsAnImpulseAndReflectsTheZeroFilledRow) {
  const auto with_column = [](int column) {
    std::vector<float> plane(16, 0.0f);
    for (int y = 0; y < 4; ++y) plane[y * 4 + column] = 8.0f;
    const std::vector<float> twice = up(plane, 4);
    return std::vector<float>(twice.begin() + 16, twice.begin() + 24);
  };
  EXPECT_EQ(with_column(0), (std::vector<float>{6, 4, 1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(with_column(1), (std::vector<float>{1 + 1, 4, 6, 4, 1, 0, 0, 0}));  // index 2 is seen at -2 too
  EXPECT_EQ(with_column(2), (std::vector<float>{0, 0, 1, 4, 6, 4, 1, 0}));
  EXPECT_EQ(with_column(3), (std::vector<float>{0, 0, 0, 0, 1, 4, 6 + 1, 4 + 4}));  // index 6 is seen at 8 too
}

TEST(LaplacianPyramid, UpAndDownKeepAConstantExactly) {
  const std::vector<float> plane(32 * 32, 201.0f);
  for (const float value : down(plane, 32)) ASSERT_EQ(value, 201.0f);
  for (const float value : up(plane, 32)) ASSERT_EQ(value, 201.0f);
}

TEST(LaplacianPyramid, LevelsAddUpToTheImage) {
  constexpr int kSize = 64;
  const std::vector<float> image = random_bytes(kSize, 2);
  std::vector<float> scratch(pyramid_scratch_floats(kSize));
  const auto level = [&](int number) {
    std::vector<float> out((kSize >> number) * (kSize >> number));
    pyramid_level(image.data(), kSize, number, out.data(), scratch.data());
    return out;
  };
  std::vector<float> sum = level(2);
  EXPECT_EQ(sum, down(down(image, 64), 32));
  for (const int number : {1, 0}) {
    sum = up(sum, kSize >> (number + 1));
    const std::vector<float> band = level(number);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += band[i];
  }
  // Bytes filtered twice are multiples of 2^-16 below 2^8 and exact; up(16 -> 32) rounds in the 24th bit, once at each of
  // two levels.
  for (std::size_t i = 0; i < sum.size(); ++i) ASSERT_NEAR(sum[i], image[i], 4 * 256 * 0x1p-24);
}

TEST(LaplacianPyramid, ALevelThatDoesNotExistIsRefused) {
  std::vector<float> plane(32 * 32);
  std::vector<float> scratch(pyramid_scratch_floats(32));
  std::vector<float> out(32 * 32);
  EXPECT_THROW(pyramid_level(plane.data(), 32, 2, out.data(), scratch.data()), std::logic_error);
  EXPECT_THROW(pyramid_level(plane.data(), 32, -1, out.data(), scratch.data()), std::logic_error);
}

}  // namespace
}  // namespace pbgen
