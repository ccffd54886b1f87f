// Takes an uncompressed zip archive apart, as PKWARE's APPNOTE.TXT reads, and checks all that it says twice.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/image_files.h"

namespace pbgen {

struct ZipMember {
  std::string name;
  std::size_t begin = 0;  // of its bytes in the archive
  Bytes bytes;
};

// Bit by bit, as its definition reads.
inline std::uint32_t naive_crc32(const Bytes& bytes) {
  std::uint32_t crc = 0xffffffffu;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1u) != 0 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
  }
  return ~crc;
}

inline std::uint32_t little_endian_at(const Bytes& bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::uint32_t{bytes.at(at + i)} << 8 * i;
  return value;
}

// In the order of the directory, which lies behind the members and at the file's end.
inline std::vector<ZipMember> zip_members(const Bytes& file) {
  const auto number = [&](std::size_t at, std::size_t size) { return little_endian_at(file, at, size); };
  const auto text = [&](std::size_t at, std::size_t size) {
    return std::string(file.begin() + static_cast<std::ptrdiff_t>(at), file.begin() + static_cast<std::ptrdiff_t>(at + size));
  };
  std::vector<ZipMember> members;
  const std::size_t end = file.size() - 22;
  EXPECT_EQ(number(end, 4), 0x06054b50u);
  EXPECT_EQ(number(end + 4, 4), 0u);  // one disk
  EXPECT_EQ(number(end + 8, 2), number(end + 10, 2));
  EXPECT_EQ(number(end + 20, 2), 0u);  // no comment
  const std::size_t directory = number(end + 16, 4);
  EXPECT_EQ(directory + number(end + 12, 4), end);
  std::size_t local = 0;
  std::size_t entry = directory;
  for (std::uint32_t i = 0; i < number(end + 10, 2); ++i) {
    ZipMember member;
    EXPECT_EQ(number(entry, 4), 0x02014b50u);
    EXPECT_EQ(number(entry + 42, 4), local);
    EXPECT_EQ(number(local, 4), 0x04034b50u);
    // Version, flags, method, time, date, checksum, both sizes and the name's length are said in both places.
    EXPECT_EQ(text(entry + 6, 24), text(local + 4, 24));
    EXPECT_EQ(number(local + 6, 2), 0u);  // no flags
    EXPECT_EQ(number(local + 8, 2), 0u);  // stored
    const std::size_t name_size = number(local + 26, 2);
    member.name = text(local + 30, name_size);
    EXPECT_EQ(text(entry + 46, name_size), member.name);
    EXPECT_EQ(number(entry + 30, 2) + number(entry + 32, 2), 0u);  // neither extra field nor comment
    const std::size_t extra = number(local + 28, 2);
    if (extra > 0) {
      EXPECT_EQ(number(local + 30 + name_size + 2, 2) + 4, extra);
    }
    const std::size_t size = number(local + 18, 4);
    EXPECT_EQ(number(local + 22, 4), size);
    member.begin = local + 30 + name_size + extra;
    member.bytes.assign(file.begin() + static_cast<std::ptrdiff_t>(member.begin),
                        file.begin() + static_cast<std::ptrdiff_t>(member.begin + size));
    EXPECT_EQ(number(local + 14, 4), naive_crc32(member.bytes)) << member.name;
    local = member.begin + size;
    entry += 46 + name_size;
    members.push_back(std::move(member));
  }
  EXPECT_EQ(local, directory);
  EXPECT_EQ(entry, end);
  return members;
}

}  // namespace pbgen
