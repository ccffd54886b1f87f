#include "layers/binary_weight.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/check.h"
#include "core/freestanding/ints.h"
#include "layers/layer_kernels.h"

namespace pbgen {
namespace {

using binary_weight_leaf::kWidth;
using binary_weight_leaf::Runs;

// As many neighbouring channels as may be are taken together, because a deconvolution's runs are short and memory wants to be
// read in its own order; the lanes of so many channels' sums lie on the stack.
constexpr std::int64_t kMostChannels = 512;

// Sum over a channel's lanes, in a fixed order.
double sum_of(const double* lanes) {
  double sum = 0.0;
  for (std::int64_t lane = 0; lane < kWidth; ++lane) sum += lanes[lane];
  return sum;
}

bool divides(const WeightAxis& axis, std::int64_t count) {
  return axis.extent > 0 && axis.stride > 0 && count > 0 && count % (axis.extent * axis.stride) == 0;
}

}  // namespace

const char* name(BinaryRecipe recipe) {
  switch (recipe) {
    case BinaryRecipe::none: return "none";
    case BinaryRecipe::pbgen: return "pbgen";
    case BinaryRecipe::port: return "port";
    case BinaryRecipe::xnor: return "xnor";
  }
  return "unknown";
}

std::optional<BinaryRecipe> recipe_named(std::string_view name_of_one) {
  for (const BinaryRecipe recipe : {BinaryRecipe::pbgen, BinaryRecipe::port, BinaryRecipe::xnor})
    if (name_of_one == name(recipe)) return recipe;
  return std::nullopt;
}

BinaryWeight::BinaryWeight(std::string name, std::vector<std::int64_t> dims, const WeightAxes& axes, BinaryRecipe recipe)
    : recipe_(recipe), axes_(axes), latent_(std::move(name), std::move(dims)), held_{0, axes.channel.extent} {
  const std::int64_t count = latent_.value.size();
  check(divides(axes.channel, count) && divides(axes.input, count), latent_.name, ": an axis does not divide ", count, " weights");
  if (!binarized()) return;
  scale_ = AlignedBuffer<float>(axes.channel.extent);
  expanded_ = AlignedBuffer<float>(count);
}

template <class Body>
void BinaryWeight::for_each_block(Range taken, Body body) const {
  const auto [channels, length] = axes_.channel;
  const Runs runs{latent_.value.size() / (channels * length), channels * length, 0, length};
  parallel_for(taken.size(), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t first = taken.begin + begin; first < taken.begin + end; first += kMostChannels) {
      Runs part = runs;
      part.channels = std::min(kMostChannels, taken.begin + end - first);
      body(first, part);
    }
  }, min_piece_of(weights_per_channel()));
}

void BinaryWeight::project() {
  if (recipe_ != BinaryRecipe::xnor) return;
  // Elements that differ in their input alone are stride apart; up to two cache lines of such columns are centred at once.
  constexpr std::int64_t kColumns = 32;
  const std::int64_t inputs = axes_.input.extent;
  const std::int64_t stride = axes_.input.stride;
  const std::int64_t blocks = ceil_div(stride, kColumns);
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
      float centres[kColumns];
      for (std::int64_t j = 0; j < columns; ++j) centres[j] = static_cast<float>(sums[j] / static_cast<double>(inputs));
      for (std::int64_t input = 0; input < inputs; ++input)
        for (std::int64_t j = 0; j < columns; ++j) {
          float& weight = top[input * stride + j];
          weight = std::clamp(weight - centres[j], -1.0f, 1.0f);
        }
    }
  }, min_piece_of(inputs * kColumns));
}

void BinaryWeight::rescale() {
  if (!binarized()) return;
  const float* const w = latent_.value.data();
  const binary_weight_leaf::Leaves& leaf = layer_kernels().binary_weight;
  for_each_block(held_, [&](std::int64_t first, const Runs& runs) {
    double sums[kMostChannels * kWidth] = {};
    leaf.add_magnitudes(runs, w + first * runs.length, sums);
    for (std::int64_t c = 0; c < runs.channels; ++c)
      scale_[first + c] = static_cast<float>(sum_of(sums + c * kWidth) / scale_divisor());
  });
}

void BinaryWeight::repack() {
  rescale();
  if (expanded_.empty()) return;
  const float* const w = latent_.value.data();
  const binary_weight_leaf::Leaves& leaf = layer_kernels().binary_weight;
  for_each_block({0, axes_.channel.extent}, [&](std::int64_t first, const Runs& runs) {
    const std::int64_t at = first * runs.length;
    leaf.expand(runs, w + at, scale_.data() + first, expanded_.data() + at);
  });
}

template <class Body>
void BinaryWeight::for_each_weight(Range channels, Body body) const {
  const auto [extent, length] = axes_.channel;
  std::int64_t number = 0;
  for (std::int64_t row = 0; row < latent_.value.size(); row += extent * length)
    for (std::int64_t i = row + channels.begin * length; i < row + channels.end * length; ++i) body(number++, i);
}

void BinaryWeight::write_codes(Range channels, std::byte* codes) const {
  std::fill_n(codes, code_bytes(channels), std::byte{0});
  for_each_weight(channels, [&](std::int64_t number, std::int64_t i) {
    const float w = latent_.value[i];
    const unsigned code = (w >= 0.0f ? 1u : 0u) | (std::fabs(w) < 1.0f ? 0u : 2u);
    codes[number / 4] |= std::byte(code << number % 4 * 2);
  });
}

void BinaryWeight::read_codes(Range channels, const std::byte* codes, const float* scale) {
  constexpr float kStandIns[] = {-0.5f, 0.5f, -1.0f, 1.0f};
  for_each_weight(channels, [&](std::int64_t number, std::int64_t i) {
    latent_.value[i] = kStandIns[std::to_integer<unsigned>(codes[number / 4]) >> number % 4 * 2 & 3];
  });
  std::copy_n(scale, channels.size(), scale_.data() + channels.begin);
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
  const binary_weight_leaf::Leaves& leaf = layer_kernels().binary_weight;
  for_each_block({0, axes_.channel.extent}, [&](std::int64_t first, const Runs& runs) {
    const std::int64_t at = first * runs.length;
    float inside[kMostChannels];
    float through[kMostChannels] = {};
    float outside = 0.0f;
    if (recipe_ != BinaryRecipe::xnor) {
      double sums[kMostChannels * kWidth] = {};
      leaf.add_signed(runs, w + at, g + at, sums);
      for (std::int64_t c = 0; c < runs.channels; ++c) {
        inside[c] = scale_[first + c];
        through[c] = static_cast<float>(sum_of(sums + c * kWidth) / scale_divisor());
      }
    } else {
      outside = static_cast<float>(xnor_gain / n);
      for (std::int64_t c = 0; c < runs.channels; ++c)
        inside[c] = static_cast<float>(xnor_gain * (1.0 / n + static_cast<double>(scale_[first + c])));
    }
    leaf.add_gradient(runs, {inside, through, outside}, w + at, g + at, dw + at);
  });
}

}  // namespace pbgen
