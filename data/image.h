// One picture in memory.
#pragma once

#include <cstdint>
#include <vector>

namespace pbgen {

// Pixels [height][width][channels], channels interleaved (1: grey, 3: RGB), 0..255.
struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;

  // Zeros, i.e. black.
  static Image black(int width, int height, int channels) {
    return {width, height, channels, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * channels)};
  }
  std::int64_t row_bytes() const { return static_cast<std::int64_t>(width) * channels; }
  std::uint8_t* row(int y) { return pixels.data() + y * row_bytes(); }
  const std::uint8_t* row(int y) const { return pixels.data() + y * row_bytes(); }
};

// Larger pictures are neither read nor written.
inline constexpr int kMaxImageSide = 16384;
inline constexpr std::int64_t kMaxImagePixels = std::int64_t{1} << 26;

// Error(data) unless both sides are in 1..kMaxImageSide and their product is at most kMaxImagePixels.
void check_image_sides(std::int64_t width, std::int64_t height);

// Every pixel as a square of factor x factor; factor >= 1.
Image enlarged(const Image& image, int factor);

// (colour * alpha + white * (255 - alpha)) / 255, rounded; both 0..255.
inline std::uint8_t over_white(int colour, int alpha) {
  return static_cast<std::uint8_t>((colour * alpha + 255 * (255 - alpha) + 127) / 255);
}

}  // namespace pbgen
