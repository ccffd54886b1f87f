#include "optim/adam.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "core/base/check.h"
#include "core/base/parallel.h"

namespace pbgen {
namespace {

// By squaring: libm's pow differs between machines.
double power(double base, std::int64_t exponent) {
  double result = 1.0;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}

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

Adam::Adam(std::vector<Param*> params, const AdamOptions& options) : params_(std::move(params)), options_(options) {
  check(options.lr >= 0.0, "Adam's lr is ", options.lr, ", expected at least 0");
  check(options.beta1 >= 0.0 && options.beta1 < 1.0, "Adam's beta1 is ", options.beta1, ", expected one in [0, 1)");
  check(options.beta2 >= 0.0 && options.beta2 < 1.0, "Adam's beta2 is ", options.beta2, ", expected one in [0, 1)");
  check(options.eps > 0.0, "Adam's eps is ", options.eps, ", expected more than 0");
  moments_.reserve(params_.size());
  for (const Param* const param : params_) {
    const std::int64_t size = param->value.size();
    moments_.push_back({AlignedBuffer<float>(size), AlignedBuffer<float>(size)});
  }
}

void Adam::set_step_count(std::int64_t count) {
  check(count >= 0, "Adam's step count is ", count, ", expected at least 0");
  step_count_ = count;
}

const Param* Adam::step() {
  ++step_count_;
  const float rate = static_cast<float>(options_.lr * std::sqrt(1.0 - power(options_.beta2, step_count_)) /
                                        (1.0 - power(options_.beta1, step_count_)));
  const float share1 = static_cast<float>(1.0 - options_.beta1);
  const float share2 = static_cast<float>(1.0 - options_.beta2);
  const float eps = static_cast<float>(options_.eps);
  const Param* broken = nullptr;
  for (std::size_t p = 0; p < params_.size(); ++p) {
    float* const gradient = params_[p]->gradient.data();
    float* const weight = params_[p]->value.data();
    float* const first = moments_[p].first.data();
    float* const second = moments_[p].second.data();
    std::atomic<bool> finite = true;
    parallel_for(params_[p]->value.size(), [=, &finite](std::int64_t begin, std::int64_t end) {
      for (std::int64_t chunk = begin; chunk < end; chunk += kChunk) {
        const std::int64_t chunk_end = std::min(chunk + kChunk, end);
        for (std::int64_t i = chunk; i < chunk_end; ++i) {
          const float g = gradient[i];
          const float m = first[i] + share1 * (g - first[i]);
          const float v = second[i] + share2 * (g * g - second[i]);
          first[i] = m;
          second[i] = v;
          weight[i] -= rate * m / (std::sqrt(v) + eps);
          gradient[i] = 0.0f;
        }
        if (!all_finite(weight + chunk, chunk_end - chunk)) finite.store(false, std::memory_order_relaxed);
      }
    }, min_piece_of(1));
    if (broken == nullptr && !finite) broken = params_[p];
  }
  return broken;
}

}  // namespace pbgen
