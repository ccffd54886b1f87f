#include "layers/binary_weight.h"

#include <gtest/gtest.h>

#include "core/base/parallel.h"
#include "tests/support/gradcheck.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

// The three layouts, each with the channel and the group of inputs (out, ky, kx) of every element spelled out.
struct Layout {
  const char* name;
  std::vector<std::int64_t> dims;
  WeightAxes axes;
  std::vector<std::size_t> channel_of;
  std::vector<std::size_t> group_of;
};

std::vector<Layout> layouts() {
  Layout conv{"conv", {4, 3, 5, 5}, {.channel = {4, 75}, .input = {3, 25}}, channels_of_rows(4, 75), {}};
  for (std::size_t o = 0; o < 4; ++o)
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t tap = 0; tap < 25; ++tap) conv.group_of.push_back(o * 25 + tap);
  Layout deconv{"deconv", {6, 3, 5, 5}, {.channel = {3, 25}, .input = {6, 75}}, channels_of_deconv(6, 3, 25), {}};
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t o = 0; o < 3; ++o)
      for (std::size_t tap = 0; tap < 25; ++tap) deconv.group_of.push_back(o * 25 + tap);
  Layout linear{"linear", {5 * 4, 7}, {.channel = {5, 4 * 7}, .input = {7, 1}}, channels_of_rows(5, 28), {}};
  for (std::size_t unit = 0; unit < 20; ++unit) linear.group_of.insert(linear.group_of.end(), 7, unit);
  return {conv, deconv, linear};
}

// Each test runs on each path that this machine has.
class BinaryWeightTest : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, BinaryWeightTest, testing::ValuesIn(kIsas), isa_of_test);

BinaryWeight random_weight(const Layout& layout, BinaryRecipe recipe, std::uint64_t seed) {
  BinaryWeight weight("w", layout.dims, layout.axes, recipe);
  fill_uniform(weight.latent().value.span(), seed, 1, -1.5, 1.5);  // a third of it beyond the clip
  weight.project();
  weight.repack();
  return weight;
}

void add_gradient_of(BinaryWeight& weight, const std::vector<float>& g) {
  Workspace workspace(weight.workspace_floats());
  weight.add_gradient(workspace, [&](float* into, float beta) {
    for (std::size_t i = 0; i < g.size(); ++i) into[i] = (beta == 0.0f ? 0.0f : beta * into[i]) + g[i];
  });
}

TEST_P(BinaryWeightTest, ExpandsToTheMeanMagnitudeTimesTheSign) {
  std::uint64_t seed = 1;
  for (const Layout& layout : layouts())
    for (const BinaryRecipe recipe : {BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
      const BinaryWeight weight = random_weight(layout, recipe, seed++);
      const std::vector<double> w = to_double(weight.latent().value.span());
      expect_near_all(to_double(weight.scale()), naive_scale(w, layout.channel_of), 1e-6, layout.name);
      expect_near_all(to_double(weight.expanded()), naive_binarize(w, layout.channel_of), 1e-6, layout.name);
      EXPECT_EQ(weight.used(), weight.expanded().data());
    }
}

TEST_P(BinaryWeightTest, TakesTheSignOfZeroAsPlusOne) {
  BinaryWeight weight("w", {1, 4}, {.channel = {1, 4}, .input = {4, 1}}, BinaryRecipe::pbgen);
  const float values[] = {0.0f, -0.0f, -1.0f, 3.0f};
  std::copy(std::begin(values), std::end(values), weight.latent().value.begin());
  weight.repack();
  EXPECT_EQ(copy_of(weight.expanded()), (std::vector<float>{1.0f, 1.0f, -1.0f, 1.0f}));
}

TEST_P(BinaryWeightTest, WithoutARecipeIsTheLatentWeightItself) {
  const Layout layout = layouts().front();
  BinaryWeight weight = random_weight(layout, BinaryRecipe::none, 10);
  EXPECT_EQ(weight.used(), weight.latent().value.data());
  EXPECT_TRUE(weight.scale().empty());
  EXPECT_TRUE(weight.expanded().empty());
  EXPECT_EQ(weight.workspace_floats(), 0);
  const std::vector<float> g(static_cast<std::size_t>(weight.latent().value.size()), 0.5f);
  add_gradient_of(weight, g);
  add_gradient_of(weight, g);
  for (const float gradient : weight.latent().gradient) ASSERT_EQ(gradient, 1.0f);
}

TEST_P(BinaryWeightTest, PbgenGradientMatchesItsFormula) {
  std::uint64_t seed = 20;
  for (const Layout& layout : layouts()) {
    BinaryWeight weight = random_weight(layout, BinaryRecipe::pbgen, seed);
    const std::vector<double> w = to_double(weight.latent().value.span());
    std::vector<float> g(w.size());
    fill_uniform(g, seed++, 2);
    add_gradient_of(weight, g);

    const std::vector<double> alpha = naive_scale(w, layout.channel_of);
    const double n = static_cast<double>(w.size()) / static_cast<double>(alpha.size());
    std::vector<double> sums(alpha.size());
    for (std::size_t i = 0; i < w.size(); ++i) sums[layout.channel_of[i]] += static_cast<double>(g[i]) * naive_sign(w[i]);
    std::vector<double> expected(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) {
      const std::size_t c = layout.channel_of[i];
      expected[i] = (std::fabs(w[i]) < 1.0 ? alpha[c] * static_cast<double>(g[i]) : 0.0) + naive_sign(w[i]) / n * sums[c];
    }
    expect_near_all(to_double(weight.latent().gradient.span()), expected, 1e-6, layout.name);
  }
}

TEST_P(BinaryWeightTest, PortDividesByItsOwnCountInTheScaleAndInItsDerivative) {
  std::uint64_t seed = 90;
  for (Layout layout : layouts()) {
    const BinaryWeight plain = random_weight(layout, BinaryRecipe::pbgen, seed);
    BinaryWeight same = random_weight(layout, BinaryRecipe::port, seed);
    EXPECT_EQ(copy_of(same.expanded()), copy_of(plain.expanded())) << layout.name;

    layout.axes.port_divisor = 11;
    BinaryWeight weight = random_weight(layout, BinaryRecipe::port, seed);
    const std::vector<double> w = to_double(weight.latent().value.span());
    std::vector<float> g(w.size());
    fill_uniform(g, seed++, 2);
    add_gradient_of(weight, g);

    std::vector<double> alpha = naive_scale(w, layout.channel_of);
    const double n = static_cast<double>(w.size()) / static_cast<double>(alpha.size());
    for (double& one : alpha) one *= n / 11.0;
    expect_near_all(to_double(weight.scale()), alpha, 1e-6, layout.name);
    std::vector<double> sums(alpha.size());
    for (std::size_t i = 0; i < w.size(); ++i) sums[layout.channel_of[i]] += static_cast<double>(g[i]) * naive_sign(w[i]);
    std::vector<double> expected(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) {
      const std::size_t c = layout.channel_of[i];
      expected[i] = (std::fabs(w[i]) < 1.0 ? alpha[c] * static_cast<double>(g[i]) : 0.0) + naive_sign(w[i]) / 11.0 * sums[c];
    }
    expect_near_all(to_double(weight.latent().gradient.span()), expected, 1e-6, layout.name);
  }
}

TEST(BinaryWeightContract, RecipesAreFoundByTheirNames) {
  for (const BinaryRecipe recipe : {BinaryRecipe::pbgen, BinaryRecipe::port, BinaryRecipe::xnor})
    EXPECT_EQ(recipe_named(name(recipe)), recipe);
  EXPECT_EQ(recipe_named("none"), std::nullopt);
  EXPECT_EQ(recipe_named(""), std::nullopt);
}

TEST_P(BinaryWeightTest, XnorGradientMatchesItsFormula) {
  std::uint64_t seed = 30;
  for (const Layout& layout : layouts()) {
    BinaryWeight weight = random_weight(layout, BinaryRecipe::xnor, seed);
    const std::vector<double> w = to_double(weight.latent().value.span());
    std::vector<float> g(w.size());
    fill_uniform(g, seed++, 2);
    add_gradient_of(weight, g);

    const std::vector<double> alpha = naive_scale(w, layout.channel_of);
    const double n = static_cast<double>(w.size()) / static_cast<double>(alpha.size());
    const double inputs = static_cast<double>(layout.axes.input.extent);
    std::vector<double> expected(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double inside = std::fabs(w[i]) < 1.0 ? alpha[layout.channel_of[i]] : 0.0;
      expected[i] = (1.0 / n + inside) * static_cast<double>(g[i]) * (1.0 - 1.0 / inputs) * n;
    }
    expect_near_all(to_double(weight.latent().gradient.span()), expected, 1e-6, layout.name);
  }
}

TEST_P(BinaryWeightTest, GradientsOfOneStepAddUp) {
  for (const BinaryRecipe recipe : {BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
    const Layout layout = layouts()[1];
    BinaryWeight apart = random_weight(layout, recipe, 40);
    BinaryWeight together = random_weight(layout, recipe, 40);
    std::vector<float> real(static_cast<std::size_t>(apart.latent().value.size()));
    std::vector<float> fake(real.size());
    fill_uniform(real, 40, 2);
    fill_uniform(fake, 40, 3);
    add_gradient_of(apart, real);
    add_gradient_of(apart, fake);
    for (std::size_t i = 0; i < real.size(); ++i) real[i] += fake[i];
    add_gradient_of(together, real);
    expect_near_all(to_double(apart.latent().gradient.span()), to_double(together.latent().gradient.span()), 1e-5, name(recipe));
  }
}

TEST_P(BinaryWeightTest, XnorProjectionCentresOverInputsThenClamps) {
  std::uint64_t seed = 50;
  for (const Layout& layout : layouts()) {
    BinaryWeight weight("w", layout.dims, layout.axes, BinaryRecipe::xnor);
    fill_uniform(weight.latent().value.span(), seed++, 1, -2.0, 3.0);
    std::vector<double> expected = to_double(weight.latent().value.span());
    const double inputs = static_cast<double>(layout.axes.input.extent);
    std::vector<double> sums(expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) sums[layout.group_of[i]] += expected[i];
    for (std::size_t i = 0; i < expected.size(); ++i)
      expected[i] = std::clamp(expected[i] - sums[layout.group_of[i]] / inputs, -1.0, 1.0);
    weight.project();
    expect_near_all(to_double(weight.latent().value.span()), expected, 1e-6, layout.name);
  }
}

TEST_P(BinaryWeightTest, OnlyXnorProjects) {
  for (const BinaryRecipe recipe : {BinaryRecipe::none, BinaryRecipe::pbgen}) {
    BinaryWeight weight("w", {2, 3}, {.channel = {2, 3}, .input = {3, 1}}, recipe);
    fill_uniform(weight.latent().value.span(), 60, 1, 1.0, 3.0);
    const std::vector<float> before = copy_of(weight.latent().value.span());
    weight.project();
    EXPECT_EQ(copy_of(weight.latent().value.span()), before);
  }
}

TEST_P(BinaryWeightTest, ResultsDoNotDependOnTheNumberOfThreads) {
  const EagerScope eager;
  for (const Layout& layout : layouts())
    for (const BinaryRecipe recipe : {BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
      std::vector<float> g(layout.channel_of.size());
      fill_uniform(g, 70, 2);
      std::vector<std::vector<float>> alone;
      for (const int threads : {1, 2, 3}) {
        set_thread_count(threads);
        BinaryWeight weight = random_weight(layout, recipe, 70);
        add_gradient_of(weight, g);
        const std::vector<std::vector<float>> results{copy_of(weight.latent().value.span()), copy_of(weight.expanded()),
                                                      copy_of(weight.latent().gradient.span())};
        if (threads == 1) alone = results;
        EXPECT_EQ(results, alone) << layout.name << ", " << threads << " threads";
      }
    }
}

TEST_P(BinaryWeightTest, GivesTheReferencesBytes) {
  std::vector<Layout> all = layouts();
  // Runs shorter than a vector, of whole chunks, of chunks and a rest.
  for (const std::int64_t length : {1, 7, 32, 77}) {
    Layout layout{"runs", {3, 5, length}, {.channel = {5, length}, .input = {3, 5 * length}}, {}, {}};
    layout.channel_of = channels_of_deconv(3, 5, static_cast<std::size_t>(length));
    all.push_back(layout);
  }
  for (const Layout& layout : all)
    for (const BinaryRecipe recipe : {BinaryRecipe::pbgen, BinaryRecipe::xnor}) {
      std::vector<float> g(layout.channel_of.size());
      fill_uniform(g, 80, 2);
      std::vector<std::vector<float>> expected;
      for (const Isa path : {Isa::ref, GetParam()}) {
        set_isa(path);
        BinaryWeight weight = random_weight(layout, recipe, 80);
        weight.latent().value[0] = -0.0f;
        weight.repack();
        add_gradient_of(weight, g);
        const std::vector<std::vector<float>> results{copy_of(weight.scale()), copy_of(weight.expanded()),
                                                      copy_of(weight.latent().gradient.span())};
        if (expected.empty()) expected = results;
        EXPECT_EQ(results, expected) << layout.name << ", " << layout.dims.back() << ", " << name(recipe);
      }
    }
}

TEST(BinaryWeightContract, RefusesAxesThatDoNotDivideTheArray) {
  EXPECT_THROW(BinaryWeight("w", {4, 3}, {.channel = {5, 3}, .input = {3, 1}}, BinaryRecipe::pbgen), std::logic_error);
  EXPECT_THROW(BinaryWeight("w", {4, 3}, {.channel = {4, 3}, .input = {2, 0}}, BinaryRecipe::pbgen), std::logic_error);
}

}  // namespace
}  // namespace pbgen
