// The algorithms against each other, at channel counts where each of them really runs.
#include "layers/conv_products.h"

#include <gtest/gtest.h>

#include "core/conv/binary_conv.h"
#include "layers/conv2d.h"
#include "layers/deconv2d.h"
#include "tests/support/gradcheck.h"

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

TEST(ConvProducts, DirectKernelsAgreeWithTheDefinition) {
  std::uint64_t seed = 300;
  for (const Case& c : kCases)
    for (const BinaryRecipe recipe : {BinaryRecipe::none, BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
      compare<Conv2d>(c, recipe, seed++);
      compare<Deconv2d>(c, recipe, seed++);
    }
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
