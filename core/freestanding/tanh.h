// tanh, of which every path of ours computes the same formula (Moshier, Cephes, float).
//
// e^x for x in [kExpLowest, kExpHighest], clamped there: n = x / ln 2, rounded by adding and subtracting kRoundingMagic; r = x - n ln 2,
// ln 2 in two parts of which the first is exact in products with n; e^x = 2^n (1 + r + r^2 p(r)).
// tanh x: below kTanhNear x + x^3 q(x^2), else (1 - e^-2|x|) / (1 + e^-2|x|) with the sign of x.
//
// The functions are branch-free, so that loops over them vectorise.  g++ 12 turns `c ? a : b` of floats into a branch,
// lest a comparison or an operation raise a flag that nobody reads; choose() gives it no branch to make.
#pragma once

#include <cstdint>

#include "core/freestanding/bits.h"

namespace pbgen {

namespace tanh_formula {

inline constexpr float kExpLowest = -87.0f;
inline constexpr float kExpHighest = 88.0f;
inline constexpr float kRoundingMagic = 12582912.0f;  // 1.5 * 2^23: rounds to an integer in the default rounding mode
inline constexpr float kLog2E = 1.44269504088896341f;
inline constexpr float kLn2High = 0.693359375f;
inline constexpr float kMinusLn2Low = 2.12194440e-4f;
inline constexpr float kExpFirst = 1.9875691500e-4f;  // p and q: the highest power first
inline constexpr float kExpOthers[] = {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
inline constexpr float kTanhNear = 0.625f;
inline constexpr float kTanhFirst = -5.70498872745e-3f;
inline constexpr float kTanhOthers[] = {2.06390887954e-2f, -5.37397155531e-2f, 1.33314422036e-1f, -3.33332819422e-1f};

}  // namespace tanh_formula

// c ? a : b, in bits.
inline float choose(bool c, float a, float b) {
  const std::int32_t mask = -static_cast<std::int32_t>(c);
  return bits_as<float>((bits_as<std::int32_t>(a) & mask) | (bits_as<std::int32_t>(b) & ~mask));
}

// e^x for x in [-87, 88], clamped there.  Relative error below 2e-7.
inline float exp_of(float x) {
  using namespace tanh_formula;
  x = choose(x < kExpLowest, kExpLowest, x);
  x = choose(x > kExpHighest, kExpHighest, x);
  const float shifted = x * kLog2E + kRoundingMagic;
  const float n = shifted - kRoundingMagic;
  const float r = (x - n * kLn2High) + n * kMinusLn2Low;
  float p = kExpFirst;
  for (const float coefficient : kExpOthers) p = p * r + coefficient;
  p = p * r * r + r + 1.0f;
  // Unsigned: the bits of a NaN may wrap around; what becomes of one is not said.
  const std::uint32_t exponent = bits_as<std::uint32_t>(shifted) - bits_as<std::uint32_t>(kRoundingMagic);
  return bits_as<float>(bits_as<std::uint32_t>(p) + (exponent << 23));
}

// tanh.  Relative error below 3e-7; NaN stays NaN.
inline float tanh_of(float x) {
  using namespace tanh_formula;
  const float magnitude = choose(x < 0.0f, -x, x);
  const float z = x * x;
  float p = kTanhFirst;
  for (const float coefficient : kTanhOthers) p = p * z + coefficient;
  const float near_zero = p * z * x + x;
  const float e = exp_of(-2.0f * magnitude);
  const float far = (1.0f - e) / (1.0f + e);
  return choose(magnitude > kTanhNear, choose(x < 0.0f, -far, far), near_zero);
}

}  // namespace pbgen
