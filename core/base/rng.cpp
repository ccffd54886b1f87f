#include "core/base/rng.h"

#include <cmath>
#include <numeric>
#include <utility>

#include "core/base/math.h"

namespace pbgen {
namespace {

constexpr double kTwoToMinus53 = 0x1p-53;

double to_uniform(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = (static_cast<std::uint64_t>(high) << 32 | low) >> 11;
  return static_cast<double>(bits) * kTwoToMinus53;
}

}  // namespace

std::array<std::uint32_t, 4> CounterRng::block(std::uint64_t index, std::uint32_t lane) const {
  std::uint32_t c0 = static_cast<std::uint32_t>(index);
  std::uint32_t c1 = static_cast<std::uint32_t>(index >> 32) | lane << 24;
  std::uint32_t c2 = iteration_;
  std::uint32_t c3 = stream_;
  std::uint32_t k0 = key_[0];
  std::uint32_t k1 = key_[1];
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
  return {c0, c1, c2, c3};
}

double CounterRng::uniform(std::uint64_t index) const {
  const auto words = block(index);
  return to_uniform(words[0], words[1]);
}

std::uint64_t CounterRng::below(std::uint64_t index, std::uint64_t bound) const {
  // Rejects the 2^64 mod bound lowest values; a second try is needed with probability below bound / 2^64.
  const std::uint64_t reject = (0 - bound) % bound;
  for (std::uint32_t lane = 0;; ++lane) {
    const auto words = block(index, lane);
    const std::uint64_t value = static_cast<std::uint64_t>(words[0]) << 32 | words[1];
    if (value >= reject || lane == 255) return value % bound;
  }
}

double CounterRng::normal(std::uint64_t index) const {
  return truncated_normal(index, HUGE_VAL);
}

double CounterRng::truncated_normal(std::uint64_t index, double limit) const {
  for (std::uint32_t lane = 0; lane < 256; ++lane) {
    const auto words = block(index, lane);
    const double u = 2.0 * to_uniform(words[0], words[1]) - 1.0;
    const double v = 2.0 * to_uniform(words[2], words[3]) - 1.0;
    const double s = u * u + v * v;
    if (s >= 1.0 || s == 0.0) continue;
    const double value = u * std::sqrt(-2.0 * log_of(s) / s);
    if (std::fabs(value) <= limit) return value;
  }
  return 0.0;  // after 256 refusals: a probability below (1 - 0.3)^256
}

std::vector<std::uint32_t> random_permutation(const CounterRng& rng, std::uint32_t count) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  for (std::uint32_t i = count; i > 1; --i) std::swap(order[i - 1], order[rng.below(i, i)]);
  return order;
}

}  // namespace pbgen
