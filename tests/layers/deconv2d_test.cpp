#include "layers/deconv2d.h"

#include <gtest/gtest.h>

#include "tests/support/algorithm_paths.h"
#include "tests/support/gradcheck.h"

namespace pbgen {
namespace {

struct DeconvCase {
  LaneShape input;
  std::int64_t c_out, kernel, stride;
};

const DeconvCase kCases[] = {
    {{8, 1, 1, 1}, 1, 5, 2},  {{8, 1, 1, 3}, 5, 5, 2},  {{8, 2, 2, 3}, 1, 5, 2},  {{8, 3, 3, 2}, 3, 5, 2},  {{16, 4, 4, 5}, 7, 5, 2},
    {{8, 6, 5, 9}, 3, 5, 2},  {{16, 2, 7, 1}, 3, 5, 2}, {{8, 8, 8, 3}, 1, 5, 2},  {{8, 9, 9, 1}, 3, 5, 2},  {{16, 3, 5, 7}, 2, 3, 2},
    {{8, 5, 4, 11}, 2, 3, 1}, {{8, 3, 2, 3}, 3, 5, 3},
};

class Deconv2dTest : public OnEachAlgorithmAndPath {};
INSTANTIATE_TEST_SUITE_P(Paths, Deconv2dTest, testing::Combine(testing::ValuesIn(kConvAlgorithms), testing::ValuesIn(kIsas)), path_of_test);

TEST_P(Deconv2dTest, MatchesTheDefinitionAndItsDifferences) {
  std::uint64_t seed = 1;
  for (const DeconvCase& c : kCases) {
    Deconv2d layer("deconv", c.input.channels, c.c_out, c.kernel, c.stride);
    randomise_parameters(layer, seed);
    check_layer(layer, c.input,
                [&](const NaiveTensor& x, const std::vector<std::vector<double>>& p) {
                  return naive_deconv2d(x, p[0], p[1], c.kernel, c.stride);
                },
                seed++);
  }
}

// Written out by hand: pixel i reaches 2i-1 .. 2i+3, unflipped, cropped to 0 .. 2n-1.
TEST_P(Deconv2dTest, CropsOneBeforeAndTwoAfter) {
  Deconv2d layer("deconv", 1, 1);
  AlignedBuffer<float>& w = layer.params()[0]->value;
  for (std::int64_t k = 0; k < 25; ++k) w[k] = static_cast<float>(k + 1);
  layer.weights_changed();
  const LaneShape input{8, 2, 2, 1};
  LayerPass pass(layer, input, 1);
  std::fill(span_of(pass.x).begin(), span_of(pass.x).end(), 0.0f);
  pass.x.data()[input.index(3, 0, 1, 0)] = 1.0f;  // reaches rows -1 .. 3, columns 1 .. 5
  pass.forward(layer);
  for (std::int64_t y = 0; y < 4; ++y)
    for (std::int64_t x = 0; x < 4; ++x) {
      const float expected = x >= 1 ? static_cast<float>((y + 1) * 5 + (x - 1) + 1) : 0.0f;
      EXPECT_EQ(pass.y.data()[pass.y.shape().index(3, y, x, 0)], expected) << y << ", " << x;
      EXPECT_EQ(pass.y.data()[pass.y.shape().index(2, y, x, 0)], 0.0f) << "another image";
    }
}

// With every |W| >= 1 nothing passes straight through the sign, and what is left is the true derivative of alpha.
TEST_P(Deconv2dTest, BinaryScaleGradientMatchesDifferences) {
  for (const BinaryRecipe recipe : {BinaryRecipe::pbgen, BinaryRecipe::port}) {
    SCOPED_TRACE(name(recipe));
    Deconv2d layer("deconv", 3, 4, 5, 2, recipe);
    randomise_parameters(layer, 60);
    for (float& w : layer.params()[0]->value) w += w < 0.0f ? -1.1f : 1.1f;
    layer.weights_changed();
    // The port divides by the 4 output channels where the mean has the 3 input channels.
    const double port_factor = recipe == BinaryRecipe::port ? 3.0 / 4.0 : 1.0;
    check_layer(layer, {8, 3, 4, 3},
                [port_factor](const NaiveTensor& x, const std::vector<std::vector<double>>& p) {
                  std::vector<double> used = naive_binarize(p[0], channels_of_deconv(3, 4, 25));
                  for (double& weight : used) weight *= port_factor;
                  return naive_deconv2d(x, used, p[1], 5, 2);
                },
                60);
  }
}

TEST_P(Deconv2dTest, OverwritesInputGradientsAddsParameterGradientsAndLeavesTheRest) {
  for (const BinaryRecipe recipe : {BinaryRecipe::none, BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
    Deconv2d layer("deconv", 5, 3, 5, 2, recipe);
    randomise_parameters(layer, 70);
    check_want_flags(layer, {16, 3, 3, 5}, 70);
  }
}

TEST_P(Deconv2dTest, ResultsDoNotDependOnTheNumberOfThreads) {
  for (const BinaryRecipe recipe : {BinaryRecipe::none, BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
    Deconv2d layer("deconv", 17, 3, 5, 2, recipe);
    randomise_parameters(layer, 80);
    check_thread_independence(layer, {16, 4, 4, 17}, 80);
  }
}

TEST_P(Deconv2dTest, AgreesWithTheReferencePath) {
  Deconv2d layer("deconv", 13, 7);
  randomise_parameters(layer, 90);
  check_isa_parity(layer, {16, 4, 4, 13}, 90, 16 * 4 * 4 + 1, 1.0);  // the weight gradient has the longest sums
}

TEST_P(Deconv2dTest, DescribesItself) {
  const Deconv2d layer("deconv4", 64, 3);
  const LayerDescription& d = layer.description();
  EXPECT_EQ(d.kind, LayerKind::deconv);
  EXPECT_EQ(d.c_in, 64);
  EXPECT_EQ(d.c_out, 3);
  EXPECT_EQ(d.recipe, BinaryRecipe::none);
  EXPECT_EQ(d.weights, 64 * 3 * 25);
  EXPECT_EQ(d.biases, 3);
}

TEST_P(Deconv2dTest, RefusesWrongShapes) {
  EXPECT_THROW(Deconv2d("deconv", 4, 3, 0), std::logic_error);
  Deconv2d layer("deconv", 4, 3);
  EXPECT_THROW(layer.output_shape({8, 4, 4, 3}), std::logic_error);
  LayerPass pass(layer, {8, 2, 2, 4}, 1);
  Tensor wrong(LaneShape{8, 4, 4, 4});
  EXPECT_THROW(layer.forward(pass.x.view(), wrong.view(), {}, pass.workspace, Mode::train), std::logic_error);
  EXPECT_THROW(layer.backward(pass.x.view(), pass.y.view(), wrong.view(), pass.dx.view(), {}, {}, pass.workspace), std::logic_error);
  EXPECT_THROW(layer.backward(pass.x.view(), pass.y.view(), pass.dy.view(), {}, {}, {}, pass.workspace), std::logic_error);
}

}  // namespace
}  // namespace pbgen
