// The activations against their definitions, in and out of place.
#include "layers/activations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Case {
  const char* name;
  std::shared_ptr<Layer> layer;
  std::function<double(double)> definition;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"ReLU", std::make_shared<ReLU>(), [](double v) { return v > 0.0 ? v : 0.0; }},
      {"LeakyReLU", std::make_shared<LeakyReLU>(), [](double v) { return v > 0.0 ? v : static_cast<double>(0.2f) * v; }},
      {"Tanh", std::make_shared<Tanh>(), [](double v) { return std::tanh(v); }},
  };
  return all;
}

// Each test runs on each path that this machine has.
class Activations : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, Activations, testing::ValuesIn(kIsas), isa_of_test);

// Large enough for several threads.
constexpr LaneShape kShape{16, 16, 24, 7};

Tensor random_tensor(std::uint32_t which, double sd) {
  Tensor tensor(kShape);
  const CounterRng rng(11, Stream::test, which);
  for (std::int64_t i = 0; i < tensor.floats(); ++i) tensor.data()[i] = static_cast<float>(sd * rng.normal(static_cast<std::uint64_t>(i)));
  return tensor;
}

Tensor nan_tensor() {
  Tensor tensor(kShape);
  std::fill_n(tensor.data(), tensor.floats(), kNaN);
  return tensor;
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  return std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.floats()) * sizeof(float)) == 0;
}

TEST_P(Activations, ForwardFollowsTheDefinition) {
  for (const Case& c : cases()) {
    const Tensor x = random_tensor(1, 2.0);
    Tensor y = nan_tensor();
    Workspace workspace(0);
    c.layer->forward(x.view(), y.view(), {}, workspace, Mode::train);
    for (std::int64_t i = 0; i < x.floats(); ++i) {
      const double expected = c.definition(x.data()[i]);
      ASSERT_NEAR(y.data()[i], expected, 3e-7 * std::fabs(expected)) << c.name << " of " << x.data()[i];
    }
  }
}

TEST_P(Activations, GradientsAgreeWithCentralDifferences) {
  for (const Case& c : cases()) {
    Tensor x = random_tensor(2, 1.5);
    for (std::int64_t i = 0; i < x.floats(); ++i)
      if (std::fabs(x.data()[i]) < 1e-3f) x.data()[i] = 0.5f;  // away from the kink
    const Tensor dy = random_tensor(3, 1.0);
    Tensor y = nan_tensor();
    Tensor dx = nan_tensor();
    Workspace workspace(0);
    c.layer->forward(x.view(), y.view(), {}, workspace, Mode::train);
    c.layer->backward(x.view(), y.view(), dy.view(), dx.view(), {}, {true, true}, workspace);
    for (std::int64_t i = 0; i < x.floats(); ++i) {
      const double step = 1e-5;
      const double slope = (c.definition(x.data()[i] + step) - c.definition(x.data()[i] - step)) / (2.0 * step);
      ASSERT_NEAR(dx.data()[i], dy.data()[i] * slope, 1e-4 * std::fabs(dy.data()[i])) << c.name << " at " << x.data()[i];
    }
  }
}

TEST_P(Activations, InPlaceEqualsOutOfPlaceForAnyThreadCount) {
  const EagerScope eager;
  for (const Case& c : cases()) {
    ASSERT_TRUE(c.layer->in_place());
    const Tensor x = random_tensor(4, 2.0);
    const Tensor dy = random_tensor(5, 1.0);
    Tensor y = nan_tensor();
    Tensor dx = nan_tensor();
    Tensor in_place = random_tensor(4, 2.0);
    Tensor gradient_in_place = random_tensor(5, 1.0);
    Workspace workspace(0);
    set_thread_count(1);
    c.layer->forward(x.view(), y.view(), {}, workspace, Mode::train);
    c.layer->backward(x.view(), y.view(), dy.view(), dx.view(), {}, {true, true}, workspace);
    set_thread_count(3);
    c.layer->forward(in_place.view(), in_place.view(), {}, workspace, Mode::train);
    // What was x is gone: backward may only look at y.
    c.layer->backward({}, in_place.view(), gradient_in_place.view(), gradient_in_place.view(), {}, {true, true}, workspace);
    EXPECT_TRUE(same_bytes(y, in_place)) << c.name;
    EXPECT_TRUE(same_bytes(dx, gradient_in_place)) << c.name;
  }
}

TEST_P(Activations, TanhHasTheReferencesBits) {
  // All the way through the bits of a float, NaN included: some eighty values with each exponent and sign.
  Tensor x(kShape);
  const std::uint32_t step = static_cast<std::uint32_t>((std::uint64_t{1} << 32) / static_cast<std::uint64_t>(x.floats()));
  for (std::int64_t i = 0; i < x.floats(); ++i) x.data()[i] = std::bit_cast<float>(static_cast<std::uint32_t>(i) * step);
  const float special[] = {0.0f, -0.0f, 0.625f, -0.625f, std::nextafter(0.625f, 1.0f), 43.5f, -43.5f, 1e-40f};
  std::copy(std::begin(special), std::end(special), x.data() + 1);
  Tensor y = nan_tensor();
  Workspace workspace(0);
  Tanh().forward(x.view(), y.view(), {}, workspace, Mode::train);
  set_isa(Isa::ref);
  Tensor reference = nan_tensor();
  Tanh().forward(x.view(), reference.view(), {}, workspace, Mode::train);
  for (std::int64_t i = 0; i < x.floats(); ++i) {
    if (std::isnan(x.data()[i])) ASSERT_TRUE(std::isnan(y.data()[i]) && std::isnan(reference.data()[i]));
    else ASSERT_EQ(std::bit_cast<std::uint32_t>(y.data()[i]), std::bit_cast<std::uint32_t>(reference.data()[i])) << x.data()[i];
  }
}

TEST_P(Activations, NaNStaysNaNSoThatDivergenceIsSeen) {
  for (const Case& c : cases()) {
    const Tensor x = nan_tensor();
    Tensor y(kShape);
    Workspace workspace(0);
    c.layer->forward(x.view(), y.view(), {}, workspace, Mode::train);
    for (std::int64_t i = 0; i < y.floats(); ++i) ASSERT_TRUE(std::isnan(y.data()[i])) << c.name;
  }
}

TEST_P(Activations, SlopeAtZeroIsTheLeftOne) {
  Tensor y(kShape);
  const Tensor dy = random_tensor(6, 1.0);
  Tensor dx = nan_tensor();
  Workspace workspace(0);
  ReLU().backward({}, y.view(), dy.view(), dx.view(), {}, {true, true}, workspace);
  EXPECT_EQ(dx.data()[0], 0.0f);
  LeakyReLU().backward({}, y.view(), dy.view(), dx.view(), {}, {true, true}, workspace);
  EXPECT_EQ(dx.data()[0], 0.2f * dy.data()[0]);
}

TEST_P(Activations, SaturatedTanhKeepsItsGradient) {
  Tensor x(kShape);
  std::fill_n(x.data(), x.floats(), 6.0f);
  Tensor y = nan_tensor();
  Tensor dx = nan_tensor();
  Tensor dy(kShape);
  std::fill_n(dy.data(), dy.floats(), 1.0f);
  Workspace workspace(0);
  Tanh layer;
  layer.forward(x.view(), y.view(), {}, workspace, Mode::train);
  layer.backward({}, y.view(), dy.view(), dx.view(), {}, {true, true}, workspace);
  // y is within half an ulp or so of tanh(6), 1 - 1.2e-5: its own rounding of 2^-24 is all that is lost, doubled.
  EXPECT_NEAR(dx.data()[0], 1.0 - std::tanh(6.0) * std::tanh(6.0), 8.0 * 0x1p-24);
}

TEST_P(Activations, WithoutWantInputNothingIsWritten) {
  for (const Case& c : cases()) {
    const Tensor y = random_tensor(7, 0.5);
    Workspace workspace(0);
    c.layer->backward({}, y.view(), y.view(), {}, {}, {false, true}, workspace);
  }
}

TEST(LeakyReLU, ASlopeThatHidesTheSignIsRefused) {
  EXPECT_THROW(LeakyReLU(0.0f), std::logic_error);
  EXPECT_THROW(LeakyReLU(1.0f), std::logic_error);
}

// Both directions of each, for all kinds of floats but those below the least normal one, which the engine's threads take for 0; one
// vector of eight is left of the pairs that wider leaves take.
TEST(ActivationPaths, AllGiveTheSameBitsInPlaceToo) {
  const LaneShape shape{8, 5, 33, 41};
  Tensor x(shape);
  Tensor dy(shape);
  const std::uint32_t step = static_cast<std::uint32_t>((std::uint64_t{1} << 32) / static_cast<std::uint64_t>(x.floats()));
  for (std::int64_t i = 0; i < x.floats(); ++i) {
    const auto normal = [](std::uint32_t bits) { return std::bit_cast<float>((bits & 0x7f800000u) == 0 ? bits & 0x80000000u : bits); };
    x.data()[i] = normal(static_cast<std::uint32_t>(i) * step);
    dy.data()[i] = normal(static_cast<std::uint32_t>(x.floats() - i) * step);
  }
  const float special[] = {0.0f, -0.0f, kNaN, 1e-30f, -1e-30f, std::numeric_limits<float>::infinity()};
  std::copy(std::begin(special), std::end(special), x.data() + 1);
  std::copy(std::begin(special), std::end(special), x.data() + x.floats() - 6);
  std::copy(std::begin(special), std::end(special), dy.data() + 100);
  const auto bits_of = [](const Tensor& tensor) {
    std::vector<std::uint32_t> bits;
    for (std::int64_t i = 0; i < tensor.floats(); ++i)
      bits.push_back(std::isnan(tensor.data()[i]) ? 0x7fc00000u : std::bit_cast<std::uint32_t>(tensor.data()[i]));
    return bits;
  };
  const Isa before = isa();
  Workspace workspace(0);
  for (const Case& c : cases()) {
    std::vector<std::vector<std::uint32_t>> expected;
    for (const Isa path : machine_paths()) {
      set_isa(path);
      Tensor y(shape);
      Tensor dx(shape);
      c.layer->forward(x.view(), y.view(), {}, workspace, Mode::train);
      c.layer->backward(x.view(), x.view(), dy.view(), dx.view(), {}, {true, true}, workspace);
      Tensor in_place(shape);
      std::copy_n(x.data(), x.floats(), in_place.data());
      c.layer->forward(in_place.view(), in_place.view(), {}, workspace, Mode::train);
      Tensor gradient(shape);
      std::copy_n(dy.data(), dy.floats(), gradient.data());
      c.layer->backward(x.view(), x.view(), gradient.view(), gradient.view(), {}, {true, true}, workspace);
      if (path == Isa::ref) expected = {bits_of(y), bits_of(dx)};
      const std::vector<std::vector<std::uint32_t>> results{bits_of(y), bits_of(dx)};
      EXPECT_TRUE(results == expected) << c.name << ", " << name(path);
      const std::vector<std::vector<std::uint32_t>> results_in_place{bits_of(in_place), bits_of(gradient)};
      EXPECT_TRUE(results_in_place == expected) << c.name << " in place, " << name(path);
    }
  }
  set_isa(before);
}

}  // namespace
}  // namespace pbgen
