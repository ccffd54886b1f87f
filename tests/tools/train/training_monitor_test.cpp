// Warnings of a run: each once, and none without a cause that lasts.
#include "tools/lib/train/training_monitor.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace pbgen {
namespace {

constexpr int kWindow = 100;

// The iteration of the first warning, and how many came in all.
struct Warnings {
  int first = 0;
  int count = 0;
  std::string text;
};

Warnings watch(int iterations, double d_real, double d_fake, int balanced_every = 0) {
  TrainingMonitor monitor(Loss::dcgan);
  Warnings warnings;
  for (int i = 1; i <= iterations; ++i) {
    const bool balanced = balanced_every > 0 && i % balanced_every == 0;
    const std::string text = monitor.watch_game(i, balanced ? 0.6 : d_real, balanced ? 0.4 : d_fake);
    if (text.empty()) continue;
    if (warnings.count++ == 0) warnings.first = i;
    warnings.text = text;
  }
  return warnings;
}

TEST(TrainingMonitor, ACriticsOutputsAreNoProbabilities) {
  TrainingMonitor monitor(Loss::wgan);
  for (int i = 1; i <= 2 * kWindow; ++i) EXPECT_EQ(monitor.watch_game(i, 0.99, i <= kWindow ? 0.01 : 0.99), "");
}

TEST(TrainingMonitor, ASideThatWinsForAWholeWindowIsNamedOnce) {
  const Warnings discriminator = watch(1000, 0.99, 0.01);
  EXPECT_EQ(discriminator.first, kWindow);
  EXPECT_EQ(discriminator.count, 1);
  EXPECT_NE(discriminator.text.find("iteration 100"), std::string::npos) << discriminator.text;
  EXPECT_NE(discriminator.text.find("tells every image apart"), std::string::npos) << discriminator.text;
  const Warnings generator = watch(1000, 0.99, 0.99);
  EXPECT_EQ(generator.first, kWindow);
  EXPECT_EQ(generator.count, 1);
  EXPECT_NE(generator.text.find("for real"), std::string::npos) << generator.text;
}

TEST(TrainingMonitor, ABalancedGameOrOneThatRecoversIsNoReasonToWarn) {
  EXPECT_EQ(watch(1000, 0.9, 0.1).count, 0);
  EXPECT_EQ(watch(1000, 0.99, 0.5).count, 0);
  EXPECT_EQ(watch(1000, 0.99, 0.01, kWindow).count, 0);
  EXPECT_EQ(watch(1000, 0.99, 0.01, kWindow + 1).first, kWindow);
}

TEST(TrainingMonitor, SamplesThatAreAlikeAreACollapseOnceTheRunIsNoLongerYoung) {
  TrainingMonitor monitor(Loss::dcgan);
  EXPECT_EQ(monitor.watch_samples(300, 1.0, 50.0), "");
  EXPECT_EQ(monitor.watch_samples(400, 12.5, 50.0), "");
  const std::string warning = monitor.watch_samples(500, 5.0, 50.0);
  EXPECT_NE(warning.find("iteration 500"), std::string::npos) << warning;
  EXPECT_NE(warning.find("10%"), std::string::npos) << warning;
  EXPECT_EQ(monitor.watch_samples(600, 5.0, 50.0), "");
  EXPECT_EQ(TrainingMonitor(Loss::lsgan).watch_samples(500, 0.0, 0.0), "");  // real images that are all the same
}

TEST(PixelSpread, IsTheMeanDeviationOverImages) {
  // Two images of two pixels: 10 and 30 deviate by 10, 7 and 7 by 0.
  const std::vector<std::uint8_t> pixels = {10, 7, 30, 7};
  EXPECT_DOUBLE_EQ(pixel_spread(pixels, 2), 5.0);
  EXPECT_DOUBLE_EQ(pixel_spread(pixels, 1), 0.0);
  EXPECT_THROW(pixel_spread(pixels, 3), std::logic_error);
  EXPECT_THROW(pixel_spread(pixels, 0), std::logic_error);
}

}  // namespace
}  // namespace pbgen
