#include "data/image.h"

#include <algorithm>

#include "core/base/check.h"

namespace pbgen {

void check_image_sides(std::int64_t width, std::int64_t height) {
  if (width < 1 || height < 1) fail(ErrorKind::data, width, "x", height, " pixels: the picture is empty");
  if (width > kMaxImageSide || height > kMaxImageSide || width * height > kMaxImagePixels)
    fail(ErrorKind::data, width, "x", height, " pixels: at most ", kMaxImageSide, " a side and ", kMaxImagePixels, " together are read");
}

Image enlarged(const Image& image, int factor) {
  check(factor >= 1, "a picture enlarged ", factor, " times");
  Image large = Image::black(image.width * factor, image.height * factor, image.channels);
  for (int y = 0; y < large.height; ++y) {
    const std::uint8_t* const from = image.row(y / factor);
    std::uint8_t* to = large.row(y);
    for (int x = 0; x < large.width; ++x, to += image.channels) std::copy_n(from + x / factor * image.channels, image.channels, to);
  }
  return large;
}

}  // namespace pbgen
