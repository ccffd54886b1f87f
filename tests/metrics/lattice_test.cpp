// Energy at the Nyquist frequencies, where it is known: of constants, of noise, of a lattice, of waves at other frequencies.
#include "metrics/lattice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <vector>

#include "core/base/rng.h"

namespace pbgen {
namespace {

constexpr int kSize = 32;
constexpr int kChannels = 3;

ImageSource images_of(std::int64_t count, const std::function<int(std::int64_t image, int y, int x, int channel)>& pixel) {
  ImageSource source;
  source.count = count;
  source.size = kSize;
  source.channels = kChannels;
  source.read = [=](std::int64_t first, std::int64_t n, std::uint8_t* out) {
    for (std::int64_t image = first; image < first + n; ++image)
      for (int y = 0; y < kSize; ++y)
        for (int x = 0; x < kSize; ++x)
          for (int channel = 0; channel < kChannels; ++channel) *out++ = static_cast<std::uint8_t>(pixel(image, y, x, channel));
  };
  return source;
}

// sum of sin^2 = size / 2 and of sin^4 = 3 size / 8, so that a line that alternates by +-a has (a size / 2)^2 / (3 size / 8).
double of_alternating_line(double a) { return a * a * kSize * 2.0 / 3.0; }

TEST(Lattice, ConstantImagesHaveNone) {
  EXPECT_NEAR(nyquist_energy(images_of(3, [](auto, int, int, int channel) { return 80 * channel; }), 3), 0.0, 1e-18);
}

TEST(Lattice, StripesCountInTheirDirection) {
  const ImageSource upright = images_of(2, [](auto, int, int x, int) { return x % 2 == 0 ? 130 : 120; });
  const ImageSource lying = images_of(2, [](auto, int y, int, int) { return y % 2 == 0 ? 120 : 130; });
  EXPECT_NEAR(nyquist_energy(upright, 2), of_alternating_line(5.0) / 2.0, 1e-9);
  EXPECT_NEAR(nyquist_energy(lying, 2), of_alternating_line(5.0) / 2.0, 1e-9);
}

TEST(Lattice, DotsCountInBothAndAWaveOfFourPixelsInNeither) {
  const ImageSource dots = images_of(1, [](auto, int y, int x, int) { return (x + y) % 2 == 0 ? 130 : 120; });
  EXPECT_NEAR(nyquist_energy(dots, 1), of_alternating_line(5.0), 1e-9);
  const ImageSource wave = images_of(1, [](auto, int, int x, int) { return x % 4 < 2 ? 130 : 120; });
  EXPECT_NEAR(nyquist_energy(wave, 1), 0.0, 1e-18);
}

// A slope's alternating sum is what its borders cut off; the window leaves a thousandth of a grey level of it.
TEST(Lattice, ASlopeHasHardlyAny) {
  EXPECT_LT(nyquist_energy(images_of(1, [](auto, int, int x, int) { return 4 * x; }), 1), 1e-3);
}

// Uniform bytes have a variance of (256^2 - 1) / 12.  A line's figure is that times a chi-squared value of one degree, whose standard
// deviation is sqrt(2).  Lines of one image and channel are independent in each direction, so the mean of n lines either way lies within
// 5 * sqrt(2 / n).
TEST(Lattice, WhiteNoiseHasItsVariance) {
  const CounterRng rng(4, Stream::test);
  const std::int64_t count = 300;  // more than are read at once
  const ImageSource noise = images_of(count, [&](std::int64_t image, int y, int x, int channel) {
    return static_cast<int>(rng.below(static_cast<std::uint64_t>(((image * kSize + y) * kSize + x) * kChannels + channel), 256));
  });
  const double variance = (256.0 * 256.0 - 1.0) / 12.0;
  const double lines = static_cast<double>(count) * kSize * kChannels;
  EXPECT_NEAR(nyquist_energy(noise, count) / variance, 1.0, 5.0 * std::sqrt(2.0 / lines));
}

TEST(Lattice, CountsOutsideTheSetAreRefused) {
  const ImageSource images = images_of(2, [](auto, int, int, int) { return 1; });
  EXPECT_THROW(nyquist_energy(images, 0), std::logic_error);
  EXPECT_THROW(nyquist_energy(images, 3), std::logic_error);
}

}  // namespace
}  // namespace pbgen
