#include "tools/lib/bench/random_values.h"

#include <vector>

#include "core/base/rng.h"

namespace pbgen {

AlignedBuffer<float> random_values(std::int64_t count, std::uint64_t seed, double scale) {
  constexpr std::int64_t kPeriod = 10007;
  const CounterRng rng(seed, Stream::test);
  std::vector<float> pattern(kPeriod);
  for (std::int64_t i = 0; i < kPeriod; ++i) pattern[static_cast<std::size_t>(i)] = static_cast<float>(rng.uniform(i, -scale, scale));
  AlignedBuffer<float> values(count);
  for (std::int64_t i = 0; i < count; ++i) values[i] = pattern[static_cast<std::size_t>(i % kPeriod)];
  return values;
}

}  // namespace pbgen
