#include "data/formats/image_io.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

#include "core/base/check.h"
#include "core/files/file.h"
#include "core/files/file_kind.h"
#include "data/formats/bmp.h"
#include "data/formats/jpeg.h"
#include "data/formats/orientation.h"
#include "data/formats/png.h"
#include "data/formats/pnm.h"

namespace {

// Want of memory, which stb would tell of as a failure without a reason, is a std::bad_alloc.
void* granted(void* block) { return block != nullptr ? block : throw std::bad_alloc(); }

}  // namespace

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#define STBIW_MALLOC(bytes) granted(std::malloc(bytes))
#define STBIW_REALLOC(block, bytes) granted(std::realloc(block, bytes))
#define STBIW_FREE(block) std::free(block)
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

namespace pbgen {
namespace {

enum class Format { unknown, jpeg, png, bmp, pnm };

Format format_of(std::span<const std::uint8_t> bytes) {
  const auto begins_with = [bytes](std::initializer_list<std::uint8_t> magic) {
    return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
  };
  if (begins_with({0xff, 0xd8, 0xff})) return Format::jpeg;
  if (begins_with({0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'})) return Format::png;
  if (begins_with({'B', 'M'})) return Format::bmp;
  if (bytes.size() >= 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7') return Format::pnm;
  return Format::unknown;
}

DecodedImage decode_as(Format format, std::span<const std::uint8_t> bytes) {
  switch (format) {
    case Format::jpeg: return decode_jpeg(bytes);
    case Format::png: return decode_png(bytes);
    case Format::bmp: return decode_bmp(bytes);
    case Format::pnm: return decode_pnm(bytes);
    case Format::unknown: break;
  }
  fail(ErrorKind::data, wrong_kind(bytes, "a JPEG, PNG, BMP or binary PNM (P5, P6) picture"));
}

void check_writable(std::span<const std::uint8_t> pixels, int width, int height, int channels) {
  check(channels == 1 || channels == 3, "channels is ", channels, ", expected 1 or 3");
  check(width >= 1 && height >= 1 && width <= kMaxImageSide && height <= kMaxImageSide &&
            static_cast<std::int64_t>(width) * height <= kMaxImagePixels,
        "picture is ", width, "x", height, ", expected 1..", kMaxImageSide, " a side and at most ", kMaxImagePixels, " pixels");
  check_equal(pixels.size(), static_cast<std::size_t>(width) * height * channels, "number of pixel bytes");
}

// Takes what stb writes; context: std::vector<std::uint8_t>.
void append_bytes(void* context, void* data, int size) {
  auto& out = *static_cast<std::vector<std::uint8_t>*>(context);
  const auto* const bytes = static_cast<const std::uint8_t*>(data);
  out.insert(out.end(), bytes, bytes + size);
}

}  // namespace

DecodedImage decode_image(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) fail(ErrorKind::data, "the file is empty");
  if (static_cast<std::int64_t>(bytes.size()) > kMaxImageFileBytes)
    fail(ErrorKind::data, bytes.size(), " bytes, at most ", kMaxImageFileBytes, " are read");
  DecodedImage decoded = decode_as(format_of(bytes), bytes);
  decoded.image = oriented(std::move(decoded.image), decoded.orientation);
  return decoded;
}

DecodedImage read_image(const std::string& path) {
  const std::vector<std::uint8_t> bytes = read_file(path, kMaxImageFileBytes);
  try {
    return decode_image(bytes);
  } catch (const Error& error) {
    fail(error.kind(), path, ": ", error.what());
  }
}

std::vector<std::uint8_t> encode_png(std::span<const std::uint8_t> pixels, int width, int height, int channels) {
  check_writable(pixels, width, height, channels);
  std::vector<std::uint8_t> png;
  if (stbi_write_png_to_func(append_bytes, &png, width, height, channels, pixels.data(), width * channels) == 0) throw std::bad_alloc();
  return png;
}

std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality) {
  check_writable(image.pixels, image.width, image.height, image.channels);
  check(quality >= 1 && quality <= 100, "quality is ", quality, ", expected 1..100");
  std::vector<std::uint8_t> jpeg;
  if (stbi_write_jpg_to_func(append_bytes, &jpeg, image.width, image.height, image.channels, image.pixels.data(), quality) == 0)
    throw std::bad_alloc();
  return jpeg;
}

void write_png(const std::string& path, std::span<const std::uint8_t> pixels, int width, int height, int channels) {
  write_file_atomically(path, encode_png(pixels, width, height, channels));
}

void write_png(const std::string& path, const Image& image) { write_png(path, image.pixels, image.width, image.height, image.channels); }

}  // namespace pbgen
