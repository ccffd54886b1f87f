#include "core/base/rng.h"

#include <cmath>
#include <numeric>
#include <utility>

#include "core/base/math.h"
#include "core/freestanding/philox.h"

namespace pbgen {

std::array<std::uint32_t, 4> CounterRng::block(std::uint64_t index, std::uint32_t lane) const {
  const RandomWords words = philox(seed_, stream_, iteration_, index, lane);
  return {words.of[0], words.of[1], words.of[2], words.of[3]};
}

double CounterRng::uniform(std::uint64_t index) const {
  const auto words = block(index);
  return uniform_of(words[0], words[1]);
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
    const double u = 2.0 * uniform_of(words[0], words[1]) - 1.0;
    const double v = 2.0 * uniform_of(words[2], words[3]) - 1.0;
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
  for (std::uint32_t i = count; i > 1; --i) std::swap(order[i - 1], order[static_cast<std::size_t>(rng.below(i, i))]);
  return order;
}

}  // namespace pbgen
