#include "core/files/crc32.h"

#include <array>

namespace pbgen {
namespace {

constexpr std::array<std::uint32_t, 256> kTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    table[byte] = byte;
    for (int bit = 0; bit < 8; ++bit) table[byte] = (table[byte] & 1) != 0 ? table[byte] >> 1 ^ 0xedb88320u : table[byte] >> 1;
  }
  return table;
}();

}  // namespace

std::uint32_t crc32(std::uint32_t before, std::span<const std::uint8_t> bytes) {
  std::uint32_t value = ~before;
  for (const std::uint8_t byte : bytes) value = kTable[(value ^ byte) & 0xff] ^ value >> 8;
  return ~value;
}

}  // namespace pbgen
