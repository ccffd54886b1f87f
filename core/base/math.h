// Our own exp, log and tanh: libm chooses its code by the CPU, and results must be the same bytes on every machine.
//
// The float functions are branch-free, so that loops over them vectorise.  g++ 12 turns `c ? a : b` of floats into a branch,
// lest a comparison or an operation raise a flag that nobody reads; choose() gives it no branch to make.
// Coefficients: Moshier, Cephes (float); Taylor and atanh series (double).
#pragma once

#include <bit>
#include <cstdint>

namespace pbgen {

// e^x.  Relative error below 4e-16; 0 below -745, infinity above 709.78; NaN stays NaN.
double exp_of(double x);
// Natural logarithm of x >= 0.  Relative error below 4e-16 away from 1, absolute near it; -infinity at 0; NaN for
// negative x and NaN.
double log_of(double x);

// c ? a : b, in bits.
inline float choose(bool c, float a, float b) {
  const std::int32_t mask = -static_cast<std::int32_t>(c);
  return std::bit_cast<float>((std::bit_cast<std::int32_t>(a) & mask) | (std::bit_cast<std::int32_t>(b) & ~mask));
}

// e^x for x in [-87, 88], clamped there.  Relative error below 2e-7.
inline float exp_of(float x) {
  x = choose(x < -87.0f, -87.0f, x);
  x = choose(x > 88.0f, 88.0f, x);
  // Adding 1.5 * 2^23 rounds to an integer in the default rounding mode.
  const float shifted = x * 1.44269504088896341f + 12582912.0f;
  const float n = shifted - 12582912.0f;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  // Unsigned: the bits of a NaN may wrap around; what becomes of one is not said.
  const std::uint32_t exponent = std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(12582912.0f);
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(p) + (exponent << 23));
}

// tanh.  Relative error below 3e-7; NaN stays NaN.
inline float tanh_of(float x) {
  const float magnitude = choose(x < 0.0f, -x, x);
  const float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const float near_zero = p * z * x + x;
  const float e = exp_of(-2.0f * magnitude);
  const float far = (1.0f - e) / (1.0f + e);
  return choose(magnitude > 0.625f, choose(x < 0.0f, -far, far), near_zero);
}

}  // namespace pbgen
