#include "core/files/crc64.h"

#include <array>
#include <bit>
#include <cstring>

namespace pbgen {
namespace {

static_assert(std::endian::native == std::endian::little, "eight bytes are taken as one little-endian word");

constexpr std::uint64_t kPolynomial = 0xc96c5795d7870f42;  // bit-reversed 0x42f0e1eba9ea3693

// kTables[k][b]: what byte b leaves behind after k further zero bytes (slicing-by-8, Kounavis & Berry 2005).
using Tables = std::array<std::array<std::uint64_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint64_t b = 0; b < 256; ++b) {
    std::uint64_t remainder = b;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? kPolynomial : 0);
    tables[0][b] = remainder;
  }
  for (std::size_t k = 1; k < tables.size(); ++k)
    for (std::size_t b = 0; b < 256; ++b) tables[k][b] = tables[0][tables[k - 1][b] & 0xff] ^ (tables[k - 1][b] >> 8);
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

void Crc64::add(std::span<const std::uint8_t> bytes) {
  std::uint64_t state = state_;
  const std::uint8_t* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    word ^= state;
    state = kTables[7][word & 0xff] ^ kTables[6][word >> 8 & 0xff] ^ kTables[5][word >> 16 & 0xff] ^ kTables[4][word >> 24 & 0xff] ^
            kTables[3][word >> 32 & 0xff] ^ kTables[2][word >> 40 & 0xff] ^ kTables[1][word >> 48 & 0xff] ^ kTables[0][word >> 56];
  }
  for (; left > 0; --left, ++p) state = kTables[0][(state ^ *p) & 0xff] ^ (state >> 8);
  state_ = state;
}

}  // namespace pbgen
