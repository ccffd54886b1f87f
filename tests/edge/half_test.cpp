// Half precision: all halves, and every place where rounding turns from one to the next.
#include "core/freestanding/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace pbgen {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int kInfinityBits = 0x7c00;

// The value by the format's definition.
double defined_value(int bits) {
  const int exponent = bits >> 10 & 0x1f;
  const int fraction = bits & 0x3ff;
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

Half half(int bits) { return {static_cast<std::uint16_t>(bits)}; }

TEST(Half, EveryHalfIsTheFloatOfItsDefinitionAndComesBack) {
  for (int bits = 0; bits < 1 << 16; ++bits) {
    const float value = float_of_half(half(bits));
    const int magnitude = bits & 0x7fff;
    if (magnitude > kInfinityBits) {
      ASSERT_TRUE(std::isnan(value)) << bits;
      ASSERT_GT(half_of_float(value).bits & 0x7fff, kInfinityBits) << bits;
      ASSERT_EQ(half_of_float(value).bits & 0x8000, bits & 0x8000) << bits;
      continue;
    }
    if (magnitude == kInfinityBits) ASSERT_EQ(value, (bits & 0x8000) != 0 ? -kInfinity : kInfinity);
    else ASSERT_EQ(static_cast<double>(value), defined_value(bits)) << bits;
    ASSERT_EQ(std::signbit(value), (bits & 0x8000) != 0) << bits;
    ASSERT_EQ(half_of_float(value), half(bits)) << bits;
  }
}

TEST(Half, BetweenNeighboursTheNearerIsTakenAndInTheMiddleTheEven) {
  // Above the largest finite half the next step would be 65536: from the middle on it is infinity, whose bits are even.
  for (int sign = 0; sign < 2; ++sign)
    for (int low = 0; low < kInfinityBits; ++low) {
      const int bits = sign << 15 | low;
      const double next = low + 1 == kInfinityBits ? 65536.0 : std::fabs(defined_value(low + 1));
      const auto middle = static_cast<float>((defined_value(low) + next) / 2);  // exact: one bit more than a half has
      const float side = sign != 0 ? -1.0f : 1.0f;
      ASSERT_EQ(half_of_float(side * std::nextafter(middle, 0.0f)), half(bits)) << bits;
      ASSERT_EQ(half_of_float(side * middle), half(bits + (low & 1))) << bits;
      ASSERT_EQ(half_of_float(side * std::nextafter(middle, kInfinity)), half(bits + 1)) << bits;
    }
}

TEST(Half, WhatIsFarTooLargeOrTooSmallIsInfinityOrZero) {
  EXPECT_EQ(half_of_float(std::numeric_limits<float>::max()), half(0x7c00));
  EXPECT_EQ(half_of_float(-1e6f), half(0xfc00));
  EXPECT_EQ(half_of_float(std::numeric_limits<float>::denorm_min()), half(0));
  EXPECT_EQ(half_of_float(-std::numeric_limits<float>::min()), half(0x8000));
}

}  // namespace
}  // namespace pbgen
