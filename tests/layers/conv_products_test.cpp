// The algorithms against each other, at channel counts where each of them really runs.
#include "layers/conv_products.h"

#include <gtest/gtest.h>

#include "core/conv/binary_conv.h"
#include "layers/conv2d.h"
#include "layers/deconv2d.h"
#include "tests/support/gradcheck.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

struct Case {
  LaneShape input;
  std::int64_t c_out, kernel, stride;
};

const Case kCases[] = {
    {{8, 4, 4, 32}, 48, 5, 2}, {{16, 8, 8, 65}, 20, 5, 2}, {{24, 5, 7, 17}, 33, 3, 2}, {{8, 6, 6, 24}, 16, 3, 1}, {{16, 8, 8, 3}, 40, 5, 2},
    {{8, 8, 8, 40}, 3, 5, 2},
};

template <class Made>
std::vector<std::vector<float>> results_by(ConvAlgorithm algorithm, const Case& c, BinaryRecipe recipe, std::uint64_t seed) {
  const ConvAlgorithm before = conv_algorithm();
  set_conv_algorithm(algorithm);
  Made layer("layer", c.input.channels, c.c_out, c.kernel, c.stride, recipe);
  set_conv_algorithm(before);
  randomise_parameters(layer, seed);
  return layer_results(layer, c.input, seed);
}

// A sum of n terms in two orders: each rounding is 2^-24 of a partial sum, which for random terms grows like the result
// itself, so the difference is near sqrt(n) 2^-24 of the root mean square: 3e-6 for the longest sums here, of 2,500 terms.
constexpr double kTolerance = 2e-5;

template <class Made>
void compare(const Case& c, BinaryRecipe recipe, std::uint64_t seed) {
  const auto direct = results_by<Made>(ConvAlgorithm::direct, c, recipe, seed);
  const auto definition = results_by<Made>(ConvAlgorithm::im2col, c, recipe, seed);
  ASSERT_EQ(direct.size(), definition.size());
  for (std::size_t array = 0; array < direct.size(); ++array) {
    const std::vector<double> expected = to_double(definition[array]);
    expect_near_all(to_double(direct[array]), expected, kTolerance, concat(name(recipe), " ", c.input, ", array ", array));
  }
}

class ConvProductsOnEachPath : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, ConvProductsOnEachPath, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(ConvProductsOnEachPath, DirectKernelsAgreeWithTheDefinition) {
  std::uint64_t seed = 300;
  for (const Case& c : kCases)
    for (const BinaryRecipe recipe : {BinaryRecipe::none, BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
      compare<Conv2d>(c, recipe, seed++);
      compare<Deconv2d>(c, recipe, seed++);
    }
}

// Maps that Winograd's algorithm takes, of both layers' sides.
const Case kWinogradDeconvs[] = {{{16, 4, 4, 64}, 32, 5, 2}, {{24, 8, 4, 32}, 48, 5, 2}};
const Case kWinogradConvs[] = {{{16, 8, 8, 32}, 64, 5, 2}, {{24, 16, 8, 48}, 32, 5, 2}};

class WinogradProducts : public OnEachPath {
 protected:
  void SetUp() override {
    OnEachPath::SetUp();
    if (!IsSkipped() && GetParam() == Isa::ref) GTEST_SKIP() << "the definition has no such algorithm";
  }
};
INSTANTIATE_TEST_SUITE_P(Paths, WinogradProducts, testing::ValuesIn(kIsas), isa_of_test);

// Forward, dx and gradients; core/conv/winograd_test.cpp has the bound, this the right products in the right place: any other would miss by
// the size of a value.
template <class Made>
void compare_winograd(const Case& c, BinaryRecipe recipe, std::uint64_t seed) {
  const auto winograd = results_by<Made>(ConvAlgorithm::winograd, c, recipe, seed);
  const auto direct = results_by<Made>(ConvAlgorithm::direct, c, recipe, seed);
  const auto definition = results_by<Made>(ConvAlgorithm::im2col, c, recipe, seed);
  for (std::size_t array = 0; array < definition.size(); ++array)
    expect_near_all(to_double(winograd[array]), to_double(definition[array]), 1e-4, concat(name(recipe), " ", c.input, ", array ", array));
  EXPECT_NE(winograd, direct) << c.input << ": nothing was computed by it";
}

TEST_P(WinogradProducts, AgreeWithTheDefinition) {
  std::uint64_t seed = 500;
  for (const BinaryRecipe recipe : {BinaryRecipe::none, BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
    for (const Case& c : kWinogradDeconvs) compare_winograd<Deconv2d>(c, recipe, seed++);
    for (const Case& c : kWinogradConvs) compare_winograd<Conv2d>(c, recipe, seed++);
  }
}

TEST_P(WinogradProducts, MapsThatItCannotTakeAreDirects) {
  std::uint64_t seed = 600;
  for (const Case& c : kCases) {
    if (c.kernel == 5 && c.input.height == 4 && c.c_out == 48) continue;  // it takes this one as a deconvolution
    EXPECT_EQ(results_by<Deconv2d>(ConvAlgorithm::winograd, c, BinaryRecipe::none, seed),
              results_by<Deconv2d>(ConvAlgorithm::direct, c, BinaryRecipe::none, seed)) << c.input;
    EXPECT_EQ(results_by<Conv2d>(ConvAlgorithm::winograd, c, BinaryRecipe::none, seed),
              results_by<Conv2d>(ConvAlgorithm::direct, c, BinaryRecipe::none, seed)) << c.input;
    ++seed;
  }
}

TEST_P(WinogradProducts, AutoIsATableOfShapes) {
  const auto of = [](ConvAlgorithm algorithm, const Case& c) { return results_by<Deconv2d>(algorithm, c, BinaryRecipe::none, 700); };
  const Case wide{{16, 8, 8, 128}, 64, 5, 2};
  const Case few{{8, 8, 8, 128}, 64, 5, 2};
  const Case narrow{{16, 8, 8, 32}, 16, 5, 2};
  EXPECT_EQ(of(ConvAlgorithm::automatic, wide), of(ConvAlgorithm::winograd, wide));
  EXPECT_EQ(of(ConvAlgorithm::automatic, few), of(ConvAlgorithm::direct, few));
  EXPECT_EQ(of(ConvAlgorithm::automatic, narrow), of(ConvAlgorithm::direct, narrow));
  EXPECT_NE(of(ConvAlgorithm::winograd, narrow), of(ConvAlgorithm::direct, narrow));
}

// One layer, several maps: each packing follows the weights from the first map that needs it.
TEST_P(WinogradProducts, EachMapOfALayerFollowsItsWeights) {
  const ConvAlgorithm before = conv_algorithm();
  set_conv_algorithm(ConvAlgorithm::winograd);
  Deconv2d layer("layer", 32, 16, 5, 2, BinaryRecipe::none);
  const LaneShape taken{8, 4, 4, 32};
  const LaneShape other{8, 3, 4, 32};
  for (std::uint64_t seed = 800; seed < 803; ++seed) {
    randomise_parameters(layer, seed);
    Deconv2d fresh("layer", 32, 16, 5, 2, BinaryRecipe::none);
    randomise_parameters(fresh, seed);
    for (const LaneShape& shape : {taken, other}) EXPECT_EQ(layer_results(layer, shape, seed), layer_results(fresh, shape, seed)) << shape;
  }
  set_conv_algorithm(before);
}

TEST(ConvProducts, ExpandedWeightsAreKeptOnlyWhereTheyAreMultiplied) {
  const ConvAlgorithm before = conv_algorithm();
  set_conv_algorithm(ConvAlgorithm::direct);
  EXPECT_TRUE(Conv2d("wide", 64, 64, 5, 2, BinaryRecipe::pbgen).weight().expanded().empty());
  EXPECT_FALSE(Conv2d("image", 3, 64, 5, 2, BinaryRecipe::pbgen).weight().expanded().empty());
  set_conv_algorithm(ConvAlgorithm::im2col);
  EXPECT_FALSE(Conv2d("wide", 64, 64, 5, 2, BinaryRecipe::pbgen).weight().expanded().empty());
  set_conv_algorithm(before);
}

TEST(ConvProducts, ALayerKeepsTheAlgorithmItWasMadeWith) {
  const ConvAlgorithm before = conv_algorithm();
  set_conv_algorithm(ConvAlgorithm::direct);
  Conv2d layer("wide", 64, 64, 5, 2, BinaryRecipe::pbgen);
  set_conv_algorithm(ConvAlgorithm::im2col);
  randomise_parameters(layer, 400);
  LayerPass pass(layer, {8, 4, 4, 64}, 400);
  pass.forward(layer);
  for (const float value : span_of(pass.y)) ASSERT_TRUE(std::isfinite(value));
  set_conv_algorithm(before);
}

}  // namespace
}  // namespace pbgen
