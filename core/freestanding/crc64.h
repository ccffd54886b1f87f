// CRC-64/XZ (ECMA-182, reflected): does a file still hold what was written?  Finds damage, not malice.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pbgen {

inline constexpr std::uint64_t kCrc64Begin = ~std::uint64_t{0};

// of[k][b]: what byte b leaves behind after k further zero bytes (slicing-by-8, Kounavis & Berry 2005).
struct Crc64Tables {
  std::uint64_t of[8][256];
};

constexpr Crc64Tables make_crc64_tables() {
  constexpr std::uint64_t kPolynomial = 0xc96c5795d7870f42;  // bit-reversed 0x42f0e1eba9ea3693
  Crc64Tables tables{};
  for (unsigned b = 0; b < 256; ++b) {
    std::uint64_t remainder = b;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? kPolynomial : 0);
    tables.of[0][b] = remainder;
  }
  for (int k = 1; k < 8; ++k)
    for (unsigned b = 0; b < 256; ++b) tables.of[k][b] = tables.of[0][tables.of[k - 1][b] & 0xff] ^ (tables.of[k - 1][b] >> 8);
  return tables;
}

inline constexpr Crc64Tables kCrc64Tables = make_crc64_tables();

// The state after further bytes; from kCrc64Begin on.  The checksum is the last state's complement.
inline std::uint64_t crc64_add(std::uint64_t state, const std::uint8_t* bytes, std::size_t size) {
  const auto& table = kCrc64Tables.of;
  for (; size >= 8; size -= 8, bytes += 8) {
    std::uint64_t word = 0;
    for (int i = 0; i < 8; ++i) word |= std::uint64_t{bytes[i]} << 8 * i;  // compilers load it at once
    word ^= state;
    state = table[7][word & 0xff] ^ table[6][word >> 8 & 0xff] ^ table[5][word >> 16 & 0xff] ^ table[4][word >> 24 & 0xff] ^
            table[3][word >> 32 & 0xff] ^ table[2][word >> 40 & 0xff] ^ table[1][word >> 48 & 0xff] ^ table[0][word >> 56];
  }
  for (; size > 0; --size, ++bytes) state = table[0][(state ^ *bytes) & 0xff] ^ (state >> 8);
  return state;
}

}  // namespace pbgen
