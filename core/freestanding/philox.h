// Random bits that are a pure function of a seed and of where they are used.
//
// Source: Philox4x32-10, Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <cstdint>

namespace pbgen {

// The stream whose numbers are the latent vectors of ./tools/generate --seed, on a device too.  core/base/rng.h names the others.
inline constexpr std::uint32_t kGenerateStream = 7;

struct RandomWords {
  std::uint32_t of[4];
};

// The key is the seed; the counter the stream, the iteration, the index (below 2^56) and the lane (0 .. 255).
inline RandomWords philox(std::uint64_t seed, std::uint32_t stream, std::uint32_t iteration, std::uint64_t index, std::uint32_t lane = 0) {
  std::uint32_t c0 = static_cast<std::uint32_t>(index);
  std::uint32_t c1 = static_cast<std::uint32_t>(index >> 32) | lane << 24;
  std::uint32_t c2 = iteration;
  std::uint32_t c3 = stream;
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
  return {{c0, c1, c2, c3}};
}

// Uniform in [0, 1), 53 bits, of two random words.
inline double uniform_of(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * (1.0 / (std::uint64_t{1} << 53));
}

}  // namespace pbgen
