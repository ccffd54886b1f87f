#include "data/image_io.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "core/check.h"
#include "core/file.h"
#include "data/image_structure.h"
#include "data/pnm.h"

namespace {

// What stb allocates is bounded (a small PNG may inflate without end: this is the largest legal picture at 16 bits and
// four channels) and zeroed (a JPEG that leaves out a component would show the memory's former content).
constexpr std::size_t kMaxAllocation = static_cast<std::size_t>(pbgen::kMaxImagePixels) * 8 + (std::size_t{1} << 20);

// Want of memory is no fault of the picture's, as which stb would show it: std::bad_alloc.
void* granted(void* block) { return block != nullptr ? block : throw std::bad_alloc(); }

void* allocate_for_stb(std::size_t bytes) { return bytes <= kMaxAllocation ? granted(std::calloc(1, bytes)) : nullptr; }

void* reallocate_for_stb(void* block, std::size_t bytes) { return bytes <= kMaxAllocation ? granted(std::realloc(block, bytes)) : nullptr; }

}  // namespace

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_FAILURE_USERMSG
#define STBI_MALLOC(bytes) allocate_for_stb(bytes)
#define STBI_REALLOC(block, bytes) reallocate_for_stb(block, bytes)
#define STBI_FREE(block) std::free(block)
#include <stb/stb_image.h>
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
  if (begins_with({'P', '5'}) || begins_with({'P', '6'})) return Format::pnm;
  return Format::unknown;
}

std::string stb_reason() {
  const char* const reason = stbi_failure_reason();
  return reason != nullptr ? reason : "unknown reason";
}

struct StbPixels {
  struct Release {
    void operator()(stbi_uc* block) const { stbi_image_free(block); }
  };
  std::unique_ptr<stbi_uc, Release> pixels;
  int width = 0;
  int height = 0;
  int channels = 0;
};

StbPixels load_with_stb(std::span<const std::uint8_t> bytes) {
  StbPixels result;
  result.pixels.reset(
      stbi_load_from_memory(bytes.data(), static_cast<int>(bytes.size()), &result.width, &result.height, &result.channels, 0));
  if (!result.pixels) fail(ErrorKind::data, "cannot be decoded: ", stb_reason());
  return result;
}

// (colour * alpha + white * (255 - alpha)) / 255, rounded.
std::uint8_t over_white(int colour, int alpha) { return static_cast<std::uint8_t>((colour * alpha + 255 * (255 - alpha) + 127) / 255); }

DecodedImage composite(const StbPixels& source) {
  const bool has_alpha = source.channels == 2 || source.channels == 4;
  const int colours = has_alpha ? source.channels - 1 : source.channels;
  DecodedImage result;
  result.was_grey = colours == 1;
  result.had_alpha = has_alpha;
  result.image = Image::black(source.width, source.height, colours);
  const std::size_t pixels = static_cast<std::size_t>(source.width) * source.height;
  const stbi_uc* from = source.pixels.get();
  std::uint8_t* to = result.image.pixels.data();
  if (!has_alpha) {
    std::memcpy(to, from, pixels * colours);
    return result;
  }
  for (std::size_t i = 0; i < pixels; ++i, from += source.channels, to += colours)
    for (int c = 0; c < colours; ++c) to[c] = over_white(from[c], from[colours]);
  return result;
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

void check_image_sides(std::int64_t width, std::int64_t height) {
  if (width < 1 || height < 1) fail(ErrorKind::data, width, "x", height, " pixels: the picture is empty");
  if (width > kMaxImageSide || height > kMaxImageSide || width * height > kMaxImagePixels)
    fail(ErrorKind::data, width, "x", height, " pixels: at most ", kMaxImageSide, " a side and ", kMaxImagePixels, " together are read");
}

DecodedImage decode_image(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) fail(ErrorKind::data, "the file is empty");
  if (static_cast<std::int64_t>(bytes.size()) > kMaxImageFileBytes)
    fail(ErrorKind::data, bytes.size(), " bytes, at most ", kMaxImageFileBytes, " are read");
  const Format format = format_of(bytes);
  if (format == Format::unknown) fail(ErrorKind::data, "not a JPEG, PNG, BMP or binary PNM (P5, P6) picture");
  if (format == Format::pnm) return decode_pnm(bytes);

  const int size = static_cast<int>(bytes.size());
  int width = 0;
  int height = 0;
  if (format == Format::jpeg) check_jpeg_structure(bytes);
  if (format == Format::png) check_png_structure(bytes);
  if (stbi_info_from_memory(bytes.data(), size, &width, &height, nullptr) == 0) {
    // Loading stops at the same header, and unlike asking it keeps the reason.
    load_with_stb(bytes);
    fail(ErrorKind::data, "the header is corrupt");
  }
  // A BMP that runs from top to bottom has a negative height.
  const std::int64_t rows = format == Format::bmp ? std::llabs(height) : height;
  check_image_sides(width, rows);
  if (format == Format::bmp) check_bmp_structure(bytes, width, rows);

  const StbPixels loaded = load_with_stb(bytes);
  if (loaded.channels < 1 || loaded.channels > 4 || loaded.width != width || loaded.height != rows)
    fail(ErrorKind::data, "the header contradicts the picture");
  DecodedImage result = composite(loaded);
  result.was_16_bit = stbi_is_16_bit_from_memory(bytes.data(), size) != 0;
  return result;
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
