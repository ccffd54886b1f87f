// Every feature of the picture formats: decoded to the pixels of an independent decoder, or refused with the reason.
#include <gtest/gtest.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "core/files/file.h"
#include "data/formats/inflate.h"
#include "data/formats/orientation.h"
#include "data/formats/image_io.h"
#include "tests/support/golden_pictures.h"
#include "tests/support/image_files.h"

namespace pbgen {
namespace {

struct Refused {
  std::string name;
  Bytes file;
  std::string reason;  // a part of it
};

// What decoding gives: a picture, or a reason.
struct Outcome {
  Image image;
  std::string reason;
  bool operator==(const Outcome& other) const {
    return reason == other.reason && image.width == other.image.width && image.height == other.image.height &&
           image.channels == other.image.channels && image.pixels == other.image.pixels;
  }
};

Outcome outcome_of(const Bytes& file) {
  try {
    return {decode_image(file).image, ""};
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    return {{}, error.what()};
  }
}

std::ptrdiff_t signed_of(std::size_t value) { return static_cast<std::ptrdiff_t>(value); }
Bytes first_part(const Bytes& bytes, std::size_t length) { return Bytes(bytes.begin(), bytes.begin() + signed_of(length)); }

Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Bytes with(Bytes bytes, std::size_t at, const Bytes& replacement) {
  for (std::size_t i = 0; i < replacement.size(); ++i) bytes.at(at + i) = replacement[i];
  return bytes;
}

Bytes without(Bytes bytes, std::size_t at, std::size_t length) {
  bytes.erase(bytes.begin() + signed_of(at), bytes.begin() + signed_of(at + length));
  return bytes;
}

Bytes with_inserted(Bytes bytes, std::size_t at, const Bytes& inserted) {
  bytes.insert(bytes.begin() + signed_of(at), inserted.begin(), inserted.end());
  return bytes;
}

// ---- JPEG

// Where the n-th marker of a kind stands, the first being 0.
std::size_t marker_at(const Bytes& jpeg, int marker, int n = 0) {
  for (std::size_t i = 0; i + 1 < jpeg.size(); ++i)
    if (jpeg[i] == 0xff && jpeg[i + 1] == marker && n-- == 0) return i;
  throw std::logic_error("no such marker");
}

std::size_t segment_bytes(const Bytes& jpeg, std::size_t at) { return 2u + (std::size_t{jpeg.at(at + 2)} << 8 | jpeg.at(at + 3)); }

Bytes without_segment(const Bytes& jpeg, int marker, int n = 0) {
  const std::size_t at = marker_at(jpeg, marker, n);
  return without(jpeg, at, segment_bytes(jpeg, at));
}

const Bytes kEndOfImage = {0xff, 0xd9};

std::vector<Refused> refused_jpegs() {
  const Bytes& colour = golden_picture("jpeg bytes behind the end").file;  // 19x13, three components, no head
  const Bytes& scans = golden_picture("jpeg one scan a component").file;
  const Bytes& progressive = golden_picture("jpeg progressive 4:2:0").file;
  const Bytes& restarts = golden_picture("jpeg restarts").file;
  const Bytes& ycck = golden_picture("jpeg YCCK by Adobe").file;
  const std::size_t frame = marker_at(colour, 0xc0);
  const std::size_t scan = marker_at(colour, 0xda);
  std::vector<Refused> rows;
  const auto frame_kind = [&](int marker) { return with(colour, frame + 1, {static_cast<std::uint8_t>(marker)}); };
  rows.push_back({"lossless", frame_kind(0xc3), "a lossless JPEG"});
  for (const int marker : {0xc5, 0xc6, 0xc7, 0xcd, 0xce, 0xcf}) rows.push_back({"hierarchical", frame_kind(marker), "a hierarchical JPEG"});
  for (const int marker : {0xc9, 0xca, 0xcb, 0xcc}) rows.push_back({"arithmetic", frame_kind(marker), "arithmetic coding"});
  rows.push_back({"reserved marker", frame_kind(0xc8), "may not have it"});
  rows.push_back({"hierarchical header", with_inserted(colour, 2, {0xff, 0xde, 0, 2}), "a hierarchical JPEG"});
  rows.push_back({"12 bits", with(colour, frame + 4, {12}), "12 bits a sample"});
  rows.push_back({"height behind the scan", with(colour, frame + 5, {0, 0}), "DNL"});
  rows.push_back({"no width", with(colour, frame + 7, {0, 0}), "empty"});
  rows.push_back({"too large", with(colour, frame + 5, {0xff, 0xff, 0xff, 0xff}), "65535x65535"});
  rows.push_back({"more pixels than bytes can hold", with(colour, frame + 5, {0x3f, 0xff, 0x0f, 0xff}), "too few"});
  rows.push_back({"two components", with(colour, frame + 9, {2}), "2 components"});
  rows.push_back({"frame of another length", with(colour, frame + 9, {1}), "frame"});
  rows.push_back({"ratio that is not whole", with(colour, frame + 11, {0x31, 0, 2, 0x21}), "not whole"});
  rows.push_back({"sampling 0", with(colour, frame + 11, {0x01}), "frame"});
  rows.push_back({"sampling 5", with(colour, frame + 11, {0x51}), "frame"});
  rows.push_back({"unit of 12 blocks", with(colour, frame + 11, {0x22, 0, 2, 0x22, 0, 3, 0x22}), "scan"});
  rows.push_back({"the same component twice", with(colour, frame + 13, {1}), "frame"});
  rows.push_back({"two frames",
                  with_inserted(colour, frame, Bytes(colour.begin() + signed_of(frame), colour.begin() + signed_of(frame + 19))),
                  "two frames"});
  rows.push_back({"no frame", without_segment(colour, 0xc0), "before its frame"});
  rows.push_back({"no scan", first_part(colour, scan) + kEndOfImage, "no scan"});
  rows.push_back({"no step table", without_segment(colour, 0xdb), "lacks a quantisation table"});
  rows.push_back({"step 0", with(colour, marker_at(colour, 0xdb) + 20, {0}), "quantisation table"});
  rows.push_back({"no DC code", without_segment(colour, 0xc4), "motion JPEG"});
  rows.push_back({"no AC code", without_segment(colour, 0xc4, 1), "motion JPEG"});
  rows.push_back({"code with too many symbols", with(colour, marker_at(colour, 0xc4) + 5, {0, 0, 8, 4}), "too many symbols"});
  rows.push_back({"code of more symbols than given", with(colour, marker_at(colour, 0xc4) + 5, {0, 0, 0, 255}), "Huffman table"});
  rows.push_back({"code that stands for nothing", with(colour, scan + 14, {0xff, 0x00, 0xff, 0x00}), "stands for nothing"});
  rows.push_back({"table number 4", with(colour, scan + 6, {0x40}), "scan"});
  rows.push_back({"unknown component", with(colour, scan + 5, {9}), "scan"});
  rows.push_back({"components in another order", with(colour, scan + 5, {2, 0, 1, 0}), "scan"});
  rows.push_back({"progressive scan in a sequential frame", with(colour, scan + 13, {0x10}), "progressive scan"});
  rows.push_back({"second start", with_inserted(colour, 2, {0xff, 0xd8}), "may not have it"});
  rows.push_back({"restart before the scan", with_inserted(colour, 2, {0xff, 0xd0}), "may not have it"});
  rows.push_back({"bytes between segments", with_inserted(colour, frame, {0}), "between two segments"});
  rows.push_back({"segment of length 1", with_inserted(colour, 2, {0xff, 0xe5, 0, 1}), "shorter than its own length"});
  rows.push_back(
      {"other number of lines", first_part(colour, marker_at(colour, 0xd9)) + Bytes{0xff, 0xdc, 0, 4, 0, 14} + kEndOfImage, "DNL"});
  rows.push_back(
      {"half of the scan", first_part(colour, (scan + colour.size()) / 2) + kEndOfImage, "truncated: the JPEG's scan ends after"});
  rows.push_back({"a component's scan is missing", first_part(scans, marker_at(scans, 0xda, 2)) + kEndOfImage, "lacks the scan"});
  const std::size_t second = marker_at(scans, 0xda, 1);
  const std::size_t third = marker_at(scans, 0xda, 2);
  rows.push_back({"a component's scan comes twice",
                  with_inserted(scans, third, Bytes(scans.begin() + signed_of(second), scans.begin() + signed_of(third))),
                  "same component"});
  for (int n = 1; n < 10; ++n)
    rows.push_back({"progressive scan " + std::to_string(n) + " and all behind it missing",
                    first_part(progressive, marker_at(progressive, 0xda, n)) + kEndOfImage, "scans of the progressive JPEG are missing"});
  // The first scan of all holds two bits less; the refinement of one of them is left out.
  const std::size_t refinement = marker_at(progressive, 0xda, 6);
  rows.push_back(
      {"progressive refinement without what it refines",
       with_inserted(progressive, marker_at(progressive, 0xda),
                     Bytes(progressive.begin() + signed_of(refinement), progressive.begin() + signed_of(marker_at(progressive, 0xda, 7)))),
       "out of order"});
  rows.push_back({"progressive scan of two bands", with(progressive, marker_at(progressive, 0xda) + 11, {0, 5}), "what none may hold"});
  rows.push_back({"restart marker of another number", with(restarts, marker_at(restarts, 0xd1) + 1, {0xd2}), "restart marker"});
  rows.push_back({"restart marker missing", without(restarts, marker_at(restarts, 0xd1), 2), "restart marker"});
  rows.push_back({"a restart's bytes missing",
                  without(restarts, marker_at(restarts, 0xd1) + 2, marker_at(restarts, 0xd2) - marker_at(restarts, 0xd1) - 2),
                  "truncated"});
  rows.push_back({"four components without Adobe's marker", without_segment(ycck, 0xee), "does not say what they are"});
  rows.push_back({"four components, unknown colours", with(ycck, marker_at(ycck, 0xee) + 15, {1}), "unknown colours"});
  rows.push_back({"three components, unknown colours",
                  with_inserted(colour, 2, {0xff, 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 2}), "unknown colours"});
  return rows;
}

// ---- PNG

struct Chunk {
  std::string type;
  Bytes content;
};

Bytes png_of(const std::vector<Chunk>& chunks) {
  Bytes png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  for (const Chunk& chunk : chunks) append_png_chunk(png, chunk.type, chunk.content);
  return png;
}

Chunk png_header(std::uint32_t width, std::uint32_t height, int depth, int colour, int interlace = 0) {
  Bytes content;
  append_big_endian(content, width);
  append_big_endian(content, height);
  for (const int value : {depth, colour, 0, 0, interlace}) content.push_back(static_cast<std::uint8_t>(value));
  return {"IHDR", content};
}

constexpr std::string_view kIdat = "IDAT";

// Stored, not compressed.
Bytes zlib_of(const Bytes& rows) {
  const Bytes png = make_png({.rows = rows});
  const auto idat = std::search(png.begin(), png.end(), kIdat.begin(), kIdat.end());
  return Bytes(idat + 4, idat + 4 + 2 + 5 + signed_of(rows.size()) + 4);
}

std::vector<Refused> refused_pngs() {
  const Chunk end = {"IEND", {}};
  const Chunk grey = png_header(2, 2, 8, 0);
  const Chunk pixels = {"IDAT", zlib_of({0, 1, 2, 0, 3, 4})};
  const Chunk indexed = png_header(4, 1, 8, 3);
  const Chunk indices = {"IDAT", zlib_of({0, 0, 1, 2, 3})};
  const Chunk three = {"PLTE", Bytes(9, 7)};
  const Chunk four = {"PLTE", Bytes(12, 7)};
  const auto compressed = [&](const Bytes& stream) { return png_of({grey, {"IDAT", stream}, end}); };
  std::vector<Refused> rows;
  rows.push_back({"Apple's", png_of({{"CgBI", {0, 0, 0, 0}}, grey, pixels, end}), "CgBI"});
  rows.push_back({"no header", png_of({pixels, end}), "one header"});
  rows.push_back({"two headers", png_of({grey, grey, pixels, end}), "one header"});
  rows.push_back({"header of 12 bytes", png_of({{"IHDR", Bytes(12)}, pixels, end}), "12 bytes"});
  for (const auto& [depth, colour] :
       std::vector<std::pair<int, int>>{{3, 0}, {0, 0}, {32, 0}, {4, 2}, {16, 3}, {4, 4}, {1, 6}, {8, 1}, {8, 5}, {8, 7}})
    rows.push_back({"depth " + std::to_string(depth) + " colour " + std::to_string(colour),
                    png_of({png_header(2, 2, depth, colour), pixels, end}), "which the format does not have"});
  rows.push_back({"interlace method 2", png_of({png_header(2, 2, 8, 0, 2), pixels, end}), "interlace"});
  rows.push_back({"no colours", png_of({indexed, indices, end}), "lacks its palette"});
  rows.push_back({"index without a colour", png_of({indexed, three, indices, end}), "colour 3 of a palette of 3"});
  rows.push_back({"palette of a grey picture", png_of({grey, three, pixels, end}), "grey PNG with a palette"});
  rows.push_back({"palette twice", png_of({indexed, four, four, indices, end}), "palette comes twice"});
  rows.push_back({"palette behind the pixels", png_of({indexed, indices, four, end}), "palette comes twice, or too late"});
  rows.push_back({"palette behind the transparency", png_of({png_header(1, 1, 8, 2), {"tRNS", Bytes(6)}, three, pixels, end}), "too late"});
  rows.push_back({"empty palette", png_of({indexed, {"PLTE", {}}, indices, end}), "palette has 0 bytes"});
  rows.push_back({"palette of 10 bytes", png_of({indexed, {"PLTE", Bytes(10)}, indices, end}), "palette has 10 bytes"});
  rows.push_back({"palette of 5 for 2 bits", png_of({png_header(4, 1, 2, 3), {"PLTE", Bytes(15)}, indices, end}), "1 to 4 colours"});
  rows.push_back({"more transparency than colours", png_of({indexed, four, {"tRNS", Bytes(5)}, indices, end}), "tRNS"});
  rows.push_back({"empty transparency", png_of({indexed, four, {"tRNS", {}}, indices, end}), "tRNS"});
  rows.push_back({"transparency before the palette", png_of({indexed, {"tRNS", Bytes(2)}, four, indices, end}), "tRNS"});
  rows.push_back({"transparency twice", png_of({grey, {"tRNS", Bytes(2)}, {"tRNS", Bytes(2)}, pixels, end}), "tRNS"});
  rows.push_back({"transparency behind the pixels", png_of({grey, pixels, {"tRNS", Bytes(2)}, end}), "tRNS"});
  rows.push_back({"transparency of another length", png_of({grey, {"tRNS", Bytes(6)}, pixels, end}), "tRNS"});
  for (const int colour : {4, 6})
    rows.push_back({"transparency beside alpha", png_of({png_header(1, 1, 8, colour), {"tRNS", Bytes(2)}, pixels, end}), "tRNS"});
  rows.push_back({"pixels in two places", png_of({grey, pixels, {"tEXt", {'a', 0}}, {"IDAT", {}}, end}), "one behind the other"});
  rows.push_back({"unknown critical chunk", png_of({grey, {"FAKE", {}}, pixels, end}), "a chunk FAKE"});
  rows.push_back({"chunk without letters", png_of({grey, {"t xt", {}}, pixels, end}), "four letters"});
  rows.push_back({"no pixels", png_of({grey, end}), "no pixels"});
  rows.push_back({"empty pixels", png_of({grey, {"IDAT", {}}, end}), "too few"});
  rows.push_back({"no end", png_of({grey, pixels}), "no end chunk"});
  rows.push_back({"checksum of a chunk", with(png_of({grey, pixels, end}), 33 + 8, {0x77}), "wrong checksum"});
  rows.push_back({"a row too few", compressed(zlib_of({0, 1, 2})), "3 bytes of rows are compressed in it, 6 expected"});
  rows.push_back({"a byte too many", compressed(zlib_of({0, 1, 2, 0, 3, 4, 5})), "more than the expected 6 bytes"});
  rows.push_back({"filter 5", compressed(zlib_of({0, 1, 2, 5, 3, 4})), "filter 5"});
  rows.push_back({"compression method", compressed(with(pixels.content, 0, {0x77, 0x84})), "no zlib stream"});
  rows.push_back({"preset dictionary", compressed(with(pixels.content, 0, {0x78, 0x20})), "dictionary"});
  rows.push_back({"stored length", compressed(with(pixels.content, 5, {0})), "contradicts its length"});
  rows.push_back({"block kind 3", compressed(with(pixels.content, 2, {7})), "unknown kind"});
  rows.push_back(
      {"checksum of the pixels", compressed(with(pixels.content, pixels.content.size() - 1, {0})), "checksum of the compressed pixels"});
  rows.push_back({"pixels end early", compressed(first_part(pixels.content, pixels.content.size() - 3)), "end too early"});
  // Fixed codes: length 3 (symbol 257: 0000001), distance 1 (00000), with nothing before.
  rows.push_back({"copy from before the beginning", compressed({0x78, 0x01, 0x03, 0x02, 0, 0, 0, 0, 0, 0}), "before their beginning"});
  // Dynamic codes: 19 lengths of 1 bit are too many.
  rows.push_back({"code with too many symbols", compressed({0x78, 0x01, 0x05, 0xe0, 0x93, 0x24, 0x49, 0x92, 0x24, 0x49, 0x92, 0, 0}),
                  "too many symbols"});
  rows.push_back({"more pixels than bytes can hold", png_of({png_header(16000, 4000, 8, 6), pixels, end}), "too few"});
  return rows;
}

// ---- BMP

std::vector<Refused> refused_bmps() {
  const Bytes& plain = golden_picture("bmp header 40 bits 24").file;
  const Bytes& indexed = golden_picture("bmp header 40 bits 8").file;
  const Bytes& os2 = golden_picture("bmp header 64 bits 8").file;
  const Bytes& masked = golden_picture("bmp header 56 alpha").file;
  const Bytes& five = golden_picture("bmp palette of 5").file;
  constexpr std::size_t kBits = 28;
  constexpr std::size_t kCompression = 30;
  constexpr std::size_t kMasks = 54;
  std::vector<Refused> rows;
  rows.push_back({"run lengths of 8 bits", with(indexed, kCompression, {1}), "run lengths"});
  rows.push_back({"run lengths of 4 bits", with(indexed, kCompression, {2}), "run lengths"});
  rows.push_back({"JPEG within", with(plain, kCompression, {4}), "a JPEG within"});
  rows.push_back({"PNG within", with(plain, kCompression, {5}), "a PNG within"});
  rows.push_back({"OS/2's Huffman code", with(os2, kCompression, {3}), "a Huffman code"});
  rows.push_back({"OS/2's run lengths", with(os2, kCompression, {4}), "run lengths"});
  rows.push_back({"unknown compression", with(plain, kCompression, {11}), "unknown compression"});
  rows.push_back({"masks of 24 bits", with(plain, kCompression, {3}), "24 bits a pixel with masks"});
  rows.push_back({"unknown header", with(plain, 14, {41}), "header of 41 bytes"});
  for (const int bits : {0, 3, 5, 64}) rows.push_back({"bits", with(plain, kBits, {static_cast<std::uint8_t>(bits)}), "bits a pixel"});
  rows.push_back({"OS/2 of 16 bits", with(os2, kBits, {16}), "16 bits a pixel"});
  rows.push_back({"planes", with(plain, 26, {3}), "3 planes"});
  rows.push_back({"negative width", with(plain, 18, {0xff, 0xff, 0xff, 0xff}), "-1x5"});
  rows.push_back({"no height", with(plain, 22, {0, 0, 0, 0}), "empty"});
  rows.push_back({"the most negative height", with(plain, 22, {0, 0, 0, 0x80}), "7x2147483648"});
  rows.push_back({"pixels within the header", with(plain, 10, {53}), "within its header"});
  rows.push_back({"pixels within the masks", with(golden_picture("bmp masks behind the header").file, 10, {54}), "within its header"});
  rows.push_back({"pixels behind the end", with(plain, 10, {0xff, 0xff, 0xff, 0xff}), "lacks rows"});
  rows.push_back({"rows missing", first_part(plain, plain.size() - 24), "lacks rows"});
  rows.push_back({"index without a colour", with(five, 54 + 5 * 4, {5}), "colour 5 of a palette of 5"});
  rows.push_back({"mask of nothing", with(masked, kMasks, {0, 0, 0, 0}), "masks"});
  rows.push_back({"torn mask", with(masked, kMasks, {0, 0, 0xfd, 0}), "masks"});
  rows.push_back({"masks that overlap", with(masked, kMasks, {0, 0x80, 0xff, 0}), "masks"});
  rows.push_back({"mask wider than a pixel", with(golden_picture("bmp bits 16 of 5, 6, 5").file, kMasks, {0, 0, 1, 0}), "masks"});
  Bytes transparent = masked;
  for (std::size_t i = 14 + 56 + 3; i < transparent.size(); i += 4) transparent[i] = 0;
  rows.push_back({"alpha 0 throughout", transparent, "alpha of the BMP is 0 throughout"});
  rows.push_back({"ends within the header", first_part(plain, 50), "within its header"});
  rows.push_back({"ends within the masks", first_part(golden_picture("bmp masks behind the header").file, 60), "within its masks"});
  return rows;
}

std::vector<Refused> refused_pnms() {
  return {
      {"P1", bytes_of("P1 1 1\n0"), "plain text (P1)"},
      {"P2", bytes_of("P2 1 1 255\n0"), "plain text (P2)"},
      {"P3", bytes_of("P3 1 1 255\n0 0 0"), "plain text (P3)"},
      {"P4", bytes_of("P4 1 1\n0"), "single bits"},
      {"P7", bytes_of("P7\nWIDTH 1\n"), "a PAM"},
      {"sample above the maximum", bytes_of("P5 2 1 15\n\x0f\x10"), "a sample of 16 is above the PNM's maximum of 15"},
      {"two pictures", bytes_of("P5 1 1 255\nxP5 1 1 255\nx"), "several pictures"},
      {"16-bit samples under a maximum of 255", bytes_of("P5 1 1 255\nxx"), "1 bytes behind the last sample"},
      {"a sample too few", bytes_of("P6 1 1 255\nxx"), "truncated"},
  };
}

std::vector<Refused> refused_pictures() {
  std::vector<Refused> all = refused_jpegs();
  for (const auto& rows : {refused_pngs(), refused_bmps(), refused_pnms()}) all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

// ----

TEST(PictureFormats, DecodeToThePixelsOfAnIndependentDecoder) {
  ASSERT_GT(golden_pictures().size(), 150u);
  for (const GoldenPicture& picture : golden_pictures()) {
    const Outcome outcome = outcome_of(picture.file);
    EXPECT_EQ(outcome.reason, "") << picture.name;
    EXPECT_EQ(outcome.image.width, picture.image.width) << picture.name;
    EXPECT_EQ(outcome.image.height, picture.image.height) << picture.name;
    // Grey stays one channel where the format says so; a decoder may repeat it.
    ASSERT_EQ(outcome.image.channels, picture.image.channels) << picture.name;
    EXPECT_TRUE(outcome.image.pixels == picture.image.pixels) << picture.name;
  }
}

TEST(PictureFormats, RefuseWithTheReasonWhatTheyDoNotRead) {
  for (const Refused& row : refused_pictures()) {
    const Outcome outcome = outcome_of(row.file);
    EXPECT_TRUE(outcome.reason.find(row.reason) != std::string::npos)
        << row.name << ": \"" << outcome.reason << "\", expected " << row.reason;
  }
}

// What malloc hands out from now on holds a value, where the C library can do that; 0 ends it.
void perturb_allocations([[maybe_unused]] int value) {
#ifdef __GLIBC__
  mallopt(M_PERTURB, value);
#endif
}

// Fills what malloc hands out next, and the stack below, with a value.
[[gnu::noinline]] void poison_memory(int value) {
  perturb_allocations(value);
  volatile std::uint8_t stack[1 << 17];
  for (volatile std::uint8_t& byte : stack) byte = static_cast<std::uint8_t>(value);
  std::vector<Bytes> blocks;
  for (std::size_t size = 16; size <= std::size_t{1} << 20; size *= 2) blocks.emplace_back(size, static_cast<std::uint8_t>(value));
}

TEST(PictureFormats, TheSameWhateverWasInMemoryAndWhicheverPictureCameBefore) {
  std::vector<Bytes> files;
  for (const GoldenPicture& picture : golden_pictures()) files.push_back(picture.file);
  for (const Refused& row : refused_pictures()) files.push_back(row.file);
  const std::size_t count = files.size();
  for (std::size_t i = 0; i < count; ++i) {
    poison_memory(0x5a);
    outcome_of(files[(i + 1) % count]);
    const Outcome first = outcome_of(files[i]);
    poison_memory(0xc3);
    outcome_of(files[(i + count / 2) % count]);
    const Outcome second = outcome_of(files[i]);
    EXPECT_TRUE(first == second) << (i < golden_pictures().size() ? golden_pictures()[i].name : std::to_string(i));
  }
  perturb_allocations(0);
}

TEST(PictureFormats, RefuseEveryJpegThatIsCutAndClosed) {
  int cut = 0;
  for (const std::string name :
       {"jpeg grey", "jpeg 4:2:0", "jpeg progressive grey", "jpeg progressive 4:2:0", "jpeg progressive restarts", "jpeg restarts",
        "jpeg one scan a component", "jpeg 16-bit steps", "jpeg YCCK by Adobe", "jpeg 4:2:0 of 1x1"}) {
    const Bytes& whole = golden_picture(name).file;
    for (std::size_t length = 2; length + 2 < whole.size(); ++length, ++cut) {
      EXPECT_NE(outcome_of(first_part(whole, length) + kEndOfImage).reason, "") << name << " cut to " << length;
      EXPECT_NE(outcome_of(first_part(whole, length)).reason, "") << name << " cut to " << length;
    }
  }
  EXPECT_GT(cut, 5000);
}

TEST(PictureFormats, RefuseEveryPictureThatIsCut) {
  for (const std::string name :
       {"png colour 6 depth 16 interlaced", "png palette with some alpha", "png in five pieces", "png fixed codes", "bmp header 12 bits 4",
        "bmp header 124 alpha", "bmp 10 bits a sample", "pnm P6 maximum 65535", "pnm P5 maximum 255"}) {
    const Bytes& whole = golden_picture(name).file;
    // Rows of a BMP are filled up to 4 bytes, of which the last one's may be missing.
    const std::size_t needed = name == "bmp header 12 bits 4" ? 0 : whole.size();
    for (std::size_t length = 0; length < needed; ++length)
      EXPECT_NE(outcome_of(first_part(whole, length)).reason, "") << name << " cut to " << length;
  }
}

TEST(PictureFormats, ChangedBitsOfCompressedPixelsAreRefusedOrChangeNothing) {
  int refused = 0;
  for (const std::string name : {"png fixed codes", "png stored", "png colour 2 depth 8", "png long matches"}) {
    const GoldenPicture& picture = golden_picture(name);
    const auto idat = std::search(picture.file.begin(), picture.file.end(), kIdat.begin(), kIdat.end());
    const auto length = static_cast<std::size_t>(idat[-1] | idat[-2] << 8);
    const Bytes stream(idat + 4, idat + 4 + signed_of(length));
    const Chunk header =
        png_header(static_cast<std::uint32_t>(picture.image.width), static_cast<std::uint32_t>(picture.image.height), 8, 2);
    for (std::size_t bit = 0; bit < 8 * length; ++bit) {
      const Bytes changed = with(stream, bit / 8, {static_cast<std::uint8_t>(stream[bit / 8] ^ 1 << bit % 8)});
      const Outcome outcome = outcome_of(png_of({header, {"IDAT", changed}, {"IEND", {}}}));
      refused += !outcome.reason.empty();
      if (outcome.reason.empty()) {
        EXPECT_TRUE(outcome.image.pixels == picture.image.pixels) << name << ", bit " << bit;
      }
    }
  }
  EXPECT_GT(refused, 5000);
}

TEST(PictureFormats, ChangedBytesAreDecodedOrRefused) {
  const CounterRng rng(2, Stream::test);
  std::uint64_t draw = 0;
  int decoded = 0;
  int refused = 0;
  for (const GoldenPicture& picture : golden_pictures())
    for (int round = 0; round < 60; ++round) {
      Bytes changed = picture.file;
      for (int i = 0; i <= round % 3; ++i, draw += 2)
        changed[rng.below(draw, changed.size())] = static_cast<std::uint8_t>(rng.bits(draw + 1));
      ++(outcome_of(changed).reason.empty() ? decoded : refused);
    }
  EXPECT_GT(decoded, 0);
  EXPECT_GT(refused, 0);
}

TEST(PictureFormats, TellWhatAFileWas) {
  const auto decoded = [](const std::string& name) { return decode_image(golden_picture(name).file); };
  EXPECT_TRUE(decoded("jpeg grey").was_grey);
  EXPECT_FALSE(decoded("jpeg 4:4:4").was_grey);
  EXPECT_TRUE(decoded("png key of grey depth 2").had_alpha);
  EXPECT_TRUE(decoded("png colour 4 depth 16").was_16_bit);
  EXPECT_TRUE(decoded("png colour 4 depth 16").was_grey);
  EXPECT_TRUE(decoded("bmp header 124 alpha").had_alpha);
  EXPECT_FALSE(decoded("bmp 32 bits, the fourth is no alpha").had_alpha);
  for (int orientation = 0; orientation < 10; ++orientation) {
    const bool legal = orientation >= 1 && orientation <= 8;
    EXPECT_EQ(decoded("jpeg orientation " + std::to_string(orientation)).orientation, legal ? orientation : 1);
  }
  EXPECT_EQ(decoded("png orientation 6 behind the pixels").orientation, 6);
}

// Rows of a picture of 3x2, one letter a pixel, read from the left and from the top.
TEST(Orientation, TurnsAsExifSays) {
  const Image stored = {3, 2, 1, {'a', 'b', 'c', 'd', 'e', 'f'}};
  const std::vector<std::string> expected = {"abcdef", "cbafed", "fedcba", "defabc", "adbecf", "daebfc", "fcebda", "cfbead"};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Image turned = oriented(stored, orientation);
    EXPECT_EQ(turned.width, orientation <= 4 ? 3 : 2) << orientation;
    EXPECT_EQ(std::string(turned.pixels.begin(), turned.pixels.end()), expected[static_cast<std::size_t>(orientation) - 1]) << orientation;
  }
  EXPECT_THROW(oriented(stored, 0), std::logic_error);
  EXPECT_THROW(oriented(stored, 9), std::logic_error);
}

TEST(Orientation, IsReadFromAnyBlockWithoutLeavingIt) {
  const Bytes block = {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0};
  EXPECT_EQ(read_orientation(block), 6);
  EXPECT_EQ(read_orientation(Bytes{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0}), 6);
  for (std::size_t length = 0; length < block.size(); ++length) EXPECT_EQ(read_orientation(first_part(block, length)), 1) << length;
  // Directory at the very end and beyond it, more entries than there are, another type, another count, other marks.
  const std::vector<std::pair<std::size_t, Bytes>> changes = {{4, {20}}, {4, {255, 255, 255, 255}}, {12, {4}},
                                                              {14, {2}}, {0, {'I', 'M'}},           {2, {43}}};
  for (const auto& [at, bytes] : changes) EXPECT_EQ(read_orientation(with(block, at, bytes)), 1) << at;
  EXPECT_EQ(read_orientation(with(block, 8, {255, 255})), 6);
  EXPECT_EQ(read_orientation(with(with(block, 8, {255, 255}), 10, {0x13})), 1);
}

TEST(Inflate, FillsExactlyAndIgnoresWhatIsBehind) {
  const Bytes stream = zlib_of({1, 2, 3}) + Bytes{9, 9, 9};
  Bytes out(3);
  inflate_zlib(stream, out);
  EXPECT_EQ(out, (Bytes{1, 2, 3}));
  for (const std::size_t size : {0u, 2u, 4u}) {
    Bytes other(size);
    EXPECT_THROW(inflate_zlib(stream, other), Error) << size;
  }
}

}  // namespace
}  // namespace pbgen
