#include "data/split.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"
#include "core/base/rng.h"

namespace pbgen {

Split split_holdout(std::int64_t count, double fraction, std::uint64_t seed) {
  check(count >= 0 && count < (std::int64_t{1} << 32), "count is ", count, ", expected 0..2^32-1");
  check(fraction >= 0.0 && fraction < 1.0, "fraction is ", fraction, ", expected 0 <= fraction < 1");
  const std::vector<std::uint32_t> order = random_permutation(CounterRng(seed, Stream::holdout), static_cast<std::uint32_t>(count));
  const auto first_held_out = order.end() - static_cast<std::int64_t>(std::floor(static_cast<double>(count) * fraction));
  Split split{{order.begin(), first_held_out}, {first_held_out, order.end()}};
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.held_out.begin(), split.held_out.end());
  return split;
}

}  // namespace pbgen
