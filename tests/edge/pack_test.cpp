// Weights in the orders of the loops: each stands once, and what is padding is 0.
#include "gan/edge/pack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "gan/edge/generator_leaf.h"

namespace pbgen {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct LinearShape {
  int z_dim;
  int channels;
  int side;
};

struct DeconvShape {
  int c_in;
  int c_out;
  int side;
};

// Maps that fill no vector, vectors that fill no tile, z that fills no block and no word, and one without any padding.
const LinearShape kLinearShapes[] = {{3, 5, 1}, {31, 3, 2}, {33, 3, 4}, {64, 4, 4}, {7, 9, 4}, {5, 1, 8}};

// Channels in the lanes in one block of inputs and in two, pixels in the lanes, and groups of signs in one block and in two; Winograd's
// points are no longer the weights (winograd_test.cpp).
const DeconvShape kDeconvShapes[] = {{5, 24, 4}, {131, 33, 4}, {7, 3, 8}, {67, 9, 16}};

std::vector<float> counted(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 1.0f);
  return values;
}

// 1, 2, 3 and so on, and zeros before them.
void expect_each_once(std::vector<float> packed, std::size_t count) {
  ASSERT_TRUE(std::none_of(packed.begin(), packed.end(), [](float value) { return value != value; }));
  std::sort(packed.begin(), packed.end());
  std::vector<float> expected(packed.size() - count, 0.0f);
  for (const float value : counted(count)) expected.push_back(value);
  EXPECT_EQ(packed, expected);
}

int ones(const auto& words) {
  return std::accumulate(words.begin(), words.end(), 0, [](int sum, auto word) { return sum + std::popcount(word); });
}

TEST(Pack, ALinearLayersPaddingIsZero) {
  for (const auto& [z_dim, channels, side] : kLinearShapes) {
    const auto features = static_cast<std::size_t>(channels) * side * side;
    const std::vector<float> weights = counted(features * z_dim);
    std::vector<float> packed(edge::linear_floats_size(z_dim, channels, side), kNaN);
    edge::pack_linear_floats(weights.data(), z_dim, channels, side, packed.data());
    expect_each_once(packed, weights.size());

    std::vector<float> shift(edge::linear_shift_size(channels, side), kNaN);
    edge::pack_linear_shift(weights.data(), channels, side, shift.data());
    expect_each_once(shift, features);

    std::vector<std::uint32_t> words(edge::linear_signs_size(z_dim, channels, side), ~0u);
    edge::pack_linear_signs(weights.data(), z_dim, channels, side, words.data());
    EXPECT_EQ(ones(words), std::ssize(weights));
  }
}

// One number that no table has is found wherever it stands.
TEST(Pack, RowNumbersAreCheckedOneByOne) {
  for (const auto& [c_in, c_out, side] : kDeconvShapes) {
    const std::vector<float> weights(static_cast<std::size_t>(c_in) * c_out * edge::kTaps, 1.0f);
    std::vector<std::uint8_t> numbers(edge::deconv_signs_size(c_in, c_out));
    edge::pack_deconv_signs(weights.data(), c_in, c_out, numbers.data());
    EXPECT_TRUE(edge::are_row_numbers(numbers.data(), c_in, c_out)) << c_in;
    constexpr int kLast = 4 * (edge::kTableRows - 1);
    for (std::uint8_t& number : numbers) {
      const int largest = number;  // of its group; 0 where it is padding
      for (const int other : {1, 2, 0xff, largest == 0 || largest == kLast ? 3 : largest + 4}) {
        number = static_cast<std::uint8_t>(other);
        ASSERT_FALSE(edge::are_row_numbers(numbers.data(), c_in, c_out)) << c_in << ", " << largest << ", " << other;
      }
      number = static_cast<std::uint8_t>(largest);
    }
  }
}

TEST(Pack, ADeconvolutionsPaddingIsZero) {
  for (const auto& [c_in, c_out, side] : kDeconvShapes) {
    const std::vector<float> weights = counted(static_cast<std::size_t>(c_in) * c_out * edge::kTaps);
    std::vector<float> packed(edge::deconv_floats_size(c_in, c_out, side), kNaN);
    edge::pack_deconv_floats(weights.data(), c_in, c_out, side, packed.data());
    expect_each_once(packed, weights.size());

    std::vector<std::uint8_t> numbers(edge::deconv_signs_size(c_in, c_out), 0xff);
    edge::pack_deconv_signs(weights.data(), c_in, c_out, numbers.data());
    EXPECT_EQ(ones(numbers), std::ssize(weights));
  }
}

}  // namespace
}  // namespace pbgen
