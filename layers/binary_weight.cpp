#include "layers/binary_weight.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"

namespace pbgen {
namespace {

float sign(float value) { return value >= 0.0f ? 1.0f : -1.0f; }

bool divides(const Axis& axis, std::int64_t count) {
  return axis.extent > 0 && axis.stride > 0 && count > 0 && count % (axis.extent * axis.stride) == 0;
}

}  // namespace

const char* name(BinaryRecipe recipe) {
  switch (recipe) {
    case BinaryRecipe::none: return "none";
    case BinaryRecipe::pbgen: return "pbgen";
    case BinaryRecipe::xnor: return "xnor";
  }
  return "unknown";
}

BinaryWeight::BinaryWeight(std::string name, std::vector<std::int64_t> dims, const WeightAxes& axes, BinaryRecipe recipe)
    : recipe_(recipe), axes_(axes), latent_(std::move(name), std::move(dims)) {
  const std::int64_t count = latent_.value.size();
  check(divides(axes.channel, count) && divides(axes.input, count), latent_.name, ": an axis does not divide ", count, " weights");
  if (!binarized()) return;
  scale_ = AlignedBuffer<float>(axes.channel.extent);
  expanded_ = AlignedBuffer<float>(count);
}

template <class Run>
void BinaryWeight::for_each_run(std::int64_t channel, Run run) const {
  const auto [channels, length] = axes_.channel;
  for (std::int64_t begin = channel * length; begin < latent_.value.size(); begin += channels * length) run(begin, begin + length);
}

template <class Term>
double BinaryWeight::channel_sum(std::int64_t channel, Term term) const {
  constexpr std::int64_t kParts = 8;  // independent chains: one would wait out the latency of every add
  double parts[kParts] = {};
  for_each_run(channel, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t i = begin;
    for (; i + kParts <= end; i += kParts)
      for (std::int64_t part = 0; part < kParts; ++part) parts[part] += static_cast<double>(term(i + part));
    for (std::int64_t part = 0; i + part < end; ++part) parts[part] += static_cast<double>(term(i + part));
  });
  double sum = 0.0;
  for (const double part : parts) sum += part;
  return sum;
}

void BinaryWeight::project() {
  if (recipe_ != BinaryRecipe::xnor) return;
  // Elements that differ in their input alone are stride apart; up to a cache line of such columns is centred at once.
  constexpr std::int64_t kColumns = 16;
  const std::int64_t inputs = axes_.input.extent;
  const std::int64_t stride = axes_.input.stride;
  const std::int64_t blocks = (stride + kColumns - 1) / kColumns;
  const std::int64_t outer = latent_.value.size() / (inputs * stride);
  float* const w = latent_.value.data();
  parallel_for(outer * blocks, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t first = block % blocks * kColumns;
      const std::int64_t columns = std::min(kColumns, stride - first);
      float* const top = w + block / blocks * inputs * stride + first;
      double sums[kColumns] = {};
      for (std::int64_t input = 0; input < inputs; ++input)
        for (std::int64_t j = 0; j < columns; ++j) sums[j] += static_cast<double>(top[input * stride + j]);
      for (std::int64_t input = 0; input < inputs; ++input)
        for (std::int64_t j = 0; j < columns; ++j) {
          float& weight = top[input * stride + j];
          weight = std::clamp(weight - static_cast<float>(sums[j] / static_cast<double>(inputs)), -1.0f, 1.0f);
        }
    }
  }, min_piece_of(inputs * kColumns));
}

void BinaryWeight::repack() {
  if (!binarized()) return;
  const float* const w = latent_.value.data();
  parallel_for(axes_.channel.extent, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t channel = begin; channel < end; ++channel) {
      const double magnitude = channel_sum(channel, [&](std::int64_t i) { return std::fabs(w[i]); });
      const float alpha = static_cast<float>(magnitude / static_cast<double>(weights_per_channel()));
      scale_[channel] = alpha;
      if (expanded_.empty()) continue;
      for_each_run(channel, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i) expanded_[i] = alpha * sign(w[i]);
      });
    }
  }, min_piece_of(weights_per_channel()));
}

void BinaryWeight::add_gradient(Workspace& workspace, FunctionRef<void(float* g, float beta)> product) {
  float* const dw = latent_.gradient.data();
  if (!binarized()) {
    product(dw, 1.0f);
    return;
  }
  const Workspace::Scope scope(workspace);
  float* const g = workspace.take(latent_.value.size());
  product(g, 0.0f);

  const float* const w = latent_.value.data();
  const double n = static_cast<double>(weights_per_channel());
  const double xnor_gain = (1.0 - 1.0 / static_cast<double>(axes_.input.extent)) * n;
  parallel_for(axes_.channel.extent, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t channel = begin; channel < end; ++channel) {
      const float alpha = scale_[channel];
      if (recipe_ == BinaryRecipe::pbgen) {
        const double sum = channel_sum(channel, [&](std::int64_t i) { return g[i] * sign(w[i]); });
        const float through_alpha = static_cast<float>(sum / n);
        for_each_run(channel, [&](std::int64_t first, std::int64_t last) {
          for (std::int64_t i = first; i < last; ++i)
            dw[i] += (std::fabs(w[i]) < 1.0f ? alpha : 0.0f) * g[i] + sign(w[i]) * through_alpha;
        });
      } else {
        const float outside = static_cast<float>(xnor_gain / n);
        const float inside = static_cast<float>(xnor_gain * (1.0 / n + static_cast<double>(alpha)));
        for_each_run(channel, [&](std::int64_t first, std::int64_t last) {
          for (std::int64_t i = first; i < last; ++i) dw[i] += (std::fabs(w[i]) < 1.0f ? inside : outside) * g[i];
        });
      }
    }
  }, min_piece_of(weights_per_channel()));
}

}  // namespace pbgen
