// Image files: what is decoded, to which pixels, and what is refused.
#include "data/formats/image_io.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "core/files/file.h"
#include "tests/support/contains.h"
#include "tests/support/image_files.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

// The reason for refusing, "accepted" where the bytes are decoded.
std::string refusal(const Bytes& bytes) {
  const std::string reason = refusal(ErrorKind::data, [&] {
    const DecodedImage decoded = decode_image(bytes);
    const Image& image = decoded.image;
    EXPECT_EQ(image.pixels.size(), static_cast<std::size_t>(image.width) * image.height * image.channels);
  });
  EXPECT_NE(reason, "");
  return reason;
}

Bytes make_bmp(std::int32_t height, const Bytes& rows) {
  Bytes bmp = {'B', 'M'};
  const auto add = [&bmp](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) bmp.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  };
  add(static_cast<std::uint32_t>(54 + rows.size()), 4);
  add(0, 4);
  add(54, 4);
  add(40, 4);
  add(1, 4);  // width
  add(static_cast<std::uint32_t>(height), 4);
  add(1, 2);
  add(24, 2);
  for (int i = 0; i < 6; ++i) add(0, 4);
  bmp.insert(bmp.end(), rows.begin(), rows.end());
  return bmp;
}

TEST(ImageIo, ReadsAGreyJpeg) {
  const DecodedImage decoded = decode_image(tiny_jpeg());
  ASSERT_EQ(decoded.image.width, 8);
  ASSERT_EQ(decoded.image.height, 8);
  ASSERT_EQ(decoded.image.channels, 1);
  EXPECT_TRUE(decoded.was_grey);
  EXPECT_FALSE(decoded.had_alpha);
  // What Pillow 13.0.0 (libjpeg-turbo) decodes in the first row; decoders may differ by rounding.
  const int expected[8] = {1, 15, 34, 50, 64, 80, 99, 113};
  for (int x = 0; x < 8; ++x) EXPECT_NEAR(decoded.image.pixels[static_cast<std::size_t>(x)], expected[x], 1) << x;
}

TEST(ImageIo, RefusesATruncatedJpegAtEveryLength) {
  const Bytes whole = tiny_jpeg();
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(refusal(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))), "accepted") << length;
}

TEST(ImageIo, DoesNotTakeTheEndOfAThumbnailForTheEndOfTheJpeg) {
  Bytes jpeg = tiny_jpeg();
  const Bytes comment = {0xff, 0xfe, 0x00, 0x04, 0xff, 0xd9};  // a comment that holds an end-of-image marker
  jpeg.insert(jpeg.begin() + 2, comment.begin(), comment.end());
  EXPECT_EQ(refusal(jpeg), "accepted");
  jpeg.erase(jpeg.end() - 2, jpeg.end());
  EXPECT_TRUE(contains(refusal(jpeg), "truncated"));
}

TEST(ImageIo, RefusesATruncatedPngAtEveryLength) {
  const Bytes whole = make_png({.width = 2, .height = 2, .rows = {0, 10, 20, 0, 30, 40}});
  EXPECT_EQ(refusal(whole), "accepted");
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(refusal(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))), "accepted") << length;
}

TEST(ImageIo, RefusesEveryFlippedByteOfAPng) {
  const Bytes whole = make_png({.width = 2, .height = 2, .rows = {0, 10, 20, 0, 30, 40}});
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes broken = whole;
    broken[i] ^= 4;
    EXPECT_NE(refusal(broken), "accepted") << i;
  }
}

TEST(ImageIo, RefusesAJpegWhoseHuffmanTableClaimsTooManySymbols) {
  Bytes jpeg = tiny_jpeg();
  // A table segment of its own in front: 16 counts of 255, and the symbols that they promise.
  Bytes segment = {0xff, 0xc4, 0x10, 0x03, 0x00};
  segment.insert(segment.end(), 16, 255);
  segment.insert(segment.end(), 16 * 255, 1);
  ASSERT_EQ(segment.size() - 2, 0x1003u);
  jpeg.insert(jpeg.begin() + 2, segment.begin(), segment.end());
  EXPECT_TRUE(contains(refusal(jpeg), "Huffman"));
}

TEST(ImageIo, ReadsASinglePixel) {
  const DecodedImage decoded = decode_image(make_png({.rows = {0, 77}}));
  EXPECT_EQ(decoded.image.pixels, Bytes{77});
  EXPECT_TRUE(decoded.was_grey);
}

TEST(ImageIo, TakesSixteenBitsToTheUpperEight) {
  const DecodedImage decoded = decode_image(make_png({.depth = 16, .colour_type = 2, .rows = {0, 0x12, 0xff, 0x80, 0x00, 0xff, 0x01}}));
  EXPECT_EQ(decoded.image.pixels, (Bytes{0x12, 0x80, 0xff}));
  EXPECT_TRUE(decoded.was_16_bit);
  EXPECT_FALSE(decoded.was_grey);
}

TEST(ImageIo, CompositesAlphaOverWhite) {
  const DecodedImage decoded =
      decode_image(make_png({.width = 3, .colour_type = 6, .rows = {0, 9, 8, 7, 0, 9, 8, 7, 255, 0, 100, 200, 51}}));
  ASSERT_EQ(decoded.image.channels, 3);
  EXPECT_TRUE(decoded.had_alpha);
  // 51 / 255 = 1/5: 4/5 white and 1/5 colour.
  EXPECT_EQ(decoded.image.pixels, (Bytes{255, 255, 255, 9, 8, 7, 204, 224, 244}));
}

TEST(ImageIo, CompositesGreyWithAlphaAndKeepsItGrey) {
  const DecodedImage decoded = decode_image(make_png({.width = 2, .colour_type = 4, .rows = {0, 100, 0, 100, 255}}));
  EXPECT_EQ(decoded.image.pixels, (Bytes{255, 100}));
  EXPECT_TRUE(decoded.was_grey);
  EXPECT_TRUE(decoded.had_alpha);
}

TEST(ImageIo, ReadsPalettesWithAndWithoutTransparency) {
  PngParts parts{.width = 2, .colour_type = 3, .palette = {1, 2, 3, 4, 5, 6}, .rows = {0, 1, 0}};
  const DecodedImage opaque = decode_image(make_png(parts));
  EXPECT_EQ(opaque.image.pixels, (Bytes{4, 5, 6, 1, 2, 3}));
  EXPECT_FALSE(opaque.had_alpha);
  parts.transparency = {0};  // of the first colour; the others stay opaque
  const DecodedImage transparent = decode_image(make_png(parts));
  EXPECT_EQ(transparent.image.pixels, (Bytes{4, 5, 6, 255, 255, 255}));
  EXPECT_TRUE(transparent.had_alpha);
}

TEST(ImageIo, ReadsABmpFromBottomToTopAndFromTopToBottom) {
  const Bytes rows = {3, 2, 1, 0, 6, 5, 4, 0};  // two rows of one BGR pixel and a byte of padding
  EXPECT_EQ(decode_image(make_bmp(2, rows)).image.pixels, (Bytes{4, 5, 6, 1, 2, 3}));
  EXPECT_EQ(decode_image(make_bmp(-2, rows)).image.pixels, (Bytes{1, 2, 3, 4, 5, 6}));
}

TEST(ImageIo, RefusesABmpThatLacksRowsOrHasAnImpossibleHeight) {
  EXPECT_TRUE(contains(refusal(make_bmp(2, {3, 2, 1, 0})), "truncated"));
  EXPECT_NE(refusal(make_bmp(INT32_MIN, {3, 2, 1, 0})), "accepted");
  EXPECT_NE(refusal(make_bmp(0, {3, 2, 1, 0})), "accepted");
}

TEST(ImageIo, ReadsBinaryPnmAndScalesItsMaximum) {
  const DecodedImage colour = decode_image(bytes_of("P6 # comment\n1 1\n255\n\x01\x02\x03"));
  EXPECT_EQ(colour.image.pixels, (Bytes{1, 2, 3}));
  const DecodedImage grey = decode_image(bytes_of("P5\n# one\n# two\n3 1 15 \x01\x0f\x08"));
  EXPECT_EQ(grey.image.pixels, (Bytes{17, 255, 136}));
  EXPECT_TRUE(grey.was_grey);
  Bytes wide = bytes_of("P5 1 1 65535 ");
  wide.insert(wide.end(), {0x80, 0x00});
  const DecodedImage sixteen = decode_image(wide);
  EXPECT_EQ(sixteen.image.pixels, Bytes{128});
  EXPECT_TRUE(sixteen.was_16_bit);
}

TEST(ImageIo, RefusesBrokenPnm) {
  for (const std::string text :
       {"P6", "P6 ", "P6 1", "P6 1 1 255", "P6 1 1 255\n\x01\x02", "P6 0 1 255\n123", "P6 1 1 0\n123", "P6 1 1 65536\n123456",
        "P6 99999999999999999999 1 255\n123", "P6 -1 1 255\n123", "P6 1 1 255#\n123", "P6 #"})
    EXPECT_NE(refusal(bytes_of(text)), "accepted") << text;
}

TEST(ImageIo, APnmEndsWithItsBytesWhateverLiesBehindThem) {
  // The byte behind them would be the space that is missing, or one more digit.
  for (const std::string behind : {" ", "5"}) {
    const Bytes memory = bytes_of("P5 1 1 25" + behind + "x");
    const std::span<const std::uint8_t> file(memory.data(), memory.size() - 2);
    EXPECT_THROW(decode_image(file), Error) << behind;
    EXPECT_NE(refusal(Bytes(file.begin(), file.end())).find("white space expected"), std::string::npos);
    const std::string reason = refusal(ErrorKind::data, [&] { static_cast<void>(decode_image(file)); });
    EXPECT_NE(reason.find("white space expected"), std::string::npos) << reason;
  }
}

TEST(ImageIo, BoundsDimensionsBeforeItAllocatesPixels) {
  EXPECT_TRUE(contains(refusal(make_png({.width = 60000, .height = 60000, .rows = {0, 1}})), "60000x60000"));
  EXPECT_TRUE(contains(refusal(make_png({.width = 20000, .height = 20000, .rows = {0, 1}})), "20000x20000"));
  EXPECT_TRUE(contains(refusal(make_png({.width = 16000, .height = 16000, .rows = {0, 1}})), "16000x16000"));
  EXPECT_TRUE(contains(refusal(bytes_of("P6 60000 60000 255\n123")), "60000x60000"));
}

TEST(ImageIo, RefusesWhatIsNoPicture) {
  EXPECT_EQ(refusal({}), "the file is empty");
  EXPECT_TRUE(contains(refusal(bytes_of("BM")), "truncated: the BMP"));
  EXPECT_TRUE(contains(refusal(bytes_of("just text")), "is text, not a JPEG"));
  EXPECT_TRUE(contains(refusal(bytes_of("P3 1 1 255 1 2 3")), "plain text"));
  EXPECT_TRUE(contains(refusal(bytes_of("GIF89a")), "is a GIF picture, not a JPEG"));
}

TEST(ImageIo, SurvivesFlippedBytes) {
  // Decoded or refused, nothing else; the sanitizer builds see the rest.
  const std::vector<Bytes> files = {
      tiny_jpeg(),
      make_png({.width = 2, .height = 2, .colour_type = 3, .palette = {1, 2, 3, 4, 5, 6}, .transparency = {9}, .rows = {0, 1, 0, 2, 0, 1}}),
      make_bmp(2, {3, 2, 1, 0, 6, 5, 4, 0}), make_ppm(2, 2, 1, 2, 3)};
  const CounterRng rng(1, Stream::test);
  int refused = 0;
  std::uint64_t draw = 0;
  for (const Bytes& file : files)
    for (int round = 0; round < 500; ++round) {
      Bytes broken = file;
      for (int flips = 0; flips < 3; ++flips, draw += 2)
        broken[rng.below(draw, broken.size())] = static_cast<std::uint8_t>(rng.bits(draw + 1));
      refused += refusal(broken) != "accepted";
    }
  EXPECT_GT(refused, 0);
}

TEST(ImageIo, WritesPngThatReadsBackAndTheSameBytesEveryTime) {
  for (const int channels : {1, 3}) {
    Image image = Image::black(13, 7, channels);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i * 37);
    const Bytes png = encode_png(image.pixels, 13, 7, channels);
    EXPECT_EQ(decode_image(png).image.pixels, image.pixels);
    EXPECT_EQ(encode_png(image.pixels, 13, 7, channels), png);
    const TestFolder folder;
    write_png(folder / "new/picture.png", image);
    EXPECT_EQ(read_file(folder / "new/picture.png", 10000), png);
  }
}

TEST(ImageIo, WritesJpegThatReadsBackNearlyAndTheSameBytesEveryTime) {
  for (const int channels : {1, 3}) {
    Image image = Image::black(19, 13, channels);
    for (int y = 0; y < image.height; ++y)
      for (int i = 0; i < 19 * channels; ++i)
        image.row(y)[i] = static_cast<std::uint8_t>(40 + 5 * (i / channels) + 3 * y + 20 * (i % channels));
    for (const int quality : {90, 95}) {  // colours at half and at full resolution
      const Bytes jpeg = encode_jpeg(image, quality);
      EXPECT_EQ(encode_jpeg(image, quality), jpeg);
      const DecodedImage decoded = decode_image(jpeg);
      ASSERT_EQ(decoded.image.width, 19);
      ASSERT_EQ(decoded.image.height, 13);
      ASSERT_EQ(decoded.image.channels, 3);
      for (std::size_t i = 0; i < decoded.image.pixels.size(); ++i)
        ASSERT_NEAR(decoded.image.pixels[i], image.pixels[channels == 3 ? i : i / 3], 12) << "quality " << quality << ", value " << i;
    }
    EXPECT_LT(encode_jpeg(image, 10).size(), encode_jpeg(image, 95).size());
  }
  EXPECT_THROW(encode_jpeg(Image::black(2, 2, 2), 90), std::logic_error);
  EXPECT_THROW(encode_jpeg(Image::black(2, 2, 3), 0), std::logic_error);
  EXPECT_THROW(encode_jpeg(Image::black(2, 2, 3), 101), std::logic_error);
}

TEST(ImageIo, WritesNoPngOfWhatIsNoPicture) {
  const Bytes pixels(12);
  EXPECT_NO_THROW(encode_png(pixels, 2, 2, 3));
  EXPECT_THROW(encode_png(pixels, 2, 2, 1), std::logic_error);
  EXPECT_THROW(encode_png(pixels, 3, 2, 2), std::logic_error);
  EXPECT_THROW(encode_png(pixels, 0, 2, 3), std::logic_error);
}

TEST(ImageIo, AHuffmanTableWithoutCodesIsNoFault) {
  Bytes jpeg = tiny_jpeg();
  Bytes segment = {0xff, 0xc4, 0x00, 0x13, 0x13};  // of table 3 for the coefficients behind the first, which no scan names
  segment.resize(segment.size() + 16);
  jpeg.insert(jpeg.begin() + 2, segment.begin(), segment.end());
  EXPECT_EQ(decode_image(jpeg).image.pixels, decode_image(tiny_jpeg()).image.pixels);
}

TEST(ImageIo, NamesTheFileThatItCannotRead) {
  const TestFolder folder;
  write_bytes(folder / "notes.jpg", bytes_of("not an image"));
  expect_refusal(ErrorKind::data, folder / "notes.jpg: ", [&] { read_image(folder / "notes.jpg"); });
  EXPECT_THROW(read_image(folder / "missing.png"), Error);
}

TEST(ImageIo, DecodesOrRefusesEveryFileOfTheSharedEdgeCases) {
  const std::string root = "../shared/data/images-edge";
  if (!std::filesystem::is_directory(root)) GTEST_SKIP() << root << " is not there";
  int decoded = 0;
  int refused = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = entry.path().filename().string();
    const std::string extension = entry.path().extension().string();
    if (extension != ".png" && extension != ".jpg" && extension != ".bmp" && extension != ".ppm" && extension != ".pgm") continue;
    const std::string reason = refusal(read_file(entry.path().string(), kMaxImageFileBytes));
    ++(reason == "accepted" ? decoded : refused);
    // The suite's valid files, all bit depths, palettes and interlacings, are those that do not begin with x.
    if (extension == ".png") {
      EXPECT_EQ(reason == "accepted", !name.starts_with("x")) << name << ": " << reason;
    }
  }
  EXPECT_GT(decoded, 150);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace pbgen
