// Numbers of picture files, in either order of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pbgen {

// The number of count <= 4 bytes from `at`, the most significant byte first.  The caller has checked that they are there.
inline std::uint32_t big_endian(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[at + i];
  return value;
}

// As big_endian, the least significant byte first.
inline std::uint32_t little_endian(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | bytes[at + i];
  return value;
}

}  // namespace pbgen
