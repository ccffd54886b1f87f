#include "data/formats/bmp.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <string_view>

#include "core/base/check.h"
#include "core/freestanding/ints.h"
#include "data/formats/byte_order.h"

namespace pbgen {
namespace {

constexpr std::size_t kFileHeader = 14;
constexpr std::size_t kOs2Header = 12;

// A sample within a pixel: the bits of its mask, moved down.
struct Field {
  std::uint32_t mask = 0;

  int operator()(std::uint32_t pixel) const {
    const int shift = std::countr_zero(mask);
    const std::uint64_t maximum = mask >> shift;
    if (maximum == 255) return static_cast<int>((pixel & mask) >> shift);
    return static_cast<int>((((pixel & mask) >> shift) * std::uint64_t{255} + maximum / 2) / maximum);
  }
  bool is_torn() const { return mask != 0 && ((mask >> std::countr_zero(mask)) & ((mask >> std::countr_zero(mask)) + 1)) != 0; }
};

struct Header {
  std::size_t bytes = 0;  // of the header that follows the file's header
  int width = 0;
  int height = 0;
  bool from_top = false;
  int bits = 0;
  std::uint32_t compression = 0;
  std::uint32_t colours = 0;  // of the palette, 0: as many as the bits allow
  std::size_t pixels = 0;     // where they begin

  bool is_os2_1() const { return bytes == kOs2Header; }
  bool is_os2_2() const { return bytes == 16 || bytes == 64; }
};

Header parse_header(std::span<const std::uint8_t> bytes) {
  constexpr std::array<std::size_t, 8> kHeaders = {kOs2Header, 16, 40, 52, 56, 64, 108, 124};
  constexpr std::string_view kTruncated = "truncated: the BMP ends within its header";
  if (bytes.size() < kFileHeader + kOs2Header) fail(ErrorKind::data, kTruncated);
  Header header;
  header.pixels = little_endian(bytes, 10, 4);
  header.bytes = little_endian(bytes, kFileHeader, 4);
  if (std::find(kHeaders.begin(), kHeaders.end(), header.bytes) == kHeaders.end())
    fail(ErrorKind::data, "a BMP with a header of ", header.bytes, " bytes, which no version of the format has");
  if (bytes.size() < kFileHeader + header.bytes) fail(ErrorKind::data, kTruncated);

  const std::span<const std::uint8_t> fields = bytes.subspan(kFileHeader, header.bytes);
  const std::size_t side_bytes = header.is_os2_1() ? 2 : 4;
  std::int64_t width = little_endian(fields, 4, side_bytes);
  std::int64_t height = little_endian(fields, 4 + side_bytes, side_bytes);
  if (!header.is_os2_1() && !header.is_os2_2()) {
    width = static_cast<std::int32_t>(width);
    height = static_cast<std::int32_t>(height);
    header.from_top = height < 0;
    if (header.from_top) height = -height;
  }
  check_image_sides(width, height);
  header.width = static_cast<int>(width);
  header.height = static_cast<int>(height);
  const std::uint32_t planes = little_endian(fields, 4 + 2 * side_bytes, 2);
  if (planes != 1) fail(ErrorKind::data, "corrupt: the BMP has ", planes, " planes, 1 expected");
  header.bits = static_cast<int>(little_endian(fields, 6 + 2 * side_bytes, 2));
  if (header.bytes > 16) {
    header.compression = little_endian(fields, 16, 4);
    header.colours = little_endian(fields, 32, 4);
  }
  return header;
}

constexpr std::uint32_t kBitFields = 3;
constexpr std::uint32_t kAlphaBitFields = 6;

void check_compression(const Header& header) {
  const bool os2 = header.is_os2_2();
  std::string_view kind;
  switch (header.compression) {
    case 0: break;
    case 1:
    case 2: kind = "run lengths"; break;
    case kBitFields: kind = os2 ? "a Huffman code" : ""; break;
    case 4: kind = os2 ? "run lengths" : "a JPEG within"; break;
    case 5: kind = os2 ? "an unknown compression" : "a PNG within"; break;
    case kAlphaBitFields: kind = header.bytes == 40 ? "" : "an unknown compression"; break;
    default: kind = "an unknown compression";
  }
  if (!kind.empty()) fail(ErrorKind::data, "a BMP with ", kind, ", which is not read; save it without compression");
  const bool has_masks = header.compression != 0;
  constexpr std::array<int, 7> kBits = {1, 4, 8, 24, 2, 16, 32};  // OS/2 has the first four
  const auto bits_end = header.is_os2_1() || header.is_os2_2() ? kBits.begin() + 4 : kBits.end();
  if (std::find(kBits.begin(), bits_end, header.bits) == bits_end || (has_masks && header.bits != 16 && header.bits != 32))
    fail(ErrorKind::data, "a BMP of ", header.bits, " bits a pixel", has_masks ? " with masks" : "", ", which the format does not have");
}

// Red, green, blue, alpha; alpha's mask is 0 where there is none.
using Fields = std::array<Field, 4>;

// Pixels of 16, 24 and 32 bits.  masks_end: where the header ends, masks behind it included.
Fields fields_of(const Header& header, std::span<const std::uint8_t> bytes, std::size_t& masks_end) {
  if (header.compression == 0) {
    if (header.bits == 16) return {{{0x7c00}, {0x03e0}, {0x001f}, {0}}};
    return {{{0xff0000}, {0x00ff00}, {0x0000ff}, {0}}};
  }
  // In the header from its 52-byte version on; behind it before.
  const bool has_alpha = header.bytes >= 56 || header.compression == kAlphaBitFields;
  const std::size_t at = kFileHeader + 40;
  const std::size_t count = has_alpha ? 4 : 3;
  masks_end = std::max(masks_end, at + 4 * count);
  if (bytes.size() < masks_end) fail(ErrorKind::data, "truncated: the BMP ends within its masks");
  Fields fields = {};
  std::uint32_t taken = 0;
  for (std::size_t i = 0; i < count; ++i) {
    fields[i].mask = little_endian(bytes, at + 4 * i, 4);
    const std::uint32_t mask = fields[i].mask;
    const bool beyond = header.bits == 16 && mask > 0xffff;
    if ((mask == 0 && i < 3) || beyond || fields[i].is_torn() || (mask & taken) != 0)
      fail(ErrorKind::data, "corrupt: the masks of the BMP are empty, torn, overlap, or are wider than a pixel");
    taken |= mask;
  }
  return fields;
}

class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes), header_(parse_header(bytes)) {
    check_compression(header_);
    std::size_t begin = kFileHeader + header_.bytes;
    if (header_.bits > 8) fields_ = fields_of(header_, bytes, begin);
    if (header_.pixels < begin) fail(ErrorKind::data, "corrupt: the pixels of the BMP begin within its header");
    if (header_.bits <= 8) find_palette(begin);
    // The last row need not be filled up.
    const std::size_t row = (static_cast<std::size_t>(header_.width) * header_.bits + 7) / 8;
    row_bytes_ = round_up(row, 4);
    const std::size_t needed = row_bytes_ * (static_cast<std::size_t>(header_.height) - 1) + row;
    const std::size_t available = bytes.size() - std::min(bytes.size(), header_.pixels);
    if (available < needed) fail(ErrorKind::data, "truncated: the BMP lacks rows: ", available, " bytes of pixels, ", needed, " expected");
  }

  DecodedImage decode() const {
    DecodedImage result;
    result.image = Image::black(header_.width, header_.height, 3);
    result.had_alpha = fields_[3].mask != 0;
    int most_alpha = result.had_alpha ? 0 : 255;
    for (int y = 0; y < header_.height; ++y) {
      const int stored = header_.from_top ? y : header_.height - 1 - y;
      const std::span<const std::uint8_t> row = bytes_.subspan(header_.pixels + row_bytes_ * static_cast<std::size_t>(stored));
      std::uint8_t* const to = result.image.row(y);
      if (header_.bits <= 8) {
        write_indexed(row, to);
      } else {
        most_alpha = std::max(most_alpha, write_fields(row, to));
      }
    }
    // Some programs write such a mask and leave the alpha out.
    if (most_alpha == 0) fail(ErrorKind::data, "the alpha of the BMP is 0 throughout: nothing is to be seen, or alpha is not meant");
    return result;
  }

 private:
  void find_palette(std::size_t begin) {
    entry_bytes_ = header_.is_os2_1() ? 3 : 4;
    const std::size_t most = std::size_t{1} << header_.bits;
    const std::size_t declared = header_.colours == 0 ? most : header_.colours;
    // An old program leaves colours out that no pixel has: what is between the headers and the pixels counts.
    colours_ = std::min({most, declared, (std::min(header_.pixels, bytes_.size()) - begin) / entry_bytes_});
    palette_ = bytes_.subspan(begin, colours_ * entry_bytes_);
  }

  void write_indexed(std::span<const std::uint8_t> row, std::uint8_t* to) const {
    const auto bits = static_cast<std::size_t>(header_.bits);
    for (std::size_t x = 0; x < static_cast<std::size_t>(header_.width); ++x) {
      const std::size_t bit = x * bits;
      const std::size_t index = row[bit / 8] >> (8 - bits - bit % 8) & ((std::size_t{1} << bits) - 1);
      if (index >= colours_) fail(ErrorKind::data, "corrupt: a pixel has colour ", index, " of a palette of ", colours_);
      for (std::size_t c = 0; c < 3; ++c) to[3 * x + c] = palette_[index * entry_bytes_ + 2 - c];
    }
  }

  // Returns the largest alpha, 0 where there is none.
  int write_fields(std::span<const std::uint8_t> row, std::uint8_t* to) const {
    int most_alpha = 0;
    const auto pixel_bytes = static_cast<std::size_t>(header_.bits / 8);
    for (std::size_t x = 0; x < static_cast<std::size_t>(header_.width); ++x) {
      const std::uint32_t pixel = little_endian(row, x * pixel_bytes, pixel_bytes);
      const int alpha = fields_[3].mask != 0 ? fields_[3](pixel) : 255;
      most_alpha = std::max(most_alpha, alpha);
      for (std::size_t c = 0; c < 3; ++c) to[3 * x + c] = over_white(fields_[c](pixel), alpha);
    }
    return most_alpha;
  }

  std::span<const std::uint8_t> bytes_;
  Header header_;
  Fields fields_ = {};
  std::span<const std::uint8_t> palette_;  // blue, green, red
  std::size_t entry_bytes_ = 0;
  std::size_t colours_ = 0;
  std::size_t row_bytes_ = 0;
};

}  // namespace

DecodedImage decode_bmp(std::span<const std::uint8_t> bytes) { return Reader(bytes).decode(); }

}  // namespace pbgen
