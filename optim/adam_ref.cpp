#include <algorithm>
#include <cmath>

#include "optim/adam_leaf.h"

namespace pbgen::adam_leaf {
namespace {

// So many weights are looked at again while they are in cache.
constexpr std::int64_t kChunk = 1 << 10;

bool all_finite(const float* values, std::int64_t count) {
  // Adding 0 * value keeps zeros for finite values and makes a NaN of the others: one branch-free, vectorised sum.
  constexpr std::int64_t kParts = 8;
  float sums[kParts] = {};
  std::int64_t i = 0;
  for (; i + kParts <= count; i += kParts)
    for (std::int64_t part = 0; part < kParts; ++part) sums[part] += 0.0f * values[i + part];
  for (; i < count; ++i) sums[0] += 0.0f * values[i];
  float sum = 0.0f;
  for (const float part : sums) sum += part;
  return sum == 0.0f;
}

}  // namespace

bool adam_update_ref(std::int64_t count, const Rates& rates, float* weight, float* gradient, float* first, float* second) {
  const auto [rate, share1, share2, eps] = rates;
  bool finite = true;
  for (std::int64_t chunk = 0; chunk < count; chunk += kChunk) {
    const std::int64_t chunk_end = std::min(chunk + kChunk, count);
    for (std::int64_t i = chunk; i < chunk_end; ++i) {
      const float g = gradient[i];
      const float m = first[i] + share1 * (g - first[i]);
      const float v = second[i] + share2 * (g * g - second[i]);
      first[i] = m;
      second[i] = v;
      weight[i] -= rate * m / (std::sqrt(v) + eps);
      gradient[i] = 0.0f;
    }
    finite = all_finite(weight + chunk, chunk_end - chunk) && finite;
  }
  return finite;
}

}  // namespace pbgen::adam_leaf
