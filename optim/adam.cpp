#include "optim/adam.h"

#include <atomic>
#include <cmath>
#include <utility>

#include "core/base/check.h"
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
    chunks_.append(size);
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
  std::atomic<std::size_t> broken = params_.size();  // the first that is
  chunks_.for_each([&](std::size_t p, std::int64_t begin, std::int64_t end) {
    if (update(end - begin, rates, params_[p]->value.data() + begin, params_[p]->gradient.data() + begin, moments_[p].first.data() + begin,
               moments_[p].second.data() + begin))
      return;
    std::size_t known = broken.load(std::memory_order_relaxed);
    while (p < known && !broken.compare_exchange_weak(known, p, std::memory_order_relaxed)) {
    }
  });
  return broken < params_.size() ? params_[broken] : nullptr;
}

}  // namespace pbgen
