// The gradient of roughness against plain loops over its definition, and what it is zero and largest for.
#include "gan/roughness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"

namespace pbgen {
namespace {

Tensor images_of(const LaneShape& shape, const std::function<double(std::int64_t, std::int64_t, std::int64_t, std::int64_t)>& value) {
  Tensor x(shape);
  for (std::int64_t image = 0; image < shape.batch; ++image)
    for (std::int64_t row = 0; row < shape.height; ++row)
      for (std::int64_t column = 0; column < shape.width; ++column)
        for (std::int64_t channel = 0; channel < shape.channels; ++channel)
          x.data()[shape.index(image, row, column, channel)] = static_cast<float>(value(image, row, column, channel));
  return x;
}

Tensor random_images(const LaneShape& shape, std::uint64_t seed) {
  const CounterRng rng(seed, Stream::test);
  Tensor x(shape);
  for (std::int64_t i = 0; i < x.floats(); ++i) x.data()[i] = static_cast<float>(rng.uniform(static_cast<std::uint64_t>(i), -1.0, 1.0));
  return x;
}

// Calls body for each second difference that lies in the images, with the three values' places.
template <class Body>
void for_each_difference(const LaneShape& shape, Body body) {
  for (std::int64_t image = 0; image < shape.batch; ++image)
    for (std::int64_t channel = 0; channel < shape.channels; ++channel)
      for (std::int64_t row = 0; row < shape.height; ++row)
        for (std::int64_t column = 0; column < shape.width; ++column) {
          const auto at = [&](std::int64_t dy, std::int64_t dx) { return shape.index(image, row + dy, column + dx, channel); };
          if (column > 0 && column + 1 < shape.width) body(at(0, -1), at(0, 0), at(0, 1));
          if (row > 0 && row + 1 < shape.height) body(at(-1, 0), at(0, 0), at(1, 0));
        }
}

double roughness(const Tensor& x) {
  double sum = 0.0;
  for_each_difference(x.shape(), [&](std::int64_t before, std::int64_t at, std::int64_t behind) {
    sum += std::fabs(static_cast<double>(x.data()[before]) - 2.0 * x.data()[at] + x.data()[behind]);
  });
  return sum / static_cast<double>(x.floats());
}

Tensor gradient_of(double weight, const Tensor& x) {
  Tensor gradient(x.shape());
  add_roughness_gradient(weight, x.view(), gradient.view());
  return gradient;
}

const LaneShape kShapes[] = {{8, 1, 1, 1}, {8, 2, 2, 3}, {16, 3, 4, 1}, {8, 5, 3, 2}, {24, 8, 7, 3}};

// Whole multiples of weight / N of up to eight units, so that float sums of a weight that is a power of two times N are exact.
TEST(Roughness, GradientIsThatOfItsDefinition) {
  for (const LaneShape& shape : kShapes) {
    const Tensor x = random_images(shape, 3);
    std::vector<double> expected(static_cast<std::size_t>(x.floats()), 0.0);
    for_each_difference(shape, [&](std::int64_t before, std::int64_t at, std::int64_t behind) {
      // In float, as the engine subtracts: random values come nowhere near a difference whose sign rounding decides.
      const double d = static_cast<double>(x.data()[before]) - 2.0 * x.data()[at] + x.data()[behind];
      ASSERT_GT(std::fabs(d), 1e-6);
      const double sign = d > 0.0 ? 1.0 : -1.0;
      expected[static_cast<std::size_t>(before)] += sign;
      expected[static_cast<std::size_t>(at)] -= 2.0 * sign;
      expected[static_cast<std::size_t>(behind)] += sign;
    });
    const Tensor gradient = gradient_of(0.25 * static_cast<double>(x.floats()), x);
    for (std::int64_t i = 0; i < x.floats(); ++i)
      ASSERT_EQ(gradient.data()[i], 0.25 * expected[static_cast<std::size_t>(i)]) << shape << ", " << i;
  }
}

// R is linear where no difference changes its sign.
TEST(Roughness, AStepAgainstTheGradientTakesItsSquareFromTheRoughness) {
  const Tensor x = random_images({8, 9, 6, 3}, 4);
  const Tensor gradient = gradient_of(1.0, x);
  constexpr double kStep = 1e-5;
  Tensor moved = random_images(x.shape(), 4);
  double square = 0.0;
  for (std::int64_t i = 0; i < x.floats(); ++i) {
    const double slope = gradient.data()[i];
    moved.data()[i] -= static_cast<float>(kStep * static_cast<double>(x.floats()) * slope);
    square += slope * slope * static_cast<double>(x.floats());
  }
  EXPECT_NEAR((roughness(x) - roughness(moved)) / kStep / square, 1.0, 0.01);
}

TEST(Roughness, SlopesHaveNoneAndDotsTheMost) {
  const LaneShape shape{8, 6, 6, 2};
  const Tensor slope = images_of(shape, [](auto image, auto row, auto column, auto channel) {
    return 0.125 * static_cast<double>(image + 2 * row - column) + static_cast<double>(channel);
  });
  const Tensor flat = gradient_of(1.0, slope);
  for (std::int64_t i = 0; i < flat.floats(); ++i) ASSERT_EQ(flat.data()[i], 0.0f) << i;

  const Tensor dots = images_of(shape, [](auto, auto row, auto column, auto) { return (row + column) % 2 == 0 ? 0.5 : -0.5; });
  const Tensor pulled = gradient_of(static_cast<double>(dots.floats()), dots);
  const std::int64_t inside = shape.index(3, 2, 3, 1);
  EXPECT_EQ(pulled.data()[inside], dots.data()[inside] > 0.0f ? 8.0f : -8.0f);
}

TEST(Roughness, IsAddedAndIsTheSameForAnyNumberOfThreads) {
  const EagerScope eager;
  const int before = thread_count();
  const Tensor x = random_images({24, 12, 10, 3}, 5);
  std::vector<Tensor> results;
  for (const int threads : {1, 2, 3, 16}) {
    set_thread_count(threads);
    results.push_back(random_images(x.shape(), 6));
    add_roughness_gradient(2.0, x.view(), results.back().view());
    const std::size_t bytes = static_cast<std::size_t>(x.floats()) * sizeof(float);
    EXPECT_EQ(std::memcmp(results.back().data(), results.front().data(), bytes), 0) << threads;
  }
  set_thread_count(before);
  const Tensor alone = gradient_of(2.0, x);
  const Tensor begun = random_images(x.shape(), 6);
  // At most six additions to values below 1.
  for (std::int64_t i = 0; i < x.floats(); ++i) ASSERT_NEAR(results.front().data()[i], begun.data()[i] + alone.data()[i], 6 * 0x1p-24) << i;
  Tensor other({8, 12, 10, 3});
  EXPECT_THROW(add_roughness_gradient(1.0, x.view(), other.view()), std::logic_error);
}

}  // namespace
}  // namespace pbgen
