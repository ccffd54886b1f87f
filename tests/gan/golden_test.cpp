// Every layer, the losses and Adam against vectors that PyTorch wrote.
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "gan/losses.h"
#include "layers/activations.h"
#include "layers/batchnorm2d.h"
#include "layers/conv2d.h"
#include "layers/deconv2d.h"
#include "layers/linear.h"
#include "optim/adam.h"
#include "tests/support/golden.h"
#include "tests/support/gradcheck.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

// Sums of at most 128 products in float: 128 * 2^-24 if every rounding fell the same way.
constexpr double kTolerance = 1e-5;

// "conv.weight" -> "conv.dweight"
std::string gradient_name(const std::string& parameter) {
  const std::size_t suffix = parameter.rfind('.') + 1;
  return concat(parameter.substr(0, suffix), "d", parameter.substr(suffix));
}

// The layer's name is the case's, so that its parameters' names are the golden ones.
void expect_golden(const Golden& golden, const std::string& name, Layer& layer) {
  SCOPED_TRACE(name);
  for (Param* const param : layer.params()) golden.fill(*param, param->name);
  layer.weights_changed();
  LayerPass pass(layer, golden.activation(name + ".x").shape(), 1);
  pass.x = golden.activation(name + ".x");
  pass.dy = golden.activation(name + ".dy");
  pass.forward(layer);
  pass.backward(layer);
  expect_near_all(to_naive(pass.y.view()).values, golden.values(name + ".y"), kTolerance, "y");
  expect_near_all(to_naive(pass.dx.view()).values, golden.values(name + ".dx"), kTolerance, "dx");
  for (const Param* const param : layer.params())
    expect_near_all(to_double(param->gradient.span()), golden.values(gradient_name(param->name)), kTolerance, gradient_name(param->name));
}

// Each test runs on each path that this machine has.
class GoldenVectors : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, GoldenVectors, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(GoldenVectors, LayersWithWeights) {
  const Golden golden("layers.safetensors");
  Linear linear_in("linear_in", {1, 1, 12}, {2, 2, 6});
  Linear linear_out("linear_out", {2, 2, 5}, {1, 1, 1});
  Conv2d conv("conv", 3, 5);
  Conv2d conv_small("conv_small", 4, 3);
  Deconv2d deconv("deconv", 5, 3);
  Deconv2d deconv_small("deconv_small", 4, 3);
  expect_golden(golden, "linear_in", linear_in);
  expect_golden(golden, "linear_out", linear_out);
  expect_golden(golden, "conv", conv);
  expect_golden(golden, "conv_small", conv_small);
  expect_golden(golden, "deconv", deconv);
  expect_golden(golden, "deconv_small", deconv_small);
}

TEST_P(GoldenVectors, BatchNorm2dInBothModes) {
  const Golden golden("layers.safetensors");
  BatchNorm2d layer("bn", 5);
  expect_golden(golden, "bn", layer);
  LayerPass pass(layer, golden.activation("bn.x").shape(), 1);
  pass.x = golden.activation("bn.x");
  pass.forward(layer);
  layer.update_moving_statistics(pass.record.span());
  for (const NamedArray* const buffer : layer.buffers())
    expect_near_all(to_double(buffer->value.span()), golden.values(buffer->name), 1e-6, buffer->name);
  pass.forward(layer, Mode::inference);
  expect_near_all(to_naive(pass.y.view()).values, golden.values("bn.y_inference"), kTolerance, "y_inference");
}

TEST_P(GoldenVectors, Activations) {
  const Golden golden("layers.safetensors");
  ReLU relu;
  LeakyReLU leaky_relu(0.2f);
  Tanh tanh;
  expect_golden(golden, "relu", relu);
  expect_golden(golden, "leaky_relu", leaky_relu);
  expect_golden(golden, "tanh", tanh);
}

TEST_P(GoldenVectors, Losses) {
  const Golden golden("layers.safetensors");
  for (const Loss loss : {Loss::dcgan, Loss::lsgan, Loss::wgan}) {
    for (const int target : {0, 1}) {
      const std::string name = concat(loss_name(loss), "_towards_", target);
      const Tensor logits = golden.activation(name + ".x");
      Tensor gradient(logits.shape());
      fill_nan(span_of(gradient));
      const LossResult result = loss_towards(loss, logits.view(), target, gradient.view());
      expect_near_all({result.loss}, golden.values(name + ".y"), 1e-7, name);
      expect_near_all(to_naive(gradient.view()).values, golden.values(name + ".dx"), 1e-6, name + " gradient");
    }
  }
}

TEST_P(GoldenVectors, BinarizedLayersAndTheirGradients) {
  const Golden golden("binary_weights.safetensors");
  for (const BinaryRecipe recipe : {BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
    const std::string prefix = name(recipe);
    Conv2d conv(prefix + "_conv", 3, 4, 5, 2, recipe);
    Deconv2d deconv(prefix + "_deconv", 5, 4, 5, 2, recipe);
    Linear linear(prefix + "_linear", {1, 1, 7}, {2, 2, 3}, recipe);
    expect_golden(golden, prefix + "_conv", conv);
    expect_golden(golden, prefix + "_deconv", deconv);
    expect_golden(golden, prefix + "_linear", linear);
  }
}

TEST_P(GoldenVectors, XnorKeepsCentredAndClampedWeights) {
  const Golden golden("binary_weights.safetensors");
  Conv2d conv("xnor_conv", 3, 4, 5, 2, BinaryRecipe::xnor);
  Deconv2d deconv("xnor_deconv", 5, 4, 5, 2, BinaryRecipe::xnor);
  Linear linear("xnor_linear", {1, 1, 7}, {2, 2, 3}, BinaryRecipe::xnor);
  for (Layer* const layer : std::initializer_list<Layer*>{&conv, &deconv, &linear}) {
    Param& weight = *layer->params()[0];
    golden.fill(weight, weight.name + "_before");
    layer->project_weights();
    expect_near_all(to_double(weight.value.span()), golden.values(weight.name), 1e-6, weight.name);
  }
}

TEST_P(GoldenVectors, FiveStepsOfAdam) {
  const Golden golden("adam.safetensors");
  Param weight("weight", golden.dims("weight"));
  golden.fill(weight, "weight");
  const std::vector<double> gradients = golden.values("gradients");
  const std::vector<double> after = golden.values("weight_after");
  const std::size_t size = static_cast<std::size_t>(weight.value.size());
  Adam adam({&weight}, {});
  for (std::size_t step = 0; step < 5; ++step) {
    std::transform(gradients.begin() + step * size, gradients.begin() + (step + 1) * size, weight.gradient.begin(),
                   [](double value) { return static_cast<float>(value); });
    adam.step();
    // Half an ulp of a weight below 1/16 a step, and 1e-6 of updates of 2e-4.
    for (std::size_t i = 0; i < size; ++i)
      ASSERT_NEAR(weight.value[static_cast<std::int64_t>(i)], after[step * size + i], 5.0 * (0x1p-29 + 4e-10)) << "step " << step;
  }
  expect_near_all(to_double(adam.moments()[0].first.span()), golden.values("first_moment"), 1e-6, "first moment");
  expect_near_all(to_double(adam.moments()[0].second.span()), golden.values("second_moment"), 1e-6, "second moment");
}

}  // namespace
}  // namespace pbgen
