// Watches a run for the two ways in which a GAN fails without a number becoming infinite.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "gan/losses.h"

namespace pbgen {

class TrainingMonitor {
 public:
  explicit TrainingMonitor(Loss loss) : loss_(loss) {}

  // Mean outputs of the discriminator in one iteration.  Returns a warning the first time that one side has won outright for
  // kWindow iterations, that is, where its outputs are at its targets 1 and 0, else "".  wgan has no targets: always "".
  std::string watch_game(std::int64_t iteration, double d_real, double d_fake);

  // Spread (pixel_spread) of samples and of as many real images.  Returns a warning the first time that the samples,
  // later than kYoung iterations, hardly differ from one another, else "".
  std::string watch_samples(std::int64_t iteration, double sample_spread, double real_spread);

 private:
  static constexpr int kWindow = 100;
  static constexpr double kWon = 0.98;
  static constexpr double kCollapsed = 0.25;
  static constexpr std::int64_t kYoung = 300;

  Loss loss_;
  int discriminator_streak_ = 0;
  int generator_streak_ = 0;
  bool game_warned_ = false;
  bool samples_warned_ = false;
};

// Mean over pixels of the standard deviation over images.  pixels: count images of bytes_per_image bytes, 0..255; count >= 1.
double pixel_spread(std::span<const std::uint8_t> pixels, std::int64_t count);

}  // namespace pbgen
