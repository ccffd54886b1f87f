#include "layers/conv2d.h"

#include <gtest/gtest.h>

#include "layers/deconv2d.h"
#include "tests/support/algorithm_paths.h"
#include "tests/support/gradcheck.h"

namespace pbgen {
namespace {

struct ConvCase {
  LaneShape input;
  std::int64_t c_out, kernel, stride;
};

const ConvCase kCases[] = {
    {{8, 1, 1, 1}, 1, 5, 2},  {{8, 2, 2, 3}, 1, 5, 2},  {{8, 3, 3, 2}, 3, 5, 2},  {{8, 4, 4, 5}, 7, 5, 2}, {{16, 6, 6, 3}, 5, 5, 2},
    {{8, 8, 8, 1}, 9, 5, 2},  {{16, 8, 4, 9}, 3, 5, 2}, {{8, 5, 9, 3}, 4, 5, 2},  {{8, 7, 2, 3}, 3, 3, 2}, {{16, 9, 9, 1}, 3, 3, 2},
    {{8, 6, 6, 11}, 2, 3, 1}, {{8, 9, 7, 3}, 3, 5, 3},
};

NaiveForward naive_of(const ConvCase& c) {
  return [c](const NaiveTensor& x, const std::vector<std::vector<double>>& p) { return naive_conv2d(x, p[0], p[1], c.kernel, c.stride); };
}

class Conv2dTest : public OnEachAlgorithmAndPath {};
INSTANTIATE_TEST_SUITE_P(Paths, Conv2dTest, testing::Combine(testing::ValuesIn(kConvAlgorithms), testing::ValuesIn(kIsas)), path_of_test);

TEST_P(Conv2dTest, MatchesTheDefinitionAndItsDifferences) {
  std::uint64_t seed = 1;
  for (const ConvCase& c : kCases) {
    Conv2d layer("conv", c.input.channels, c.c_out, c.kernel, c.stride);
    randomise_parameters(layer, seed);
    check_layer(layer, c.input, naive_of(c), seed++);
  }
}

TEST_P(Conv2dTest, InputGradientPassesThroughTheBinaryWeights) {
  std::uint64_t seed = 50;
  for (const BinaryRecipe recipe : {BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
    Conv2d layer("conv", 3, 5, 5, 2, recipe);
    randomise_parameters(layer, seed);
    LayerPass binary(layer, {8, 6, 6, 3}, seed);
    binary.forward(layer);
    binary.backward(layer, {.input = true, .params = false});

    Conv2d expanded("conv", 3, 5);
    const std::span<const float> weights = layer.weight().expanded();
    std::copy(weights.begin(), weights.end(), expanded.params()[0]->value.begin());
    const std::span<const float> bias = layer.params()[1]->value.span();
    std::copy(bias.begin(), bias.end(), expanded.params()[1]->value.begin());
    expanded.weights_changed();
    LayerPass full(expanded, {8, 6, 6, 3}, seed);
    full.forward(expanded);
    full.backward(expanded, {.input = true, .params = false});
    expect_near_all(to_naive(binary.y.view()).values, to_naive(full.y.view()).values, 1e-5, "y");
    expect_near_all(to_naive(binary.dx.view()).values, to_naive(full.dx.view()).values, 1e-5, "dx");
    ++seed;
  }
}

// With every |W| >= 1 nothing passes straight through the sign, and what is left is the true derivative of alpha.
TEST_P(Conv2dTest, BinaryScaleGradientMatchesDifferences) {
  Conv2d layer("conv", 3, 4, 5, 2, BinaryRecipe::pbgen);
  randomise_parameters(layer, 60);
  for (float& w : layer.params()[0]->value) w += w < 0.0f ? -1.1f : 1.1f;
  layer.weights_changed();
  check_layer(layer, {8, 6, 4, 3},
              [](const NaiveTensor& x, const std::vector<std::vector<double>>& p) {
                return naive_conv2d(x, naive_binarize(p[0], channels_of_rows(4, 75)), p[1], 5, 2);
              },
              60);
}

TEST_P(Conv2dTest, OverwritesInputGradientsAddsParameterGradientsAndLeavesTheRest) {
  for (const BinaryRecipe recipe : {BinaryRecipe::none, BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
    Conv2d layer("conv", 3, 5, 5, 2, recipe);
    randomise_parameters(layer, 70);
    check_want_flags(layer, {16, 6, 6, 3}, 70);
  }
}

TEST_P(Conv2dTest, ResultsDoNotDependOnTheNumberOfThreads) {
  for (const BinaryRecipe recipe : {BinaryRecipe::none, BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
    Conv2d layer("conv", 3, 17, 5, 2, recipe);
    randomise_parameters(layer, 80);
    check_thread_independence(layer, {16, 8, 8, 3}, 80);
  }
}

TEST_P(Conv2dTest, AgreesWithTheReferencePath) {
  Conv2d layer("conv", 7, 13);
  randomise_parameters(layer, 90);
  check_isa_parity(layer, {16, 8, 8, 7}, 90, 16 * 4 * 4 + 1, 1.0);  // the weight gradient has the longest sums
}

TEST_P(Conv2dTest, IsTheAdjointOfDeconv2d) {
  Conv2d conv("conv", 3, 7);
  Deconv2d deconv("deconv", 7, 3);
  fill_uniform(conv.params()[0]->value.span(), 95, 1);
  const auto& weights = conv.params()[0]->value;  // [7, 3, 5, 5] for both, biases zero
  std::copy(weights.begin(), weights.end(), deconv.params()[0]->value.begin());
  LayerPass down(conv, {8, 10, 6, 3}, 95);
  down.forward(conv);
  LayerPass up(deconv, down.y.shape(), 96);
  up.forward(deconv);
  double through_conv = 0.0, through_deconv = 0.0, magnitude = 0.0;
  for (std::int64_t i = 0; i < down.y.floats(); ++i) {
    const double term = static_cast<double>(down.y.data()[i]) * static_cast<double>(up.x.data()[i]);
    through_conv += term;
    magnitude += std::fabs(term);
  }
  for (std::int64_t i = 0; i < down.x.floats(); ++i)
    through_deconv += static_cast<double>(down.x.data()[i]) * static_cast<double>(up.y.data()[i]);
  EXPECT_NEAR(through_conv, through_deconv, 1e-6 * magnitude);
}

TEST_P(Conv2dTest, DescribesItself) {
  const Conv2d layer("conv1", 64, 128, 5, 2, BinaryRecipe::pbgen);
  const LayerDescription& d = layer.description();
  EXPECT_EQ(d.kind, LayerKind::conv);
  EXPECT_EQ(d.name, "conv1");
  EXPECT_EQ(d.c_in, 64);
  EXPECT_EQ(d.c_out, 128);
  EXPECT_EQ(d.kernel, 5);
  EXPECT_EQ(d.stride, 2);
  EXPECT_EQ(d.recipe, BinaryRecipe::pbgen);
  EXPECT_EQ(d.weights, 64 * 128 * 25);
  EXPECT_EQ(d.biases, 128);
}

TEST_P(Conv2dTest, RefusesWrongShapes) {
  EXPECT_THROW(Conv2d("conv", 0, 4), std::logic_error);
  EXPECT_THROW(Conv2d("conv", 2, 4, 0, 2), std::logic_error);
  Conv2d layer("conv", 3, 4);
  EXPECT_THROW(layer.output_shape({8, 4, 4, 2}), std::logic_error);
  LayerPass pass(layer, {8, 4, 4, 3}, 1);
  Tensor wrong(LaneShape{8, 4, 4, 4});
  EXPECT_THROW(layer.forward(pass.x.view(), wrong.view(), {}, pass.workspace, Mode::train), std::logic_error);
  EXPECT_THROW(layer.backward(pass.x.view(), pass.y.view(), wrong.view(), pass.dx.view(), {}, {}, pass.workspace), std::logic_error);
  EXPECT_THROW(layer.backward(pass.x.view(), pass.y.view(), pass.dy.view(), {}, {}, {}, pass.workspace), std::logic_error);
}

}  // namespace
}  // namespace pbgen
