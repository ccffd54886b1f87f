// Nearest neighbours of samples among the training images.
#include "tools/lib/images/nearest_images.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <vector>

namespace pbgen {
namespace {

// Grey images of one colour each.
ImageSet plain_images(const std::vector<std::uint8_t>& colours, int size) {
  const auto pixels = std::make_shared<std::vector<std::uint8_t>>();
  for (const std::uint8_t colour : colours) pixels->insert(pixels->end(), static_cast<std::size_t>(size * size), colour);
  return {pixels, pixels->data(), static_cast<std::int64_t>(colours.size()), size, 1};
}

TEST(NearestImages, AreThoseWithTheSmallestDifferenceAmongTheCandidates) {
  const ImageSet set = plain_images({0, 100, 110, 255, 103}, 4);
  const std::vector<std::uint32_t> candidates = {0, 1, 2, 3};  // 4 is held out
  std::vector<std::uint8_t> queries(16, 103);
  queries.resize(32, 255);
  const auto nearest = nearest_images(set, candidates, queries, 2);
  ASSERT_EQ(nearest.size(), 2u);
  ASSERT_EQ(nearest[0].size(), 2u);
  EXPECT_EQ(nearest[0][0].image, 1);
  EXPECT_DOUBLE_EQ(nearest[0][0].distance, 3.0);
  EXPECT_EQ(nearest[0][1].image, 2);
  EXPECT_DOUBLE_EQ(nearest[0][1].distance, 7.0);
  EXPECT_EQ(nearest[1][0].image, 3);
  EXPECT_DOUBLE_EQ(nearest[1][0].distance, 0.0);
}

TEST(NearestImages, TiesGoToTheLowerPlaceAndFewCandidatesAreAll) {
  const ImageSet set = plain_images({10, 20, 10}, 2);
  const std::vector<std::uint32_t> candidates = {2, 1, 0};
  const auto nearest = nearest_images(set, candidates, std::vector<std::uint8_t>(4, 15), 9);
  ASSERT_EQ(nearest[0].size(), 3u);
  EXPECT_EQ(nearest[0][0].image, 2);
  EXPECT_EQ(nearest[0][1].image, 1);
  EXPECT_EQ(nearest[0][2].image, 0);
}

TEST(NearestImages, TheLargestDifferenceOfALargeImageDoesNotOverflow) {
  // 512 * 512 * 255^2 is beyond 32 bits.
  const ImageSet set = plain_images({255}, 512);
  const std::vector<std::uint32_t> candidates = {0};
  const auto nearest = nearest_images(set, candidates, std::vector<std::uint8_t>(512 * 512, 0), 1);
  EXPECT_DOUBLE_EQ(nearest[0][0].distance, 255.0);
}

TEST(NearestImages, PartsOfImagesAreACallersMistake) {
  const ImageSet set = plain_images({1}, 2);
  const std::vector<std::uint32_t> candidates = {0};
  EXPECT_THROW(nearest_images(set, candidates, std::vector<std::uint8_t>(5), 1), std::logic_error);
  EXPECT_TRUE(nearest_images(set, candidates, {}, 1).empty());
}

}  // namespace
}  // namespace pbgen
