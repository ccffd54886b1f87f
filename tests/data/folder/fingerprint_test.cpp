// Checksums of series of numbers and texts, which stand in files that outlive the program.
#include "data/folder/fingerprint.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace pbgen {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(Fingerprint, OfANumberIsThatOfItsEightBytes) {
  Fingerprint fingerprint;
  fingerprint.add(std::uint64_t{0x0102030405060708});
  EXPECT_EQ(fingerprint.value(), checksum_of(Bytes{8, 7, 6, 5, 4, 3, 2, 1}));
}

TEST(Fingerprint, OfTextsHasTheirLengths) {
  Fingerprint fingerprint;
  fingerprint.add("ab");
  fingerprint.add("");
  EXPECT_EQ(fingerprint.value(), checksum_of(Bytes{2, 0, 0, 0, 0, 0, 0, 0, 'a', 'b', 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Fingerprint, NumbersComeBackFromTheirBytes) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{0xfedcba9876543210}, ~std::uint64_t{0}}) {
    std::uint8_t bytes[8];
    store_number(number, bytes);
    EXPECT_EQ(load_number(bytes), number);
  }
}

}  // namespace
}  // namespace pbgen
