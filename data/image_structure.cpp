#include "data/image_structure.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/check.h"

namespace pbgen {
namespace {

std::uint32_t big_endian(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[at + i];
  return value;
}

// Bytes behind the end of the file count as zero.
std::int64_t little_endian(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t count) {
  std::int64_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | (at + i < bytes.size() ? bytes[at + i] : 0);
  return value;
}

// The content of a DHT segment: tables of one byte, 16 counts, and as many symbols as the counts add up to.
void check_huffman_tables(std::span<const std::uint8_t> content) {
  while (!content.empty()) {
    std::size_t symbols = 0;
    for (std::size_t i = 1; i < std::min<std::size_t>(content.size(), 17); ++i) symbols += content[i];
    if (symbols > 256 || content.size() < 17 + symbols) fail(ErrorKind::data, "corrupt: a Huffman table of the JPEG is too long");
    content = content.subspan(17 + symbols);
  }
}

// The checksum of PNG, ISO 3309.
class Crc32 {
 public:
  Crc32() {
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      std::uint32_t value = byte;
      for (int bit = 0; bit < 8; ++bit) value = (value & 1u) != 0 ? value >> 1 ^ 0xedb88320u : value >> 1;
      table_[byte] = value;
    }
  }
  std::uint32_t operator()(std::span<const std::uint8_t> bytes) const {
    std::uint32_t value = 0xffffffffu;
    for (const std::uint8_t byte : bytes) value = value >> 8 ^ table_[(value ^ byte) & 255u];
    return ~value;
  }

 private:
  std::array<std::uint32_t, 256> table_ = {};
};

}  // namespace

void check_jpeg_structure(std::span<const std::uint8_t> bytes) {
  constexpr std::uint8_t kHuffmanTables = 0xc4;
  constexpr std::uint8_t kEndOfImage = 0xd9;
  // Segments are skipped by their length, so that the end of an embedded thumbnail is not taken for the picture's.
  std::size_t at = 2;
  while (at + 1 < bytes.size()) {
    const std::uint8_t marker = bytes[at + 1];
    if (bytes[at] != 0xff || marker == 0xff) {
      ++at;  // entropy-coded data, or a fill byte
    } else if (marker == kEndOfImage) {
      return;
    } else if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;  // a stuffed zero, or a marker that stands alone
    } else {
      const std::size_t content = at + 4;
      if (content > bytes.size()) break;
      const std::size_t end = at + 2 + big_endian(bytes, at + 2, 2);
      if (end < content || end > bytes.size()) break;
      if (marker == kHuffmanTables) check_huffman_tables(bytes.subspan(content, end - content));
      at = end;
    }
  }
  fail(ErrorKind::data, "truncated: the JPEG has no end-of-image marker");
}

void check_png_structure(std::span<const std::uint8_t> bytes) {
  static const Crc32 crc32;
  constexpr std::size_t kSignature = 8;
  constexpr std::size_t kAroundContent = 12;  // length and type before it, checksum after it
  bool has_pixels = false;
  for (std::size_t at = kSignature; bytes.size() - at >= kAroundContent;) {
    const std::size_t length = big_endian(bytes, at, 4);
    if (length > bytes.size() - at - kAroundContent) break;
    if (crc32(bytes.subspan(at + 4, 4 + length)) != big_endian(bytes, at + 8 + length, 4))
      fail(ErrorKind::data, "corrupt: a chunk of the PNG has a wrong checksum");
    const std::string_view type(reinterpret_cast<const char*>(bytes.data()) + at + 4, 4);
    if (type == "IEND") return;
    if (type == "IDAT") {
      // stb would copy nothing to nowhere, which the language does not allow.
      if (length == 0 && !has_pixels) fail(ErrorKind::data, "the first pixel chunk of the PNG is empty");
      has_pixels = true;
    }
    at += kAroundContent + length;
  }
  fail(ErrorKind::data, "truncated: the PNG has no end chunk");
}

void check_bmp_structure(std::span<const std::uint8_t> bytes, std::int64_t width, std::int64_t height) {
  constexpr std::int64_t kOs2Header = 12;
  const std::int64_t first_row = little_endian(bytes, 10, 4);
  const std::int64_t bits_per_pixel = little_endian(bytes, little_endian(bytes, 14, 4) == kOs2Header ? 24 : 28, 2);
  const std::int64_t row_bytes = (width * bits_per_pixel + 31) / 32 * 4;
  if (static_cast<std::int64_t>(bytes.size()) < first_row + row_bytes * height) fail(ErrorKind::data, "truncated: the BMP lacks rows");
}

}  // namespace pbgen
