#include "layers/linear.h"

#include <gtest/gtest.h>

#include "tests/support/algorithm_paths.h"
#include "tests/support/gradcheck.h"

namespace pbgen {
namespace {

class LinearTest : public OnEachAlgorithmAndPath {};
INSTANTIATE_TEST_SUITE_P(Paths, LinearTest, testing::Combine(testing::ValuesIn(kConvAlgorithms), testing::ValuesIn(kIsas)), path_of_test);

struct LinearCase {
  std::int64_t batch;
  ImageShape in, out;

  LaneShape input() const { return {batch, in.height, in.width, in.channels}; }
};

const LinearCase kCases[] = {
    {8, {1, 1, 1}, {1, 1, 1}},  {16, {1, 1, 10}, {4, 4, 6}}, {8, {4, 4, 6}, {1, 1, 1}},
    {16, {2, 3, 9}, {3, 2, 5}}, {24, {1, 1, 7}, {1, 1, 19}}, {8, {3, 1, 1}, {1, 5, 3}},
};

TEST_P(LinearTest, MatchesTheDefinitionAndItsDifferences) {
  std::uint64_t seed = 1;
  for (const LinearCase& c : kCases) {
    Linear layer("linear", c.in, c.out);
    randomise_parameters(layer, seed);
    check_layer(layer, c.input(),
                [&](const NaiveTensor& x, const std::vector<std::vector<double>>& p) {
                  return naive_linear(x, p[0], p[1], c.out.channels, c.out.height, c.out.width);
                },
                seed++);
  }
}

TEST_P(LinearTest, NumbersFeaturesByChannelThenRowThenColumn) {
  Linear layer("linear", {1, 1, 1}, {2, 3, 4});
  for (std::int64_t i = 0; i < 24; ++i) layer.params()[1]->value[i] = static_cast<float>(i);
  LayerPass pass(layer, {8, 1, 1, 1}, 1);
  pass.forward(layer);
  EXPECT_EQ(pass.y.data()[pass.y.shape().index(5, 1, 2, 3)], 3.0f * 6.0f + 1.0f * 3.0f + 2.0f);
}

// With every |W| >= 1 nothing passes straight through the sign, and what is left is the true derivative of alpha.
// One alpha covers the six units of each of the five output channels.
TEST_P(LinearTest, BinaryScaleGradientMatchesDifferences) {
  Linear layer("linear", {1, 1, 7}, {2, 3, 5}, BinaryRecipe::pbgen);
  randomise_parameters(layer, 60);
  for (float& w : layer.params()[0]->value) w += w < 0.0f ? -1.1f : 1.1f;
  layer.weights_changed();
  EXPECT_EQ(layer.weight().scale().size(), 5u);
  check_layer(layer, {8, 1, 1, 7},
              [](const NaiveTensor& x, const std::vector<std::vector<double>>& p) {
                return naive_linear(x, naive_binarize(p[0], channels_of_rows(5, 6 * 7)), p[1], 5, 2, 3);
              },
              60);
}

TEST_P(LinearTest, OverwritesInputGradientsAddsParameterGradientsAndLeavesTheRest) {
  for (const BinaryRecipe recipe : {BinaryRecipe::none, BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
    Linear layer("linear", {1, 2, 5}, {2, 2, 3}, recipe);
    randomise_parameters(layer, 70);
    check_want_flags(layer, {16, 1, 2, 5}, 70);
  }
}

TEST_P(LinearTest, ResultsDoNotDependOnTheNumberOfThreads) {
  for (const BinaryRecipe recipe : {BinaryRecipe::none, BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
    Linear layer("linear", {1, 1, 30}, {4, 4, 11}, recipe);
    randomise_parameters(layer, 80);
    check_thread_independence(layer, {24, 1, 1, 30}, 80);
  }
}

TEST_P(LinearTest, AgreesWithTheReferencePath) {
  Linear layer("linear", {4, 4, 11}, {1, 1, 3});
  randomise_parameters(layer, 90);
  check_isa_parity(layer, {16, 4, 4, 11}, 90, 4 * 4 * 11 + 1, 1.0);
}

TEST_P(LinearTest, DescribesItself) {
  const Linear layer("linear", {1, 1, 100}, {4, 4, 512}, BinaryRecipe::xnor);
  const LayerDescription& d = layer.description();
  EXPECT_EQ(d.kind, LayerKind::linear);
  EXPECT_EQ(d.c_in, 100);
  EXPECT_EQ(d.c_out, 512);
  EXPECT_EQ(d.recipe, BinaryRecipe::xnor);
  EXPECT_EQ(d.weights, 100 * 8192);
  EXPECT_EQ(d.biases, 8192);
}

TEST_P(LinearTest, RefusesWrongShapes) {
  EXPECT_THROW(Linear("linear", {1, 1, 0}, {1, 1, 1}), std::logic_error);
  Linear layer("linear", {2, 2, 3}, {1, 1, 4});
  EXPECT_THROW(layer.output_shape({8, 1, 1, 12}), std::logic_error);
  LayerPass pass(layer, {8, 2, 2, 3}, 1);
  Tensor wrong(LaneShape{8, 2, 2, 4});
  EXPECT_THROW(layer.forward(pass.x.view(), wrong.view(), {}, pass.workspace, Mode::train), std::logic_error);
  EXPECT_THROW(layer.backward(pass.x.view(), pass.y.view(), wrong.view(), pass.dx.view(), {}, {}, pass.workspace), std::logic_error);
  EXPECT_THROW(layer.backward(pass.x.view(), pass.y.view(), pass.dy.view(), {}, {}, {}, pass.workspace), std::logic_error);
}

}  // namespace
}  // namespace pbgen
