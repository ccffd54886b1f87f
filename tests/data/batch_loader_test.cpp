// Batches: what they hold, and that nothing but (seed, iteration) decides it.
#include "data/batch_loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <thread>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "data/lane_images.h"
#include "tests/support/contains.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

// Image i is two pixels wide: left its number, right 100 more.
ImageSet numbered_images(int count) {
  const auto pixels = std::make_shared<std::vector<std::uint8_t>>();
  for (int i = 0; i < count; ++i)
    for (const int value : {i, i + 100, i, i + 100}) pixels->push_back(static_cast<std::uint8_t>(value));
  return {pixels, pixels->data(), count, 2, 1};
}

std::vector<std::uint32_t> all_of(int count) {
  std::vector<std::uint32_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), 0u);
  return indices;
}

struct Shown {
  int image = 0;
  bool mirrored = false;
  bool operator==(const Shown&) const = default;
};

std::vector<Shown> shown_in(ConstTensorView batch) {
  std::vector<Shown> result;
  for (std::int64_t i = 0; i < batch.shape.batch; ++i) {
    std::vector<std::uint8_t> pixels(4);
    lanes_to_image(batch, i, pixels);
    const bool mirrored = pixels[0] > pixels[1];
    EXPECT_EQ(std::max(pixels[0], pixels[1]), std::min(pixels[0], pixels[1]) + 100);
    result.push_back({std::min(pixels[0], pixels[1]), mirrored});
  }
  return result;
}

std::vector<std::vector<Shown>> take(BatchLoader& loader, int count) {
  std::vector<std::vector<Shown>> batches;
  batches.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) batches.push_back(shown_in(loader.next()));
  return batches;
}

// Several processes have a batch between them.
TEST(BatchLoader, PartsMakeUpTheWholeBatch) {
  constexpr int kParts = 4;
  BatchLoader whole(numbered_images(100), all_of(100), 32, 5, {.mirror = true}, 2);
  const auto expected = take(whole, 4);
  std::vector<std::vector<Shown>> joined(expected.size());
  for (int part = 0; part < kParts; ++part) {
    BatchLoader loader(numbered_images(100), all_of(100), 32, 5, {.mirror = true, .part = part, .parts = kParts}, 2);
    const auto taken = take(loader, 4);
    for (std::size_t i = 0; i < taken.size(); ++i) joined[i].insert(joined[i].end(), taken[i].begin(), taken[i].end());
  }
  EXPECT_EQ(joined, expected);
  for (const auto& [part, parts] : {std::pair(0, 3), std::pair(-1, 2), std::pair(2, 2), std::pair(0, 8)})
    EXPECT_THROW(BatchLoader(numbered_images(100), all_of(100), 32, 5, {.part = part, .parts = parts}, 0), std::logic_error) << part;
}

TEST(BatchLoader, StartingAtAnyIterationContinuesTheSameBatches) {
  const ImageSet images = numbered_images(21);
  const BatchOptions options{.mirror = true};
  BatchLoader from_start(images, all_of(21), 8, 5, options, 0);
  const auto expected = take(from_start, 9);
  for (int start = 0; start < 9; ++start) {
    BatchLoader resumed(images, all_of(21), 8, 5, options, start);
    EXPECT_EQ(take(resumed, 9 - start), std::vector(expected.begin() + start, expected.end())) << start;
  }
}

TEST(BatchLoader, AnEpochShowsEveryImageAtMostOnceAndAllWhereTheyFillBatches) {
  BatchLoader whole(numbered_images(24), all_of(24), 8, 1, {}, 0);
  ASSERT_EQ(whole.iterations_per_epoch(), 3);
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::set<int> seen;
    for (const auto& batch : take(whole, 3))
      for (const Shown& shown : batch) seen.insert(shown.image);
    EXPECT_EQ(seen.size(), 24u);
  }
  BatchLoader uneven(numbered_images(21), all_of(21), 8, 1, {}, 0);
  ASSERT_EQ(uneven.iterations_per_epoch(), 2);
  std::set<std::set<int>> epochs;
  for (int epoch = 0; epoch < 5; ++epoch) {
    std::set<int> seen;
    for (const auto& batch : take(uneven, 2))
      for (const Shown& shown : batch) seen.insert(shown.image);
    EXPECT_EQ(seen.size(), 16u);
    epochs.insert(seen);
  }
  EXPECT_GT(epochs.size(), 1u) << "the same images were left out in every epoch";
}

TEST(BatchLoader, ShowsOnlyTheImagesOfItsIndices) {
  const std::vector<std::uint32_t> indices = {1, 3, 5, 7, 11, 13, 17, 19};
  BatchLoader loader(numbered_images(20), indices, 8, 1, {}, 0);
  for (const auto& batch : take(loader, 3)) {
    std::vector<std::uint32_t> seen;
    seen.reserve(batch.size());
    for (const Shown& shown : batch) seen.push_back(static_cast<std::uint32_t>(shown.image));
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, indices);
  }
}

TEST(BatchLoader, WithoutShuffleKeepsTheOrderOfTheIndices) {
  BatchLoader loader(numbered_images(20), all_of(20), 8, 1, {.shuffle = false}, 0);
  const auto batches = take(loader, 4);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(batches[0][static_cast<std::size_t>(i)], (Shown{i, false}));
    EXPECT_EQ(batches[1][static_cast<std::size_t>(i)], (Shown{8 + i, false}));
  }
  EXPECT_EQ(batches[2], batches[0]);
  EXPECT_EQ(batches[3], batches[1]);
}

TEST(BatchLoader, SeedsAndEpochsDifferInOrder) {
  const ImageSet images = numbered_images(64);
  BatchLoader one(images, all_of(64), 64, 1, {}, 0);
  BatchLoader two(images, all_of(64), 64, 2, {}, 0);
  const auto first = take(one, 2);
  EXPECT_NE(first[0], first[1]);
  EXPECT_NE(first[0], take(two, 1)[0]);
}

TEST(BatchLoader, MirrorsHalfOfTheImagesAnewInEveryEpochAndNoneUnasked) {
  const ImageSet images = numbered_images(96);
  BatchLoader mirroring(images, all_of(96), 96, 1, {.mirror = true}, 0);
  std::map<int, std::set<bool>> ways;
  int mirrored = 0;
  constexpr int kEpochs = 20;
  for (const auto& batch : take(mirroring, kEpochs))
    for (const Shown& shown : batch) {
      mirrored += shown.mirrored;
      ways[shown.image].insert(shown.mirrored);
    }
  // 1920 fair coins: five standard deviations are 5 * sqrt(1920) / 2 = 110.
  EXPECT_NEAR(mirrored, 960, 110);
  for (const auto& [image, seen] : ways) EXPECT_EQ(seen.size(), 2u) << image;
  BatchLoader plain(images, all_of(96), 96, 1, {}, 0);
  for (const Shown& shown : shown_in(plain.next())) EXPECT_FALSE(shown.mirrored);
}

TEST(BatchLoader, WhetherAnImageIsMirroredDoesNotDependOnItsPlace) {
  const ImageSet images = numbered_images(64);
  const auto ways = [&](bool shuffle) {
    BatchLoader loader(images, all_of(64), 64, 1, {.mirror = true, .shuffle = shuffle}, 0);
    std::map<int, bool> mirrored;
    for (const Shown& shown : shown_in(loader.next())) mirrored[shown.image] = shown.mirrored;
    return mirrored;
  };
  EXPECT_EQ(ways(true), ways(false));
}

TEST(BatchLoader, ABatchStaysUntouchedUntilTheFollowingCall) {
  BatchLoader loader(numbered_images(32), all_of(32), 8, 1, {}, 0);
  for (int i = 0; i < 20; ++i) {
    const ConstTensorView batch = loader.next();
    const auto before = shown_in(batch);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(shown_in(batch), before);
  }
}

TEST(BatchLoader, EndsCleanlyAtAnyMoment) {
  const ImageSet images = numbered_images(32);
  for (int calls = 0; calls < 30; ++calls) {
    BatchLoader loader(images, all_of(32), 8, 1, {.mirror = true}, calls);
    for (int i = 0; i < calls % 4; ++i) loader.next();
  }
}

TEST(BatchLoader, RefusesTooFewImagesWithAMendAndWrongArguments) {
  const ImageSet images = numbered_images(7);
  const std::string message = expect_refusal(ErrorKind::data, "", [&] { BatchLoader(images, all_of(7), 8, 1, {}, 0); });
  EXPECT_TRUE(contains(message, "lower batch")) << message;
  EXPECT_THROW(BatchLoader(images, all_of(7), 4, 1, {}, 0), std::logic_error);
  EXPECT_THROW(BatchLoader(images, all_of(8), 8, 1, {}, 0), std::logic_error);
  EXPECT_THROW(BatchLoader(numbered_images(8), all_of(8), 8, 1, {}, -1), std::logic_error);
}

}  // namespace
}  // namespace pbgen
