#include "data/formats/png.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/files/crc32.h"
#include "data/formats/byte_order.h"
#include "data/formats/inflate.h"
#include "data/formats/orientation.h"

namespace pbgen {
namespace {

enum class Colour { grey = 0, rgb = 2, palette = 3, grey_alpha = 4, rgb_alpha = 6 };

struct Header {
  int width = 0;
  int height = 0;
  int depth = 0;
  Colour colour = Colour::grey;
  bool interlaced = false;

  int samples() const { return colour == Colour::rgb ? 3 : colour == Colour::grey_alpha ? 2 : colour == Colour::rgb_alpha ? 4 : 1; }
  std::size_t row_bytes(int pixels) const { return (static_cast<std::size_t>(pixels) * samples() * depth + 7) / 8; }
};

// The pixels of a pass: every x_step-th from x on of every y_step-th row from y on.
struct Pass {
  int x;
  int y;
  int x_step;
  int y_step;

  int width(const Header& header) const { return (header.width - x + x_step - 1) / x_step; }
  int height(const Header& header) const { return (header.height - y + y_step - 1) / y_step; }
};
constexpr std::array<Pass, 1> kWhole = {{{0, 0, 1, 1}}};
constexpr std::array<Pass, 7> kAdam7 = {{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}};

std::span<const Pass> passes_of(const Header& header) {
  return header.interlaced ? std::span<const Pass>(kAdam7) : std::span<const Pass>(kWhole);
}

// What the chunks before and beside the pixels say.
struct Contents {
  Header header;
  std::vector<std::uint8_t> palette;                      // RGB triples
  std::span<const std::uint8_t> transparency;             // tRNS
  std::vector<std::span<const std::uint8_t>> compressed;  // the IDAT chunks
  int orientation = 1;

  int colours() const { return static_cast<int>(palette.size() / 3); }
};

Header parse_header(std::span<const std::uint8_t> content) {
  if (content.size() != 13) fail(ErrorKind::data, "corrupt: the PNG's header has ", content.size(), " bytes, 13 expected");
  const std::int64_t width = big_endian(content, 0, 4);
  const std::int64_t height = big_endian(content, 4, 4);
  check_image_sides(width, height);
  Header header;
  header.width = static_cast<int>(width);
  header.height = static_cast<int>(height);
  header.depth = content[8];
  header.colour = static_cast<Colour>(content[9]);
  const auto depth_is_one_of = [&](std::initializer_list<int> depths) {
    return std::find(depths.begin(), depths.end(), header.depth) != depths.end();
  };
  bool legal = false;
  switch (header.colour) {
    case Colour::grey: legal = depth_is_one_of({1, 2, 4, 8, 16}); break;
    case Colour::palette: legal = depth_is_one_of({1, 2, 4, 8}); break;
    case Colour::rgb:
    case Colour::grey_alpha:
    case Colour::rgb_alpha: legal = depth_is_one_of({8, 16}); break;
  }
  if (!legal)
    fail(ErrorKind::data, "corrupt: a PNG of colour type ", int{content[9]}, " with ", header.depth,
         " bits, which the format does not have");
  if (content[10] != 0 || content[11] != 0 || content[12] > 1)
    fail(ErrorKind::data, "corrupt: the PNG has compression, filter, interlace methods ", int{content[10]}, ", ", int{content[11]}, ", ",
         int{content[12]}, "; 0, 0, 0 or 1 expected");
  header.interlaced = content[12] == 1;
  return header;
}

// Takes the chunks one by one and sees to their order.
class ChunkReader {
 public:
  Contents read(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t kSignature = 8;
    constexpr std::size_t kAroundContent = 12;  // length and type before it, checksum after it
    for (std::size_t at = kSignature; bytes.size() - at >= kAroundContent;) {
      const std::size_t length = big_endian(bytes, at, 4);
      if (length > bytes.size() - at - kAroundContent) break;
      const std::string_view type(reinterpret_cast<const char*>(bytes.data()) + at + 4, 4);
      if (crc32(0, bytes.subspan(at + 4, 4 + length)) != big_endian(bytes, at + 8 + length, 4))
        fail(ErrorKind::data, "corrupt: a chunk of the PNG has a wrong checksum");
      if (!std::all_of(type.begin(), type.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }))
        fail(ErrorKind::data, "corrupt: a chunk of the PNG has a type that is no four letters");
      if (type == "IEND") return finish();
      take(type, bytes.subspan(at + 8, length));
      previous_ = type;
      at += kAroundContent + length;
    }
    fail(ErrorKind::data, "truncated: the PNG has no end chunk");
  }

 private:
  void take(std::string_view type, std::span<const std::uint8_t> content) {
    if (type == "CgBI") fail(ErrorKind::data, "Apple's dialect of PNG (CgBI), which is no PNG; convert it");
    if ((type == "IHDR") != previous_.empty()) fail(ErrorKind::data, "corrupt: the PNG does not have one header, at its beginning");
    const bool before_pixels = contents_.compressed.empty();
    if (type == "IHDR") {
      contents_.header = parse_header(content);
    } else if (type == "PLTE") {
      take_palette(content, before_pixels);
    } else if (type == "tRNS") {
      take_transparency(content, before_pixels);
    } else if (type == "IDAT") {
      if (!before_pixels && previous_ != "IDAT") fail(ErrorKind::data, "corrupt: the pixel chunks of the PNG are not one behind the other");
      contents_.compressed.push_back(content);
    } else if (type == "eXIf") {
      contents_.orientation = read_orientation(content);
    } else if (type[0] >= 'A' && type[0] <= 'Z') {
      fail(ErrorKind::data, "the PNG holds a chunk ", type, ", without which it cannot be shown and which is not known");
    }
  }

  void take_palette(std::span<const std::uint8_t> content, bool before_pixels) {
    const Header& header = contents_.header;
    if (header.colour == Colour::grey || header.colour == Colour::grey_alpha) fail(ErrorKind::data, "corrupt: a grey PNG with a palette");
    if (!before_pixels || !contents_.palette.empty() || contents_.transparency.data() != nullptr)
      fail(ErrorKind::data, "corrupt: the PNG's palette comes twice, or too late");
    const std::size_t most = header.colour == Colour::palette ? std::size_t{1} << header.depth : 256;
    if (content.empty() || content.size() % 3 != 0 || content.size() / 3 > most)
      fail(ErrorKind::data, "corrupt: the PNG's palette has ", content.size(), " bytes, expected 3 for each of 1 to ", most, " colours");
    contents_.palette.assign(content.begin(), content.end());
  }

  void take_transparency(std::span<const std::uint8_t> content, bool before_pixels) {
    if (!before_pixels || contents_.transparency.data() != nullptr)
      fail(ErrorKind::data, "corrupt: the PNG's transparency (tRNS) comes twice, or too late");
    bool legal = false;
    switch (contents_.header.colour) {
      case Colour::grey: legal = content.size() == 2; break;
      case Colour::rgb: legal = content.size() == 6; break;
      case Colour::palette: legal = !content.empty() && content.size() * 3 <= contents_.palette.size(); break;
      case Colour::grey_alpha:
      case Colour::rgb_alpha: break;
    }
    if (!legal) fail(ErrorKind::data, "corrupt: the PNG's transparency (tRNS) of ", content.size(), " bytes does not suit its colours");
    contents_.transparency = content;
  }

  Contents finish() {
    if (contents_.compressed.empty()) fail(ErrorKind::data, "the PNG holds no pixels");
    if (contents_.header.colour == Colour::palette && contents_.palette.empty())
      fail(ErrorKind::data, "corrupt: the PNG lacks its palette");
    return std::move(contents_);
  }

  Contents contents_;
  std::string_view previous_;
};

// The filtered rows of all passes, each behind its filter's number.
std::vector<std::uint8_t> inflate_rows(const Contents& contents) {
  const Header& header = contents.header;
  std::uint64_t needed = 0;
  for (const Pass& pass : passes_of(header))
    if (pass.width(header) > 0) needed += (header.row_bytes(pass.width(header)) + 1) * static_cast<std::uint64_t>(pass.height(header));
  std::uint64_t available = 0;
  for (const std::span<const std::uint8_t> chunk : contents.compressed) available += chunk.size();
  // Before memory is taken for them.
  if (needed > available * kMaxInflation)
    fail(ErrorKind::data, "truncated: ", available, " bytes of compressed pixels are too few for ", header.width, "x", header.height,
         " pixels");
  std::vector<std::uint8_t> joined;
  std::span<const std::uint8_t> stream = contents.compressed.front();
  if (contents.compressed.size() > 1) {
    joined.reserve(available);
    for (const std::span<const std::uint8_t> chunk : contents.compressed) joined.insert(joined.end(), chunk.begin(), chunk.end());
    stream = joined;
  }
  std::vector<std::uint8_t> rows(needed);
  inflate_zlib(stream, rows);
  return rows;
}

std::uint8_t paeth(int left, int above, int above_left) {
  const int to_left = std::abs(above - above_left);
  const int to_above = std::abs(left - above_left);
  const int to_above_left = std::abs(left + above - 2 * above_left);
  return static_cast<std::uint8_t>(to_left <= to_above && to_left <= to_above_left ? left : to_above <= to_above_left ? above : above_left);
}

// Takes the filter back.  above: the row above, zeros for the first; step: bytes from a pixel to the next, at least 1.
void unfilter(int filter, std::span<std::uint8_t> row, std::span<const std::uint8_t> above, std::size_t step) {
  const std::size_t first = std::min(step, row.size());
  const auto add = [](std::uint8_t& value, int predicted) { value = static_cast<std::uint8_t>(value + predicted); };
  switch (filter) {
    case 0: break;
    case 1:
      for (std::size_t i = step; i < row.size(); ++i) add(row[i], row[i - step]);
      break;
    case 2:
      for (std::size_t i = 0; i < row.size(); ++i) add(row[i], above[i]);
      break;
    case 3:
      for (std::size_t i = 0; i < first; ++i) add(row[i], above[i] / 2);
      for (std::size_t i = step; i < row.size(); ++i) add(row[i], (row[i - step] + above[i]) / 2);
      break;
    case 4:
      for (std::size_t i = 0; i < first; ++i) add(row[i], above[i]);
      for (std::size_t i = step; i < row.size(); ++i) add(row[i], paeth(row[i - step], above[i], above[i - step]));
      break;
    default: fail(ErrorKind::data, "corrupt: a row of the PNG has filter ", filter, ", which the format does not have");
  }
}

// Makes samples of the file into pixels of the picture.
class PixelMaker {
 public:
  explicit PixelMaker(const Contents& contents) : contents_(contents), header_(contents.header) {
    // Low bits alone count: the format has encoders clear the others, and decoders mask them.
    const unsigned mask = (1u << header_.depth) - 1;
    has_key_ = !contents.transparency.empty() && header_.colour != Colour::palette;
    for (std::size_t i = 0; has_key_ && i < contents.transparency.size() / 2; ++i)
      key_[i] = big_endian(contents.transparency, 2 * i, 2) & mask;
  }

  // A row of pixels, step bytes apart in the picture.
  void write_row(std::span<const std::uint8_t> row, int width, std::uint8_t* to, std::ptrdiff_t step) const {
    if (header_.depth == 8 && header_.colour == Colour::rgb_alpha) {
      for (std::size_t x = 0; x < static_cast<std::size_t>(width); ++x, to += step)
        for (std::size_t c = 0; c < 3; ++c) to[c] = over_white(row[4 * x + c], row[4 * x + 3]);
      return;
    }
    for (int x = 0; x < width; ++x, to += step) write(row, x, to);
  }

 private:
  // The x-th pixel of a row.
  void write(std::span<const std::uint8_t> row, int x, std::uint8_t* to) const {
    const int colours = header_.colour == Colour::rgb || header_.colour == Colour::rgb_alpha ? 3 : 1;
    std::array<unsigned, 4> samples = {};
    for (int i = 0; i < header_.samples(); ++i) samples[static_cast<std::size_t>(i)] = sample(row, x * header_.samples() + i);
    if (header_.colour == Colour::palette) {
      write_palette_colour(samples[0], to);
      return;
    }
    int alpha = 255;
    if (header_.samples() > colours) alpha = to_8_bits(samples[static_cast<std::size_t>(colours)]);
    if (has_key_ && std::equal(key_.begin(), key_.begin() + colours, samples.begin())) alpha = 0;
    for (int c = 0; c < colours; ++c) to[c] = over_white(to_8_bits(samples[static_cast<std::size_t>(c)]), alpha);
  }

  unsigned sample(std::span<const std::uint8_t> row, int index) const {
    const auto i = static_cast<std::size_t>(index);
    if (header_.depth == 8) return row[i];
    if (header_.depth == 16) return big_endian(row, 2 * i, 2);
    const std::size_t depth = static_cast<std::size_t>(header_.depth);
    const std::size_t bit = i * depth;
    return row[bit / 8] >> (8 - depth - bit % 8) & ((1u << depth) - 1);
  }

  int to_8_bits(unsigned value) const {
    return static_cast<int>(header_.depth == 16 ? value >> 8 : value * 255 / ((1u << header_.depth) - 1));
  }

  void write_palette_colour(unsigned index, std::uint8_t* to) const {
    if (index >= static_cast<unsigned>(contents_.colours()))
      fail(ErrorKind::data, "corrupt: a pixel has colour ", index, " of a palette of ", contents_.colours());
    const int alpha = index < contents_.transparency.size() ? contents_.transparency[index] : 255;
    for (unsigned c = 0; c < 3; ++c) to[c] = over_white(contents_.palette[3 * index + c], alpha);
  }

  const Contents& contents_;
  const Header& header_;
  bool has_key_ = false;
  std::array<unsigned, 4> key_ = {};
};

}  // namespace

DecodedImage decode_png(std::span<const std::uint8_t> bytes) {
  const Contents contents = ChunkReader().read(bytes);
  const Header& header = contents.header;
  std::vector<std::uint8_t> rows = inflate_rows(contents);

  DecodedImage result;
  result.was_grey = header.colour == Colour::grey || header.colour == Colour::grey_alpha;
  result.had_alpha = header.colour == Colour::grey_alpha || header.colour == Colour::rgb_alpha || !contents.transparency.empty();
  result.was_16_bit = header.depth == 16;
  result.orientation = contents.orientation;
  result.image = Image::black(header.width, header.height, result.was_grey ? 1 : 3);
  const PixelMaker pixels(contents);
  const std::size_t step = std::max<std::size_t>(1, static_cast<std::size_t>(header.samples() * header.depth / 8));
  const bool as_stored = header.depth == 8 && !header.interlaced && !result.had_alpha && header.colour != Colour::palette;
  std::size_t at = 0;
  for (const Pass& pass : passes_of(header)) {
    const int width = pass.width(header);
    if (width <= 0) continue;
    const std::vector<std::uint8_t> zeros(header.row_bytes(width));
    std::span<const std::uint8_t> above(zeros);
    for (int y = pass.y; y < header.height; y += pass.y_step) {
      const int filter = rows[at];
      const std::span<std::uint8_t> row = std::span(rows).subspan(at + 1, zeros.size());
      unfilter(filter, row, above, step);
      std::uint8_t* const to = result.image.row(y);
      if (as_stored) {
        std::copy(row.begin(), row.end(), to);
      } else {
        const std::ptrdiff_t channels = result.image.channels;
        pixels.write_row(row, width, to + pass.x * channels, pass.x_step * channels);
      }
      above = row;
      at += 1 + row.size();
    }
  }
  return result;
}

}  // namespace pbgen
