#include "tools/lib/bench/layer_check.h"

#include <cmath>

#include "core/base/check.h"
#include "core/base/rng.h"

namespace pbgen {
namespace {

constexpr int kSamples = 100;

// The first eight samples are the corners of the extents, the others anywhere.
std::int64_t sampled(const CounterRng& rng, int sample, int axis, std::int64_t extent) {
  if (sample < 8) return (sample >> (axis % 3) & 1) * (extent - 1);
  return static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(8 * sample + axis), static_cast<std::uint64_t>(extent)));
}

// alpha * sign(W), alpha the mean magnitude of an output channel.
std::vector<float> one_bit_weights(std::vector<float> w, std::int64_t channels, std::int64_t stride) {
  const std::int64_t count = static_cast<std::int64_t>(w.size());
  std::vector<double> alpha(static_cast<std::size_t>(channels), 0.0);
  const auto channel = [&](std::int64_t i) { return static_cast<std::size_t>(i / stride % channels); };
  for (std::int64_t i = 0; i < count; ++i) alpha[channel(i)] += std::fabs(w[static_cast<std::size_t>(i)]);
  for (double& sum : alpha) sum /= static_cast<double>(count / channels);
  for (std::int64_t i = 0; i < count; ++i) {
    float& weight = w[static_cast<std::size_t>(i)];
    weight = static_cast<float>(weight < 0.0f ? -alpha[channel(i)] : alpha[channel(i)]);
  }
  return w;
}

}  // namespace

void LayerDefinition::Sum::add(double a, double b) {
  value += a * b;
  magnitude += std::fabs(a * b);
  ++terms;
}

LayerDefinition::LayerDefinition(WeightedLayer& layer, const LaneShape& input) {
  const LayerDescription& description = layer.description();
  const LaneShape output = layer.output_shape(input);
  linear_ = description.kind == LayerKind::linear;
  output_is_big_ = description.kind != LayerKind::conv;
  const LaneShape& small = output_is_big_ ? input : output;
  const LaneShape& big = output_is_big_ ? output : input;
  c_small_ = small.channels;
  c_big_ = big.channels;
  if (linear_) {
    check(small.pixels() == 1 && big.height == big.width, description.name, ": bench knows linear layers from 1x1 to a square alone");
    geometry_ = {.big_height = big.height, .big_width = big.width, .small_height = 1, .small_width = 1, .kernel = big.height,
                 .stride = big.height, .pad_top = 0, .pad_left = 0};
  } else {
    geometry_ = same_padding(big.height, big.width, description.kernel, description.stride);
  }
  const AlignedBuffer<float>& latent = layer.weight().latent().value;
  weights_.assign(latent.begin(), latent.end());
  if (layer.weight().binarized()) {
    const std::int64_t stride = linear_ ? geometry_.taps() * c_small_ : output_is_big_ ? geometry_.taps() : c_big_ * geometry_.taps();
    weights_ = one_bit_weights(std::move(weights_), output.channels, stride);
  }
  const AlignedBuffer<float>& bias = layer.params().back()->value;
  bias_.assign(bias.begin(), bias.end());
}

std::int64_t LayerDefinition::weight_index(std::int64_t c_small, std::int64_t c_big, std::int64_t tap) const {
  if (linear_) return (c_big * geometry_.taps() + tap) * c_small_ + c_small;
  return (c_small * c_big_ + c_big) * geometry_.taps() + tap;
}

double LayerDefinition::bias_of(std::int64_t channel, std::int64_t pixel) const {
  return bias_[static_cast<std::size_t>(linear_ ? channel * geometry_.taps() + pixel : channel)];
}

LayerDefinition::Sum LayerDefinition::small_entry(ConstTensorView big, std::int64_t image, std::int64_t y, std::int64_t x,
                                                  std::int64_t channel) const {
  const ConvGeometry& g = geometry_;
  Sum sum;
  for (std::int64_t tap = 0; tap < g.taps(); ++tap) {
    const std::int64_t by = g.stride * y + tap / g.kernel - g.pad_top;
    const std::int64_t bx = g.stride * x + tap % g.kernel - g.pad_left;
    if (by < 0 || by >= g.big_height || bx < 0 || bx >= g.big_width) continue;
    for (std::int64_t b = 0; b < c_big_; ++b)
      sum.add(big.data[big.shape.index(image, by, bx, b)], weights_[static_cast<std::size_t>(weight_index(channel, b, tap))]);
  }
  return sum;
}

LayerDefinition::Sum LayerDefinition::big_entry(ConstTensorView small, std::int64_t image, std::int64_t y, std::int64_t x,
                                                std::int64_t channel) const {
  const ConvGeometry& g = geometry_;
  Sum sum;
  for (std::int64_t tap = 0; tap < g.taps(); ++tap) {
    const std::int64_t down = y + g.pad_top - tap / g.kernel;
    const std::int64_t right = x + g.pad_left - tap % g.kernel;
    if (down < 0 || right < 0 || down % g.stride != 0 || right % g.stride != 0) continue;
    if (down / g.stride >= g.small_height || right / g.stride >= g.small_width) continue;
    for (std::int64_t s = 0; s < c_small_; ++s)
      sum.add(small.data[small.shape.index(image, down / g.stride, right / g.stride, s)],
              weights_[static_cast<std::size_t>(weight_index(s, channel, tap))]);
  }
  return sum;
}

LayerDefinition::Sum LayerDefinition::weight_entry(ConstTensorView small, ConstTensorView big, std::int64_t c_small, std::int64_t c_big,
                                                   std::int64_t tap) const {
  const ConvGeometry& g = geometry_;
  Sum sum;
  for (std::int64_t image = 0; image < small.shape.batch; ++image)
    for (std::int64_t y = 0; y < g.small_height; ++y)
      for (std::int64_t x = 0; x < g.small_width; ++x) {
        const std::int64_t by = g.stride * y + tap / g.kernel - g.pad_top;
        const std::int64_t bx = g.stride * x + tap % g.kernel - g.pad_left;
        if (by < 0 || by >= g.big_height || bx < 0 || bx >= g.big_width) continue;
        sum.add(small.data[small.shape.index(image, y, x, c_small)], big.data[big.shape.index(image, by, bx, c_big)]);
      }
  return sum;
}

void LayerDefinition::expect(const std::string& what, const Sum& expected, float got, std::int64_t entry) {
  const double bound = (static_cast<double>(expected.terms) + 8.0) * std::ldexp(1.0, -24) * expected.magnitude;
  check(std::fabs(static_cast<double>(got) - expected.value) <= bound, "bench: ", what, ": entry ", entry, " is ", got, ", expected ",
        expected.value, " within ", bound);
}

void LayerDefinition::check_images(const std::string& what, ConstTensorView in, ConstTensorView out, bool out_is_big,
                                   bool with_bias) const {
  const CounterRng rng(3, Stream::test);
  const LaneShape& shape = out.shape;
  for (int sample = 0; sample < kSamples; ++sample) {
    const std::int64_t image = sampled(rng, sample, 3, shape.batch);
    const std::int64_t y = sampled(rng, sample, 0, shape.height);
    const std::int64_t x = sampled(rng, sample, 1, shape.width);
    const std::int64_t channel = sampled(rng, sample, 2, shape.channels);
    Sum sum = out_is_big ? big_entry(in, image, y, x, channel) : small_entry(in, image, y, x, channel);
    if (with_bias) sum.add(1.0, bias_of(channel, y * shape.width + x));
    const std::int64_t entry = shape.index(image, y, x, channel);
    expect(what, sum, out.data[entry], entry);
  }
}

void LayerDefinition::check_forward(const std::string& what, ConstTensorView x, ConstTensorView y) const {
  check_images(what, x, y, output_is_big_, true);
}

void LayerDefinition::check_input_gradient(const std::string& what, ConstTensorView dy, ConstTensorView dx) const {
  check_images(what, dy, dx, !output_is_big_, false);
}

void LayerDefinition::check_weight_gradient(const std::string& what, ConstTensorView x, ConstTensorView dy, const float* dw) const {
  const ConstTensorView small = output_is_big_ ? x : dy;
  const ConstTensorView big = output_is_big_ ? dy : x;
  const CounterRng rng(4, Stream::test);
  for (int sample = 0; sample < kSamples; ++sample) {
    const std::int64_t s = sampled(rng, sample, 0, c_small_);
    const std::int64_t b = sampled(rng, sample, 1, c_big_);
    const std::int64_t tap = sampled(rng, sample, 2, geometry_.taps());
    expect(what, weight_entry(small, big, s, b, tap), dw[weight_index(s, b, tap)], weight_index(s, b, tap));
  }
}

}  // namespace pbgen
