// A generator's images as bytes.
#include "tools/lib/model/sample_images.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "core/base/check.h"
#include "gan/latents.h"
#include "gan/networks.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

class SampleImages : public testing::Test {
 protected:
  static NetworkConfig small() {
    NetworkConfig config;
    config.size = 16;
    config.z_dim = 3;
    config.g_widths = {4, 3, 2, 2};
    return config;
  }
  SampleImages() : generator_(make_generator(small())) {
    initialise(generator_, 3, kGeneratorFirstNumber);
    sampler_.emplace(small(), generator_);
    sampler_->calibrate(1, 64, 3);
  }
  static std::vector<std::uint8_t> bytes(const ImageSet& images, std::int64_t i) {
    return {images.image(i).begin(), images.image(i).end()};
  }

  Sequential generator_;
  std::optional<Sampler> sampler_;
};

TEST_F(SampleImages, PixelsAreTheGeneratorsValuesRounded) {
  constexpr std::int64_t kCount = 35;  // more than a batch of the sampler, and no multiple of the lanes
  std::vector<float> z(kCount * 3);
  draw_latents(CounterRng(1, Stream::test), 0, kCount, 3, z.data());
  const ImageSet images = sample_images(*sampler_, z.data(), kCount);
  ASSERT_EQ(images.count(), kCount);
  EXPECT_EQ(images.size(), 16);
  EXPECT_EQ(images.channels(), 3);
  std::int64_t compared = 0;
  sampler_->generate(z.data(), kCount, [&](std::int64_t first, ConstTensorView lanes, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i)
      for (int y = 0; y < 16; ++y)
        for (int x = 0; x < 16; ++x)
          for (int c = 0; c < 3; ++c, ++compared) {
            const double value = 127.5 * lanes.data[lanes.shape.index(i, y, x, c)] + 127.5;
            const int pixel = images.image(first + i)[static_cast<std::size_t>((y * 16 + x) * 3 + c)];
            // Rounded from float arithmetic: half a level and a little.
            ASSERT_NEAR(pixel, value, 0.5001);
          }
  });
  EXPECT_EQ(compared, kCount * 16 * 16 * 3);
}

TEST_F(SampleImages, AnImageIsDecidedByItsSeedStreamAndNumberAlone) {
  const ImageSet whole = sample_images(*sampler_, 7, Stream::score, 0, 12);
  const ImageSet part = sample_images(*sampler_, 7, Stream::score, 9, 2);
  EXPECT_EQ(bytes(part, 0), bytes(whole, 9));
  EXPECT_EQ(bytes(part, 1), bytes(whole, 10));
  EXPECT_NE(bytes(whole, 0), bytes(whole, 1));
  EXPECT_NE(bytes(sample_images(*sampler_, 8, Stream::score, 0, 1), 0), bytes(whole, 0));
  EXPECT_NE(bytes(sample_images(*sampler_, 7, Stream::generate, 0, 1), 0), bytes(whole, 0));
}

TEST_F(SampleImages, WhatIsNoNumberIsNoBlackPicture) {
  std::vector<float> drawn(100, -1.0f);
  EXPECT_NO_THROW(require_drawn(drawn));
  for (const std::size_t place : {std::size_t{0}, std::size_t{99}}) {
    std::vector<float> wrong = drawn;
    wrong[place] = std::numeric_limits<float>::quiet_NaN();
    expect_refusal(ErrorKind::diverged, "", [&] { require_drawn(wrong); });
  }
  // Images as a generator draws them are looked at.
  for (NamedArray* const buffer : sampler_->network().buffers()) buffer->value[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(sample_images(*sampler_, 7, Stream::score, 0, 4), Error);
}

TEST_F(SampleImages, NoneIsAnEmptySet) { EXPECT_EQ(sample_images(*sampler_, 7, Stream::score, 0, 0).count(), 0); }

}  // namespace
}  // namespace pbgen
