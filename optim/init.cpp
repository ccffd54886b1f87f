#include "optim/init.h"

#include <algorithm>
#include <cstdint>

#include "core/base/parallel.h"

namespace pbgen {
namespace {

// A draw takes as long as some sixteen floats of a cheap loop.
constexpr std::int64_t kMinDraws = min_piece_of(16);

}  // namespace

void fill_normal(NamedArray& array, double sd, const CounterRng& rng) {
  parallel_for(array.value.size(), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) array.value[i] = static_cast<float>(sd * rng.normal(static_cast<std::uint64_t>(i)));
  }, kMinDraws);
}

void fill_truncated_normal(NamedArray& array, double sd, const CounterRng& rng) {
  parallel_for(array.value.size(), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      array.value[i] = static_cast<float>(sd * rng.truncated_normal(static_cast<std::uint64_t>(i), 2.0));
  }, kMinDraws);
}

void fill_constant(NamedArray& array, float value) { std::fill(array.value.begin(), array.value.end(), value); }

}  // namespace pbgen
