#include "tools/lib/train/training_monitor.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"

namespace pbgen {

std::string TrainingMonitor::watch_game(std::int64_t iteration, double d_real, double d_fake) {
  if (loss_ == Loss::wgan) return "";
  discriminator_streak_ = d_real > kWon && d_fake < 1.0 - kWon ? discriminator_streak_ + 1 : 0;
  generator_streak_ = d_fake > kWon ? generator_streak_ + 1 : 0;
  if (game_warned_) return "";
  const char* winner = nullptr;
  const char* mend = nullptr;
  if (discriminator_streak_ >= kWindow) {
    winner = "the discriminator tells every image apart";
    mend = "a smaller --df-dim, --binarize-d all, or more --g-steps may restore the balance";
  } else if (generator_streak_ >= kWindow) {
    winner = "the discriminator takes every generated image for real";
    mend = "a larger --df-dim or fewer --g-steps may restore the balance";
  }
  if (winner == nullptr) return "";
  game_warned_ = true;
  return concat("iteration ", iteration, ": one side has won: for ", kWindow, " iterations ", winner, "; ", mend);
}

std::string TrainingMonitor::watch_samples(std::int64_t iteration, double sample_spread, double real_spread) {
  if (samples_warned_ || iteration <= kYoung || sample_spread >= kCollapsed * real_spread) return "";
  samples_warned_ = true;
  return concat("iteration ", iteration, ": the samples have collapsed: they differ from one another only ",
                std::lround(100.0 * sample_spread / real_spread),
                "% as much as real images do; try another --seed, a lower --lr or --beta1 0.5");
}

double pixel_spread(std::span<const std::uint8_t> pixels, std::int64_t count) {
  check(count >= 1 && pixels.size() % static_cast<std::size_t>(count) == 0, pixels.size(), " bytes are not ", count, " images");
  const std::size_t bytes = pixels.size() / static_cast<std::size_t>(count);
  double total = 0.0;
  for (std::size_t i = 0; i < bytes; ++i) {
    double sum = 0.0;
    double squares = 0.0;
    for (std::int64_t image = 0; image < count; ++image) {
      const double value = pixels[static_cast<std::size_t>(image) * bytes + i];
      sum += value;
      squares += value * value;
    }
    const double mean = sum / static_cast<double>(count);
    total += std::sqrt(std::max(0.0, squares / static_cast<double>(count) - mean * mean));
  }
  return bytes == 0 ? 0.0 : total / static_cast<double>(bytes);
}

}  // namespace pbgen
