#include "gan/edge/pixels.h"

#include "core/freestanding/bits.h"
#include "gan/edge/pbgen.h"

namespace pbgen::edge {
namespace {

constexpr int kColours = 3;

// Some pixels at a time, so that what is made of them stays in registers and the first-level cache.
constexpr int kSomePixels = 256;

// NaN is found and masked by bits, since compilers make vectors of that.  What is rounded is not negative.
std::uint8_t byte_of(float x) {
  const auto bits = bits_as<std::int32_t>(x);
  const std::int32_t within = -std::int32_t{(bits & 0x7fffffff) <= bits_as<std::int32_t>(1.0f)};
  const std::int32_t kept = (bits & within) | (bits_as<std::int32_t>(-1.0f) & ~within);
  const float scaled = 127.5f * bits_as<float>(kept) + 127.5f;
  return static_cast<std::uint8_t>(static_cast<std::int32_t>(scaled + 0.5f));  // NOLINT(bugprone-incorrect-roundings)
}

// Byte i of every pixel.
void scatter(const std::uint8_t* from, int count, int pixel_bytes, int i, std::uint8_t* to) {
  for (int pixel = 0; pixel < count; ++pixel) to[static_cast<std::ptrdiff_t>(pixel) * pixel_bytes + i] = from[pixel];
}

// The nearest of 0 .. most to most/255 of a byte, for most 31 and 63: between two there is no middle, 255 being odd.
unsigned scaled(std::uint8_t byte, unsigned most) { return (byte * most + 127) / 255; }

void write_565(const std::uint8_t* const (&colours)[kColours], int count, bool swapped, std::uint16_t* to) {
  for (int i = 0; i < count; ++i) {
    const unsigned word = scaled(colours[0][i], 31) << 11 | scaled(colours[1][i], 63) << 5 | scaled(colours[2][i], 31);
    to[i] = static_cast<std::uint16_t>(swapped ? (word >> 8 | word << 8) & 0xffff : word);
  }
}

// A fourth byte is opaque.
void write_colours(const std::uint8_t* const (&colours)[kColours], int count, bool blue_first, int pixel_bytes, std::uint8_t* to) {
  for (int i = 0; i < kColours; ++i) scatter(colours[blue_first ? kColours - 1 - i : i], count, pixel_bytes, i, to);
  for (int i = 0; pixel_bytes > kColours && i < count; ++i) to[static_cast<std::ptrdiff_t>(i) * pixel_bytes + kColours] = 255;
}

void write_floats(const float* from, int count, int step, float* to) {
  for (int i = 0; i < count; ++i) to[static_cast<std::ptrdiff_t>(i) * step] = from[i];
}

}  // namespace

bool find_layout(int format, int channels, PixelLayout& layout) {
  switch (format) {
    case PBGEN_CHANNELS8: layout = {channels, 1, 1}; return true;
    case PBGEN_RGB888:
    case PBGEN_BGR888: layout = {3, 1, 1}; return true;
    case PBGEN_RGBA8888:
    case PBGEN_BGRA8888: layout = {4, 1, 1}; return true;
    case PBGEN_RGB565:
    case PBGEN_RGB565_SWAPPED: layout = {2, 1, 2}; return true;
    case PBGEN_PLANES8: layout = {1, channels, 1}; return true;
    case PBGEN_CHANNELS_FLOAT32: layout = {4 * channels, 1, 4}; return true;
    case PBGEN_PLANES_FLOAT32: layout = {4, channels, 4}; return true;
    default: return false;
  }
}

void write_pixels(const float* image, std::ptrdiff_t channel_stride, int channels, int count, int format, void* to,
                  std::ptrdiff_t plane_stride) {
  auto* const bytes = static_cast<std::uint8_t*>(to);
  if (format == PBGEN_CHANNELS_FLOAT32 || format == PBGEN_PLANES_FLOAT32) {
    const bool planes = format == PBGEN_PLANES_FLOAT32;
    for (int c = 0; c < channels; ++c)
      write_floats(image + c * channel_stride, count, planes ? 1 : channels,
                   reinterpret_cast<float*>(planes ? bytes + c * plane_stride : bytes + c * std::ptrdiff_t{sizeof(float)}));
    return;
  }
  PixelLayout layout{};
  find_layout(format, channels, layout);
  std::uint8_t block[kColours][kSomePixels];
  const std::uint8_t* const colours[kColours] = {block[0], block[channels > 1 ? 1 : 0], block[channels > 1 ? 2 : 0]};
  for (std::ptrdiff_t first = 0; first < count; first += kSomePixels) {
    std::uint8_t* const pixels = bytes + first * layout.pixel_bytes;
    const int some = count - first < kSomePixels ? static_cast<int>(count - first) : kSomePixels;
    for (int c = 0; c < channels; ++c) {
      const float* const from = image + c * channel_stride + first;
      for (int i = 0; i < some; ++i) block[c][i] = byte_of(from[i]);
    }
    switch (format) {
      case PBGEN_CHANNELS8:
        for (int c = 0; c < channels; ++c) scatter(block[c], some, channels, c, pixels);
        break;
      case PBGEN_PLANES8:
        for (int c = 0; c < channels; ++c) scatter(block[c], some, 1, 0, pixels + c * plane_stride);
        break;
      case PBGEN_RGB565:
      case PBGEN_RGB565_SWAPPED:
        write_565(colours, some, format == PBGEN_RGB565_SWAPPED, reinterpret_cast<std::uint16_t*>(pixels));
        break;
      default: write_colours(colours, some, format == PBGEN_BGR888 || format == PBGEN_BGRA8888, layout.pixel_bytes, pixels);
    }
  }
}

}  // namespace pbgen::edge
