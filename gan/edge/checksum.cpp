#include "gan/edge/checksum.h"

namespace pbgen::edge {
namespace {

constexpr std::uint64_t kPolynomial = 0xc96c5795d7870f42;
constexpr int kSlices = 8;

// of[k][b]: what byte b leaves behind after k further zero bytes (slicing-by-8, Kounavis & Berry 2005).
struct Tables {
  std::uint64_t of[kSlices][256];
};

constexpr Tables make_tables() {
  Tables tables{};
  for (unsigned b = 0; b < 256; ++b) {
    std::uint64_t remainder = b;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? kPolynomial : 0);
    tables.of[0][b] = remainder;
  }
  for (int k = 1; k < kSlices; ++k)
    for (unsigned b = 0; b < 256; ++b) tables.of[k][b] = tables.of[0][tables.of[k - 1][b] & 0xff] ^ (tables.of[k - 1][b] >> 8);
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

std::uint64_t crc64_add(std::uint64_t state, const std::uint8_t* bytes, std::size_t size) {
  const std::uint8_t* const end = bytes + size;
  for (; end - bytes >= kSlices; bytes += kSlices) {
    std::uint64_t next = 0;
    for (int k = 0; k < kSlices; ++k) next ^= kTables.of[kSlices - 1 - k][(state >> 8 * k & 0xff) ^ bytes[k]];
    state = next;
  }
  for (; bytes < end; ++bytes) state = kTables.of[0][(state ^ *bytes) & 0xff] ^ (state >> 8);
  return state;
}

}  // namespace pbgen::edge
