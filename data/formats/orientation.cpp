#include "data/formats/orientation.h"

#include <cstddef>
#include <utility>

#include "core/base/check.h"
#include "data/formats/byte_order.h"

namespace pbgen {

int read_orientation(std::span<const std::uint8_t> tiff) {
  constexpr std::size_t kHeader = 8;
  constexpr std::size_t kEntry = 12;
  constexpr std::uint32_t kTag = 0x0112;
  constexpr std::uint32_t kShort = 3;
  if (tiff.size() < kHeader || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M')) return 1;
  const auto number = [&](std::size_t at, std::size_t count) {
    return tiff[0] == 'I' ? little_endian(tiff, at, count) : big_endian(tiff, at, count);
  };
  const std::size_t directory = number(4, 4);
  if (number(2, 2) != 42 || directory > tiff.size() - 2) return 1;
  const std::size_t entries = number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntry;
    if (entry + kEntry > tiff.size()) return 1;
    if (number(entry, 2) != kTag) continue;
    const std::uint32_t value = number(entry + 8, 2);
    return number(entry + 2, 2) == kShort && number(entry + 4, 4) == 1 && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image oriented(Image image, int orientation) {
  check(orientation >= 1 && orientation <= 8, "orientation is ", orientation, ", expected 1..8");
  if (orientation == 1) return image;
  const bool sideways = orientation >= 5;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Image result =
      sideways ? Image::black(image.height, image.width, image.channels) : Image::black(image.width, image.height, image.channels);
  for (int y = 0; y < result.height; ++y)
    for (int x = 0; x < result.width; ++x) {
      const int along = sideways ? y : x;
      const int down = sideways ? x : y;
      const std::uint8_t* const from = image.row(from_bottom ? image.height - 1 - down : down) +
                                       static_cast<std::ptrdiff_t>(from_right ? image.width - 1 - along : along) * image.channels;
      std::uint8_t* const to = result.row(y) + static_cast<std::ptrdiff_t>(x) * image.channels;
      for (int c = 0; c < image.channels; ++c) to[c] = from[c];
    }
  return result;
}

}  // namespace pbgen
