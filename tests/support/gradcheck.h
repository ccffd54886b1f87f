// One checker for every layer: backward is the gradient of <y, dy>, so central differences of an independent
// double-precision forward must give it.  Everything a layer writes is NaN beforehand.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/base/workspace.h"
#include "core/tensor/tensor.h"
#include "layers/layer.h"
#include "tests/support/naive.h"

namespace pbgen {

inline constexpr double kGradientTolerance = 1e-4;

inline void fill_nan(std::span<float> values) { std::fill(values.begin(), values.end(), std::numeric_limits<float>::quiet_NaN()); }

inline void fill_uniform(std::span<float> values, std::uint64_t seed, std::uint32_t which, double low = -1.0, double high = 1.0) {
  const CounterRng rng(seed, Stream::test, which);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(rng.uniform(i, low, high));
}

inline std::span<float> span_of(Tensor& tensor) { return {tensor.data(), static_cast<std::size_t>(tensor.floats())}; }
inline std::span<const float> span_of(const Tensor& tensor) { return {tensor.data(), static_cast<std::size_t>(tensor.floats())}; }

inline std::vector<double> to_double(std::span<const float> values) { return {values.begin(), values.end()}; }
inline std::vector<float> copy_of(std::span<const float> values) { return {values.begin(), values.end()}; }

inline std::vector<std::vector<double>> parameter_values(Layer& layer) {
  std::vector<std::vector<double>> values;
  for (const Param* const param : layer.params()) values.push_back(to_double(param->value.span()));
  return values;
}

// Uniform parameters, zero gradients, derived weights remade.
inline void randomise_parameters(Layer& layer, std::uint64_t seed, double low = -1.0, double high = 1.0) {
  std::uint32_t which = 100;
  for (Param* const param : layer.params()) {
    fill_uniform(param->value.span(), seed, which++, low, high);
    std::fill(param->gradient.begin(), param->gradient.end(), 0.0f);
  }
  layer.project_weights();
  layer.weights_changed();
}

// What one forward and one backward read and write: x and dy uniform in [-1, 1), the rest NaN until written.
struct LayerPass {
  LayerPass(const Layer& layer, const LaneShape& input, std::uint64_t seed)
      : x(input), y(layer.output_shape(input)), dy(y.shape()), dx(input), record(layer.record_floats(input)),
        workspace(layer.workspace_floats(input)) {
    fill_uniform(span_of(x), seed, 1);
    fill_uniform(span_of(dy), seed, 2);
    fill_nan(span_of(y));
    fill_nan(span_of(dx));
    fill_nan(record.span());
    spoil_workspace();
  }

  void spoil_workspace() {
    const Workspace::Scope scope(workspace);
    float* const all = workspace.take(workspace.floats());
    fill_nan({all, static_cast<std::size_t>(workspace.floats())});
  }
  void forward(const Layer& layer, Mode mode = Mode::train) { layer.forward(x.view(), y.view(), record.span(), workspace, mode); }
  void backward(Layer& layer, Want want = {}) {
    spoil_workspace();
    layer.backward(x.view(), y.view(), dy.view(), dx.view(), record.span(), want, workspace);
  }

  Tensor x, y, dy, dx;
  AlignedBuffer<float> record;
  Workspace workspace;
};

// Relative to the value or to the array's root mean square, whichever is larger.  NaN fails.
inline void expect_near_all(const std::vector<double>& actual, const std::vector<double>& expected, double tolerance,
                            const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  double squares = 0.0;
  for (const double value : expected) squares += value * value;
  const double rms = std::sqrt(squares / static_cast<double>(std::max<std::size_t>(expected.size(), 1)));
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double bound = tolerance * std::max(std::fabs(expected[i]), rms);
    ASSERT_TRUE(std::fabs(actual[i] - expected[i]) <= bound) << what << "[" << i << "] is " << actual[i] << ", expected " << expected[i];
  }
}

using NaiveForward = std::function<NaiveTensor(const NaiveTensor& x, const std::vector<std::vector<double>>& parameters)>;

// Up to 48 indices of an array of count: all, or the ends and a random choice.
inline std::vector<std::size_t> sampled_indices(std::size_t count, std::uint64_t seed) {
  constexpr std::size_t kSamples = 48;
  std::vector<std::size_t> indices;
  const CounterRng rng(seed, Stream::test, 3);
  for (std::size_t i = 0; i < std::min(count, kSamples); ++i) indices.push_back(count <= kSamples ? i : rng.below(i, count));
  indices.front() = 0;
  indices.back() = count - 1;
  return indices;
}

// Compares the layer's forward with the naive one, and its backward (train mode) with central differences of <y, dy>.
inline void check_layer(Layer& layer, const LaneShape& input, const NaiveForward& naive, std::uint64_t seed, double step = 1e-3) {
  SCOPED_TRACE(concat("seed ", seed, ", input ", input));
  LayerPass pass(layer, input, seed);
  pass.forward(layer);
  NaiveTensor x = to_naive(pass.x.view());
  std::vector<std::vector<double>> parameters = parameter_values(layer);
  expect_near_all(to_naive(pass.y.view()).values, naive(x, parameters).values, kGradientTolerance, "y");
  pass.backward(layer);

  const std::vector<double> dy = to_naive(pass.dy.view()).values;
  const auto loss = [&] {
    const std::vector<double> y = naive(x, parameters).values;
    double sum = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * dy[i];
    return sum;
  };
  const auto compare = [&](std::vector<double>& variable, const std::vector<double>& gradient, const std::string& what) {
    std::vector<double> actual, expected;
    for (const std::size_t i : sampled_indices(variable.size(), seed)) {
      const double kept = variable[i];
      variable[i] = kept + step;
      const double above = loss();
      variable[i] = kept - step;
      const double below = loss();
      variable[i] = kept;
      actual.push_back(gradient[i]);
      expected.push_back((above - below) / (2.0 * step));
    }
    expect_near_all(actual, expected, kGradientTolerance, what);
  };
  compare(x.values, to_naive(pass.dx.view()).values, "dx");
  const std::vector<Param*> params = layer.params();
  for (std::size_t p = 0; p < params.size(); ++p)
    compare(parameters[p], to_double(params[p]->gradient.span()), "gradient of " + params[p]->name);
}

// dx is overwritten, gradients accumulate, and what is not wanted stays as it was, to the bit.
inline void check_want_flags(Layer& layer, const LaneShape& input, std::uint64_t seed) {
  SCOPED_TRACE(concat("seed ", seed, ", input ", input));
  LayerPass both(layer, input, seed);
  both.forward(layer);
  both.backward(layer);
  std::vector<std::vector<float>> once;
  for (const Param* const param : layer.params()) once.push_back(copy_of(param->gradient.span()));

  LayerPass input_only(layer, input, seed);
  input_only.forward(layer);
  input_only.backward(layer, {.input = true, .params = false});
  EXPECT_EQ(copy_of(span_of(input_only.dx)), copy_of(span_of(both.dx)));
  for (std::size_t p = 0; p < once.size(); ++p) EXPECT_EQ(copy_of(layer.params()[p]->gradient.span()), once[p]) << layer.params()[p]->name;

  LayerPass params_only(layer, input, seed);
  params_only.forward(layer);
  params_only.backward(layer, {.input = false, .params = true});
  for (const float value : span_of(params_only.dx)) ASSERT_TRUE(std::isnan(value));
  for (std::size_t p = 0; p < once.size(); ++p) {
    std::vector<double> twice = to_double(once[p]);
    for (double& value : twice) value *= 2.0;
    expect_near_all(to_double(layer.params()[p]->gradient.span()), twice, 1e-5, layer.params()[p]->name);
  }

  // An input gradient that is not wanted needs no room.
  std::vector<std::vector<float>> before;
  for (const Param* const param : layer.params()) before.push_back(copy_of(param->gradient.span()));
  layer.backward(both.x.view(), both.y.view(), both.dy.view(), {}, both.record.span(), {.input = false, .params = false}, both.workspace);
  for (std::size_t p = 0; p < before.size(); ++p) EXPECT_EQ(copy_of(layer.params()[p]->gradient.span()), before[p]);
}

// Chooses threads and kernels for the length of a block.
class MachineScope {
 public:
  MachineScope() : threads_(thread_count()), isa_(isa()) {}
  ~MachineScope() {
    set_thread_count(threads_);
    set_isa(isa_);
  }
  MachineScope(const MachineScope&) = delete;
  MachineScope& operator=(const MachineScope&) = delete;

 private:
  int threads_;
  Isa isa_;
};

// y, dx and every parameter's gradient of one forward and backward, in this order.
inline std::vector<std::vector<float>> layer_results(Layer& layer, const LaneShape& input, std::uint64_t seed) {
  for (Param* const param : layer.params()) std::fill(param->gradient.begin(), param->gradient.end(), 0.0f);
  layer.weights_changed();
  LayerPass pass(layer, input, seed);
  pass.forward(layer);
  pass.backward(layer);
  std::vector<std::vector<float>> results{copy_of(span_of(pass.y)), copy_of(span_of(pass.dx))};
  for (const Param* const param : layer.params()) results.push_back(copy_of(param->gradient.span()));
  return results;
}

inline void check_thread_independence(Layer& layer, const LaneShape& input, std::uint64_t seed) {
  const MachineScope scope;
  const EagerScope eager;
  set_thread_count(1);
  const std::vector<std::vector<float>> alone = layer_results(layer, input, seed);
  for (const int threads : {2, 3}) {
    set_thread_count(threads);
    EXPECT_EQ(layer_results(layer, input, seed), alone) << threads << " threads, seed " << seed << ", input " << input;
  }
}

// The path in force agrees with the reference within the rounding of sums of at most `terms` products: each is within (terms + 8) * 2^-24
// of the sum of magnitudes, which is at most terms * largest_product.
inline void check_isa_parity(Layer& layer, const LaneShape& input, std::uint64_t seed, std::int64_t terms, double largest_product) {
  const std::vector<std::vector<float>> results = layer_results(layer, input, seed);
  const MachineScope scope;
  set_isa(Isa::ref);
  const std::vector<std::vector<float>> reference = layer_results(layer, input, seed);
  const double count = static_cast<double>(terms);
  const double bound = 2.0 * (count + 8.0) * std::ldexp(1.0, -24) * count * largest_product;
  for (std::size_t array = 0; array < reference.size(); ++array)
    for (std::size_t i = 0; i < reference[array].size(); ++i)
      ASSERT_TRUE(std::fabs(static_cast<double>(reference[array][i]) - static_cast<double>(results[array][i])) <= bound)
          << "array " << array << "[" << i << "]: ref " << reference[array][i] << ", here " << results[array][i];
}

}  // namespace pbgen
