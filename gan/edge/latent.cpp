#include "gan/edge/latent.h"

namespace pbgen::edge {
namespace {

constexpr std::uint32_t kGenerateStream = 7;

// The first 64 of the 128 bits that belong to an index.
std::uint64_t random_bits(std::uint64_t seed, std::uint64_t index) {
  std::uint32_t c0 = static_cast<std::uint32_t>(index);
  std::uint32_t c1 = static_cast<std::uint32_t>(index >> 32);
  std::uint32_t c2 = 0;
  std::uint32_t c3 = kGenerateStream;
  std::uint32_t k0 = static_cast<std::uint32_t>(seed);
  std::uint32_t k1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53} * c0;
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57} * c2;
    c0 = static_cast<std::uint32_t>(product1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<std::uint32_t>(product1);
    c2 = static_cast<std::uint32_t>(product0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<std::uint32_t>(product0);
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return std::uint64_t{c0} << 32 | c1;
}

}  // namespace

void draw_latent(std::uint64_t seed, std::uint64_t number, int z_dim, float* z) {
  const std::uint64_t first = number * static_cast<std::uint64_t>(z_dim);
  for (int i = 0; i < z_dim; ++i) {
    const double uniform = static_cast<double>(random_bits(seed, first + static_cast<std::uint64_t>(i)) >> 11) * 0x1p-53;
    z[i] = static_cast<float>(-1.0 + 2.0 * uniform);
  }
}

}  // namespace pbgen::edge
