// What the tests of data/ share: folders of their own, and image files built byte by byte.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace pbgen {

using Bytes = std::vector<std::uint8_t>;

// An empty folder under testing::TempDir(), named after the running test and process; removed at the end.
class TestFolder {
 public:
  TestFolder() {
    const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
    path_ = testing::TempDir() + "pbgen-" + test.test_suite_name() + "-" + test.name() + "-" + std::to_string(getpid());
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Creates missing folders above the file.
inline void write_bytes(const std::string& path, const Bytes& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(file.good()) << path;
}

inline Bytes bytes_of(const std::string& text) { return Bytes(text.begin(), text.end()); }

inline void append_big_endian(Bytes& bytes, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(value >> shift));
}

inline void append_png_chunk(Bytes& png, const std::string& type, const Bytes& content) {
  append_big_endian(png, static_cast<std::uint32_t>(content.size()));
  const std::size_t begin = png.size();
  png.insert(png.end(), type.begin(), type.end());
  png.insert(png.end(), content.begin(), content.end());
  std::uint32_t crc = 0xffffffffu;
  for (std::size_t i = begin; i < png.size(); ++i) {
    crc ^= png[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1u) != 0 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
  }
  append_big_endian(png, ~crc);
}

// What a hand-made PNG holds.  colour_type 0: grey, 2: RGB, 3: palette, 4: grey and alpha, 6: RGBA.
struct PngParts {
  std::uint32_t width = 1;
  std::uint32_t height = 1;
  std::uint8_t depth = 8;
  std::uint8_t colour_type = 0;
  Bytes palette = {};       // RGB triples
  Bytes transparency = {};  // tRNS
  Bytes rows = {};          // each begins with its filter byte; at most 65535 bytes together
};

// Stored, not compressed.
inline Bytes make_png(const PngParts& parts) {
  Bytes png = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  Bytes header;
  append_big_endian(header, parts.width);
  append_big_endian(header, parts.height);
  for (const int value : {int{parts.depth}, int{parts.colour_type}, 0, 0, 0}) header.push_back(static_cast<std::uint8_t>(value));
  append_png_chunk(png, "IHDR", header);
  if (!parts.palette.empty()) append_png_chunk(png, "PLTE", parts.palette);
  if (!parts.transparency.empty()) append_png_chunk(png, "tRNS", parts.transparency);
  const auto length = static_cast<std::uint16_t>(parts.rows.size());
  const auto low = static_cast<std::uint8_t>(length & 255);
  const auto high = static_cast<std::uint8_t>(length >> 8);
  Bytes stored = {0x78, 0x01, 0x01, low, high, static_cast<std::uint8_t>(~low), static_cast<std::uint8_t>(~high)};
  stored.insert(stored.end(), parts.rows.begin(), parts.rows.end());
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const std::uint8_t byte : parts.rows) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  append_big_endian(stored, b << 16 | a);
  append_png_chunk(png, "IDAT", stored);
  append_png_chunk(png, "IEND", {});
  return png;
}

// One colour, binary PPM.
inline Bytes make_ppm(int width, int height, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  Bytes ppm = bytes_of("P6\n" + std::to_string(width) + " " + std::to_string(height) + "\n255\n");
  for (int i = 0; i < width * height; ++i) ppm.insert(ppm.end(), {red, green, blue});
  return ppm;
}

// An 8x8 grey JPEG, pixel (x, y) about 16 x + 8 y, made by
//   im = Image.new('L', (8, 8)); im.putdata([x*16 + y*8 for y in range(8) for x in range(8)])
//   im.save(file, 'JPEG', quality=75, optimize=True)      # Pillow 13.0.0
inline Bytes tiny_jpeg() {
  return {
      0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46, 0x49, 0x46, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0xff,
      0xdb, 0x00, 0x43, 0x00, 0x08, 0x06, 0x06, 0x07, 0x06, 0x05, 0x08, 0x07, 0x07, 0x07, 0x09, 0x09, 0x08, 0x0a, 0x0c, 0x14, 0x0d,
      0x0c, 0x0b, 0x0b, 0x0c, 0x19, 0x12, 0x13, 0x0f, 0x14, 0x1d, 0x1a, 0x1f, 0x1e, 0x1d, 0x1a, 0x1c, 0x1c, 0x20, 0x24, 0x2e, 0x27,
      0x20, 0x22, 0x2c, 0x23, 0x1c, 0x1c, 0x28, 0x37, 0x29, 0x2c, 0x30, 0x31, 0x34, 0x34, 0x34, 0x1f, 0x27, 0x39, 0x3d, 0x38, 0x32,
      0x3c, 0x2e, 0x33, 0x34, 0x32, 0xff, 0xc0, 0x00, 0x0b, 0x08, 0x00, 0x08, 0x00, 0x08, 0x01, 0x01, 0x11, 0x00, 0xff, 0xc4, 0x00,
      0x14, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x06, 0xff, 0xc4,
      0x00, 0x18, 0x10, 0x00, 0x02, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05,
      0x06, 0x22, 0x33, 0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x3f, 0x00, 0x27, 0x0e, 0x4f, 0x9d, 0x4f, 0xff, 0xd9,
  };
}

}  // namespace pbgen
