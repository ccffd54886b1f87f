// The model file: round trips, its bytes, and every way to break one.
#include "core/files/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "core/files/crc64.h"
#include "core/files/file.h"
#include "tests/support/contains.h"
#include "tests/support/image_files.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

using Checksum = SafetensorsFile::Checksum;

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

template <class T>
std::span<const T> span_of(const std::vector<T>& values) {
  return values;
}

SafetensorsWriter tiny_writer() {
  static const std::vector<std::uint8_t> n = {7, 8, 255};
  static const std::vector<float> weight = {1.0f, -2.5f};
  static const std::vector<std::int64_t> i = {-2};
  SafetensorsWriter writer;
  writer.add_metadata("format", "pbgen");
  writer.add("n", {3}, span_of(n));
  writer.add("a.weight", {2, 1}, span_of(weight));
  writer.add("i", {}, span_of(i));
  return writer;
}

Bytes tiny_file() { return tiny_writer().finish(); }

// A file as another program might write it: no checksum, no padding.
Bytes file_of(std::string_view header, std::size_t data_bytes) {
  Bytes file;
  for (std::size_t i = 0; i < 8; ++i) file.push_back(static_cast<std::uint8_t>(std::uint64_t{header.size()} >> 8 * i));
  file.insert(file.end(), header.begin(), header.end());
  for (std::size_t i = 0; i < data_bytes; ++i) file.push_back(static_cast<std::uint8_t>(i));
  return file;
}

// The refusal, or "accepted".  A file that is not refused as a model file fails the test.
std::string refusal(const Bytes& file, Checksum checksum = Checksum::optional) {
  const std::string message = refusal(ErrorKind::model_file, [&] { SafetensorsFile::parse(file, "model", checksum); });
  EXPECT_TRUE(message == "accepted" || message.starts_with("model")) << message;
  return message;
}

std::string refusal(std::string_view header, std::size_t data_bytes) { return refusal(file_of(header, data_bytes)); }

void expect_contains(const std::string& text, const std::string& part) { EXPECT_TRUE(contains(text, part)) << text; }

TEST(Crc64, GivesThePublishedCheckValueHoweverTheBytesAreCut) {
  // The catalogue of parametrised CRC algorithms: CRC-64/XZ of "123456789".
  const Bytes digits = bytes_of("123456789");
  for (std::size_t cut = 0; cut <= digits.size(); ++cut) {
    Crc64 crc;
    crc.add(std::span(digits).first(cut));
    crc.add(std::span(digits).subspan(cut));
    EXPECT_EQ(crc.value(), 0x995dc9bbdf1939faull) << cut;
  }
}

TEST(Safetensors, ATinyFileHasExactlyTheseBytes) {
  // Made with Python's json and struct, and a CRC taken bit by bit.
  std::string expected(8, '\0');
  expected[0] = static_cast<char>(248);
  expected += R"({"__metadata__":{"checksum":"f705a568a948a08b","format":"pbgen"},"i":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
      R"("a.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]},"n":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}})";
  expected.append(8 + 248 - expected.size(), ' ');
  const unsigned char data[] = {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0, 7, 8, 255};
  expected.append(reinterpret_cast<const char*>(data), sizeof data);
  EXPECT_EQ(tiny_file(), bytes_of(expected));
}

TEST(Safetensors, WhatIsWrittenIsRead) {
  const SafetensorsFile file = SafetensorsFile::parse(tiny_file(), "model");
  ASSERT_EQ(file.tensors().size(), 3u);
  EXPECT_EQ(file.values<std::int64_t>("i", {})[0], -2);
  const auto weight = file.values<float>("a.weight", {2, 1});
  ASSERT_EQ(weight.size(), 2u);
  EXPECT_EQ(weight[0], 1.0f);
  EXPECT_EQ(weight[1], -2.5f);
  EXPECT_EQ(file.values<std::uint8_t>("n", {3})[2], 255);
  EXPECT_EQ(file.metadata("format"), "pbgen");
  EXPECT_EQ(file.metadata("checksum").size(), 16u);
  EXPECT_EQ(file.find("b"), nullptr);
  EXPECT_EQ(file.find("n")->dtype, Dtype::u8);
}

TEST(Safetensors, NamesAndMetadataMayHoldAnyText) {
  const std::string odd = "a \"quote\", a \\, a\nline, \x01, \xc3\xa9";
  SafetensorsWriter writer;
  writer.add_metadata(odd, odd);
  writer.add_metadata("zeros", "0000000000000000");
  const std::vector<float> three = {3.0f};
  writer.add(odd, {1}, span_of(three));
  const SafetensorsFile file = SafetensorsFile::parse(writer.finish(), "model");
  EXPECT_EQ(file.values<float>(odd, {1})[0], 3.0f);
  EXPECT_EQ(file.metadata(odd), odd);
  EXPECT_EQ(file.metadata("zeros"), "0000000000000000");
}

TEST(Safetensors, FilesWithoutTensorsOrWithEmptyOnesAreFiles) {
  EXPECT_TRUE(SafetensorsFile::parse(SafetensorsWriter().finish(), "model").tensors().empty());
  SafetensorsWriter writer;
  writer.add("empty", {0, 5}, std::span<const float>());
  const std::vector<float> three = {3.0f};
  writer.add("one", {1}, span_of(three));
  writer.add("void", {2, 0}, std::span<const float>());
  const SafetensorsFile file = SafetensorsFile::parse(writer.finish(), "model");
  EXPECT_EQ(file.values<float>("empty", {0, 5}).size(), 0u);
  EXPECT_EQ(file.values<float>("one", {1})[0], 3.0f);
  EXPECT_EQ(file.values<float>("void", {2, 0}).size(), 0u);
}

TEST(Safetensors, EveryTensorBeginsAlignedWhoeverWroteTheFile) {
  const Bytes bytes = file_of(
      R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"F32","shape":[1],"data_offsets":[3,7]}})", 7);
  SafetensorsFile file = SafetensorsFile::parse(bytes, "model", Checksum::optional);
  const SafetensorsFile moved = std::move(file);
  const auto values = moved.values<float>("b", {1});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(values.data()) % alignof(float), 0u);
  const std::uint8_t expected[] = {3, 4, 5, 6};
  EXPECT_EQ(std::memcmp(values.data(), expected, 4), 0);
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const Bytes file = tiny_file();
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_NE(refusal(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size))), "accepted") << size;
  }
  Bytes longer = file;
  longer.push_back(0);
  EXPECT_NE(refusal(longer), "accepted");
}

TEST(Safetensors, EveryFlippedBitIsRefused) {
  const Bytes file = tiny_file();
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes flipped = file;
      flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ 1 << bit);
      EXPECT_NE(refusal(flipped, Checksum::required), "accepted") << "bit " << bit << " of byte " << at;
    }
  }
}

TEST(Safetensors, ADamagedValueIsCalledCorrupt) {
  Bytes file = tiny_file();
  file.back() ^= 1;
  expect_contains(refusal(file), "model: corrupt: its bytes have the checksum ");
}

TEST(Safetensors, AChecksumIsRequiredUnlessTheCallerSaysOtherwise) {
  const Bytes file = file_of("{}", 0);
  EXPECT_EQ(refusal(file, Checksum::optional), "accepted");
  expect_contains(refusal(file, Checksum::required), "no checksum");
  expect_contains(refusal(R"({"__metadata__":{"checksum":"12"}})", 0), "16 hexadecimal digits");
  expect_contains(refusal(R"({"__metadata__":{"checksum":"0000000000000000"}})", 0), "corrupt");
}

TEST(Safetensors, HugeHeadersAreRefusedBeforeAnythingIsAllocated) {
  Bytes file(16, 0);  // no text, of which the message would be another
  for (std::size_t i = 0; i < 8; ++i) file[i] = 0xff;
  expect_contains(refusal(file), "says its header has 18446744073709551615 bytes, at most 8 can be");
  file[7] = 0x7f;
  EXPECT_NE(refusal(file), "accepted");
  EXPECT_NE(refusal(file_of(std::string(std::size_t{5} << 20, ' '), 0)), "accepted");
}

TEST(Safetensors, DepthBombsAreRefused) {
  EXPECT_NE(refusal("{\"a\":" + std::string(1 << 20, '['), 0), "accepted");
  std::string nested;
  for (int i = 0; i < 100000; ++i) nested += "{\"a\":";
  EXPECT_NE(refusal(nested, 0), "accepted");
}

TEST(Safetensors, EveryBrokenRuleOfTheHeaderIsRefusedByName) {
  const auto tensor = [](std::string_view dtype, std::string_view shape, std::string_view offsets) {
    return concat(R"({"t":{"dtype":)", dtype, R"(,"shape":)", shape, R"(,"data_offsets":)", offsets, "}}");
  };
  EXPECT_EQ(refusal(tensor("\"F32\"", "[2]", "[0,8]"), 8), "accepted");
  for (const char* dtype : {"\"F31\"", "\"\"", "32", "null"}) expect_contains(refusal(tensor(dtype, "[2]", "[0,8]"), 8), "\"t\": no dtype");
  for (const char* shape : {"[-2]", "[2.5]", "2", "[\"2\"]", "[1,1,1,1,1,1,1,1,2]", "[9223372036854775808]"})
    expect_contains(refusal(tensor("\"F32\"", shape, "[0,8]"), 8), "\"t\": no shape");
  for (const char* shape : {"[9223372036854775807]", "[4611686018427387904,2]", "[4294967296,4294967296]", "[0,9223372036854775807]"})
    expect_contains(refusal(tensor("\"F32\"", shape, "[0,8]"), 8), "too large");
  for (const char* offsets : {"[0,9]", "[8,0]", "[-8,0]", "[0]", "[0,4,8]", "[0,18446744073709551616]", "0"})
    expect_contains(refusal(tensor("\"F32\"", "[2]", offsets), 8), "\"t\": no data_offsets");
  for (const char* shape : {"[1]", "[3]", "[]", "[0]"})
    expect_contains(refusal(tensor("\"F32\"", shape, "[0,8]"), 8), "\"t\": 8 bytes for the shape");
  expect_contains(refusal(R"({"t":3})", 0), "\"t\": no dtype");
  expect_contains(refusal(R"({"":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0), "a name has");
  expect_contains(refusal("{\"" + std::string(257, 'n') + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0), "a name has");
  expect_contains(refusal(R"({"__metadata__":[]})", 0), "not an object");
  expect_contains(refusal(R"({"__metadata__":{"a":1}})", 0), "not a string");
  expect_contains(refusal(" {}", 0), "does not begin with '{'");
  expect_contains(refusal("{} x", 0), "nothing after the value");
}

TEST(Safetensors, HolesOverlapsAndDuplicatesAreRefused) {
  const auto two = [](std::string_view first, std::string_view second, std::string_view name) {
    constexpr std::string_view kFourBytes = R"({"dtype":"U8","shape":[4],"data_offsets":)";
    return concat("{\"a\":", kFourBytes, first, "},\"", name, "\":", kFourBytes, second, "}}");
  };
  EXPECT_EQ(refusal(two("[0,4]", "[4,8]", "b"), 8), "accepted");
  EXPECT_EQ(refusal(two("[4,8]", "[0,4]", "b"), 8), "accepted");
  expect_contains(refusal(two("[0,4]", "[2,6]", "b"), 6), "\"b\" begins at 2, the data before it ends at 4");
  expect_contains(refusal(two("[0,4]", "[0,4]", "b"), 4), "begins at 0, the data before it ends at 4");
  expect_contains(refusal(two("[0,4]", "[5,9]", "b"), 9), "\"b\" begins at 5, the data before it ends at 4");
  expect_contains(refusal(two("[0,4]", "[4,8]", "b"), 9), "9 bytes of data, its tensors have 8");
  expect_contains(refusal(two("[0,4]", "[4,8]", "a"), 8), "\"a\" twice");
}

TEST(Safetensors, WhatAReaderExpectsMustBeThere) {
  const SafetensorsFile file = SafetensorsFile::parse(tiny_file(), "model");
  EXPECT_THROW((void)file.values<float>("b", {1}), Error);
  EXPECT_THROW((void)file.values<float>("a.weight", {1, 2}), Error);
  EXPECT_THROW((void)file.values<float>("a.weight", {2}), Error);
  EXPECT_THROW((void)file.values<std::int32_t>("a.weight", {2, 1}), Error);
  EXPECT_THROW((void)file.metadata("setting"), Error);
}

TEST(Safetensors, AFileThatIsWrittenIsTheFileThatIsMade) {
  const TestFolder folder;
  const std::string path = folder / "new/model.safetensors";
  tiny_writer().write(path);
  EXPECT_EQ(read_file(path, 1 << 20), tiny_file());
}

TEST(Safetensors, ShapesAloneTellTheSizeButMakeNoFile) {
  SafetensorsWriter writer;
  writer.add_metadata("format", "pbgen");
  writer.declare("n", Dtype::u8, {3});
  writer.declare("a.weight", Dtype::f32, {2, 1});
  writer.declare("i", Dtype::i64, {});
  EXPECT_EQ(writer.file_bytes(), std::ssize(tiny_file()));
  EXPECT_EQ(tiny_writer().file_bytes(), std::ssize(tiny_file()));
  EXPECT_THROW(writer.finish(), std::logic_error);
}

TEST(Safetensors, WritingWhatCannotBeReadIsAMistakeOfTheCaller) {
  SafetensorsWriter writer;
  const std::vector<float> one = {1.0f};
  writer.add("a", {1}, span_of(one));
  EXPECT_THROW(writer.add("a", {1}, span_of(one)), std::logic_error);
  EXPECT_THROW(writer.add("b", {2}, span_of(one)), std::logic_error);
  EXPECT_THROW(writer.add("", {1}, span_of(one)), std::logic_error);
  EXPECT_THROW(writer.add("__metadata__", {1}, span_of(one)), std::logic_error);
  EXPECT_THROW(writer.add("c", {-1}, span_of(one)), std::logic_error);
  EXPECT_THROW(writer.add_metadata("checksum", "0"), std::logic_error);
}

}  // namespace
}  // namespace pbgen
