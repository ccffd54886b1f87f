#include "optim/adam.h"

#include <atomic>
#include <cmath>
#include <utility>

#include "core/base/check.h"
#include "core/base/parallel.h"
#include "optim/adam_kernels.h"

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
  const adam_leaf::Rates rates{rate, static_cast<float>(1.0 - options_.beta1), static_cast<float>(1.0 - options_.beta2),
                               static_cast<float>(options_.eps)};
  adam_leaf::Update* const update = adam_update();
  const Param* broken = nullptr;
  for (std::size_t p = 0; p < params_.size(); ++p) {
    float* const gradient = params_[p]->gradient.data();
    float* const weight = params_[p]->value.data();
    float* const first = moments_[p].first.data();
    float* const second = moments_[p].second.data();
    std::atomic<bool> finite = true;
    parallel_for(params_[p]->value.size(), [=, &finite](std::int64_t begin, std::int64_t end) {
      if (!update(end - begin, rates, weight + begin, gradient + begin, first + begin, second + begin))
        finite.store(false, std::memory_order_relaxed);
    }, min_piece_of(1));
    if (broken == nullptr && !finite) broken = params_[p];
  }
  return broken;
}

}  // namespace pbgen
