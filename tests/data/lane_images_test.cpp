// Bytes to lanes and back, and grids.
#include "data/lane_images.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "data/image_grid.h"

namespace pbgen {
namespace {

TEST(LaneImages, EveryByteComesBackAndTheEndsAreMinusOneAndOne) {
  EXPECT_EQ(float_of_byte(0), -1.0f);
  EXPECT_EQ(float_of_byte(255), 1.0f);
  for (int value = 0; value < 256; ++value) EXPECT_EQ(byte_of_float(float_of_byte(static_cast<std::uint8_t>(value))), value);
}

TEST(LaneImages, BytesAreRoundedAndSaturated) {
  EXPECT_EQ(byte_of_float(0.0f), 128);  // 127.5 rounds up
  EXPECT_EQ(byte_of_float(-0.001f), 127);
  EXPECT_EQ(byte_of_float(-1.5f), 0);
  EXPECT_EQ(byte_of_float(1.5f), 255);
  EXPECT_EQ(byte_of_float(std::numeric_limits<float>::infinity()), 255);
  EXPECT_EQ(byte_of_float(-std::numeric_limits<float>::infinity()), 0);
  EXPECT_EQ(byte_of_float(std::nanf("")), 0);
}

std::vector<std::uint8_t> numbered_image(const LaneShape& shape, int image) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(shape.floats_per_image()));
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 7 + static_cast<std::size_t>(image) * 31);
  return pixels;
}

TEST(LaneImages, EveryValueLandsAtItsIndexMirroredOrNot) {
  const LaneShape shape{16, 3, 4, 3};
  Tensor batch(shape);
  for (int image = 0; image < 16; ++image) image_to_lanes(numbered_image(shape, image), image % 3 == 0, image, batch.view());
  for (int image = 0; image < 16; ++image) {
    const std::vector<std::uint8_t> pixels = numbered_image(shape, image);
    for (std::int64_t y = 0; y < 3; ++y)
      for (std::int64_t x = 0; x < 4; ++x)
        for (std::int64_t c = 0; c < 3; ++c) {
          const std::int64_t shown = image % 3 == 0 ? 3 - x : x;
          EXPECT_EQ(batch.data()[shape.index(image, y, shown, c)], float_of_byte(pixels[static_cast<std::size_t>((y * 4 + x) * 3 + c)]));
        }
  }
}

TEST(LaneImages, ImagesComeBackFromTheirLanes) {
  const LaneShape shape{8, 5, 2, 1};
  Tensor batch(shape);
  for (int image = 0; image < 8; ++image) image_to_lanes(numbered_image(shape, image), false, image, batch.view());
  for (int image = 0; image < 8; ++image) {
    std::vector<std::uint8_t> pixels(10);
    lanes_to_image(batch.view(), image, pixels);
    EXPECT_EQ(pixels, numbered_image(shape, image));
  }
}

TEST(LaneImages, RefusesWrongSizes) {
  Tensor batch(LaneShape{8, 2, 2, 1});
  std::vector<std::uint8_t> pixels(4);
  EXPECT_THROW(image_to_lanes(pixels, false, 8, batch.view()), std::logic_error);
  EXPECT_THROW(lanes_to_image(batch.view(), -1, pixels), std::logic_error);
  pixels.resize(5);
  EXPECT_THROW(image_to_lanes(pixels, false, 0, batch.view()), std::logic_error);
  EXPECT_THROW(lanes_to_image(batch.view(), 0, pixels), std::logic_error);
}

TEST(ImageGrid, PlacesImagesRowByRowOnWhite) {
  const std::vector<std::uint8_t> pixels = {10, 20, 30};
  const ImageSet images(nullptr, pixels.data(), 3, 1, 1);
  const Image grid = image_grid(images, 100, 2);
  const int pitch = 1 + kGridGap;
  ASSERT_EQ(grid.width, 2 * pitch + kGridGap);
  ASSERT_EQ(grid.height, 2 * pitch + kGridGap);
  std::vector<std::uint8_t> expected(grid.pixels.size(), 255);
  const auto at = [&](int column, int row) -> std::uint8_t& {
    return expected[static_cast<std::size_t>((kGridGap + row * pitch) * grid.width + kGridGap + column * pitch)];
  };
  at(0, 0) = 10;
  at(1, 0) = 20;
  at(0, 1) = 30;
  EXPECT_EQ(grid.pixels, expected);
}

TEST(Image, EnlargedTakesEveryPixelAsASquare) {
  const Image large = enlarged({2, 1, 3, {1, 2, 3, 4, 5, 6}}, 2);
  EXPECT_EQ(large.width, 4);
  EXPECT_EQ(large.height, 2);
  EXPECT_EQ(large.channels, 3);
  const std::vector<std::uint8_t> expected{1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6};
  EXPECT_EQ(large.pixels, expected);
  EXPECT_THROW(enlarged(large, 0), std::logic_error);
}

TEST(ImageGrid, RefusesNoImagesAndWrongSizes) {
  EXPECT_THROW(image_grid(ImageSet(), 4, 2), std::logic_error);
  const std::vector<std::uint8_t> pixels(3);
  const std::vector<std::span<const std::uint8_t>> images = {pixels};
  EXPECT_THROW(image_grid(images, 2, 1, 1), std::logic_error);
  EXPECT_THROW(image_grid(images, 1, 3, 0), std::logic_error);
}

}  // namespace
}  // namespace pbgen
