// The triangle filter against cases computed by hand and against Pillow.
#include "data/resize.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace pbgen {
namespace {

Image grey(int width, int height, std::vector<std::uint8_t> pixels) { return {width, height, 1, std::move(pixels)}; }

// The picture that the Pillow figures below were made from.
Image pattern(int width, int height) {
  Image image = Image::black(width, height, 1);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) image.row(y)[x] = static_cast<std::uint8_t>((x * 37 + y * 71 + x * y * 13) % 256);
  return image;
}

void expect_within_one(const Image& actual, const std::vector<int>& expected, std::size_t stride = 1) {
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual.pixels.at(i * stride), expected[i], 1) << i;
}

TEST(Resize, EnlargingIsLinearInterpolationBetweenPixelCentres) {
  // Centres at -1/4 (the border repeats), 1/4, 3/4 and 5/4 of the way from the first pixel to the second.
  EXPECT_EQ(resize_triangle(grey(2, 1, {0, 200}), 4, 1).pixels, (std::vector<std::uint8_t>{0, 50, 150, 200}));
  EXPECT_EQ(resize_triangle(grey(1, 2, {0, 200}), 1, 4).pixels, (std::vector<std::uint8_t>{0, 50, 150, 200}));
}

TEST(Resize, HalvingWeighsFourPixelsOneThreeThreeOne) {
  // Output 1 of 3 has its centre at 3 and support 2: pixels 1..4 at distances 1.5, 0.5, 0.5, 1.5, weights 1/8, 3/8, 3/8, 1/8.
  const Image image = resize_triangle(grey(6, 1, {0, 80, 0, 160, 0, 0}), 3, 1);
  EXPECT_EQ(image.pixels[1], 70);
  // Output 0: pixels 0..2 with 3, 3 and 1 parts of 7.
  EXPECT_EQ(image.pixels[0], 34);
}

TEST(Resize, KeepsAConstantPictureAndAnUnchangedSize) {
  for (const int size : {1, 2, 5, 64, 200})
    for (const int value : {0, 1, 127, 254, 255}) {
      const Image image = resize_triangle(grey(17, 9, std::vector<std::uint8_t>(17 * 9, static_cast<std::uint8_t>(value))), size, size + 1);
      EXPECT_EQ(image.pixels, std::vector<std::uint8_t>(static_cast<std::size_t>(size) * (size + 1), static_cast<std::uint8_t>(value)));
    }
  EXPECT_EQ(resize_triangle(pattern(7, 5), 7, 5).pixels, pattern(7, 5).pixels);
}

TEST(Resize, TreatsChannelsAlikeAndApart) {
  const Image source = pattern(9, 6);
  Image colour = Image::black(9, 6, 3);
  for (std::size_t i = 0; i < source.pixels.size(); ++i) {
    colour.pixels[3 * i] = source.pixels[i];
    colour.pixels[3 * i + 2] = static_cast<std::uint8_t>(255 - source.pixels[i]);
  }
  const Image small = resize_triangle(source, 4, 4);
  const Image small_colour = resize_triangle(colour, 4, 4);
  for (std::size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(small_colour.pixels[3 * i], small.pixels[i]);
    EXPECT_EQ(small_colour.pixels[3 * i + 1], 0);
    EXPECT_NEAR(small_colour.pixels[3 * i + 2], 255 - small.pixels[i], 1);
  }
}

// Pillow 13.0.0, which rounds to bytes between the two directions:
//   im = Image.new('L', (7, 5)); im.putdata([(x*37 + y*71 + x*y*13) % 256 for y in range(5) for x in range(7)])
//   list(im.resize(size, Image.BILINEAR).getdata())
TEST(Resize, AgreesWithPillowWithinOneLevel) {
  expect_within_one(resize_triangle(pattern(7, 5), 3, 2), {94, 121, 121, 117, 108, 112});
  expect_within_one(resize_triangle(pattern(7, 5), 4, 4), {39, 102, 130, 175, 125, 130, 104, 92, 144, 95, 97, 109, 89, 135, 109, 123});
  expect_within_one(
      resize_triangle(pattern(7, 5), 11, 9),
      {0,   17,  40,  64, 87, 111, 135, 158, 182, 205, 222, 24,  43,  69,  95,  121, 148, 120, 115, 141, 167, 186, 63,  85, 116,
       147, 178, 209, 95, 43, 74,  105, 127, 103, 128, 153, 116, 121, 156, 101, 85,  120, 94,  67,  142, 171, 187, 65,  35, 75,
       115, 155, 195, 96, 8,  181, 149, 105, 78,  92,  136, 90,  83,  128, 110, 91,  192, 124, 49,  98,  138, 169, 73,  40, 89,
       122, 145, 90,  89, 97, 151, 142, 88,  87,  110, 164, 125, 86,  28,  68,  125, 182, 145, 39,  96,  152, 209, 126, 50});
}

// The same picture at 108x108 (CelebA's crop) to 64x64, every 373rd value.
TEST(Resize, AgreesWithPillowOnTheReferencesSizes) {
  expect_within_one(resize_triangle(pattern(108, 108), 64, 64), {52, 117, 73, 121, 70, 107, 162, 133, 144, 109, 165}, 373);
}

TEST(Resize, RefusesEmptySizes) {
  EXPECT_THROW(resize_triangle(pattern(2, 2), 0, 2), std::logic_error);
  EXPECT_THROW(resize_triangle(Image{}, 2, 2), std::logic_error);
}

}  // namespace
}  // namespace pbgen
