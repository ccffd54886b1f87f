#include "core/files/crc32.h"

#include <gtest/gtest.h>

#include <string_view>

namespace pbgen {
namespace {

std::uint32_t crc32_of(std::string_view text, std::uint32_t before = 0) {
  return crc32(before, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

TEST(Crc32, OfTheDigitsIsTheKnownOneInPartsToo) {
  EXPECT_EQ(crc32_of("123456789"), 0xcbf43926u);
  EXPECT_EQ(crc32_of("6789", crc32_of("12345")), 0xcbf43926u);
  EXPECT_EQ(crc32_of(""), 0u);
}

}  // namespace
}  // namespace pbgen
