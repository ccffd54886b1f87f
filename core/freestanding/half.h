// Half precision (IEEE 754 binary16): storage alone, nothing computes in it.
#pragma once

#include <cstdint>

#include "core/freestanding/bits.h"

namespace pbgen {

// 1 bit of sign, 5 of exponent, 10 of fraction.  The largest finite value is 65504.
struct Half {
  std::uint16_t bits = 0;
  bool operator==(const Half& other) const { return bits == other.bits; }
};

// value / 2^shift, rounded to nearest, halves to even.  shift in [1, 31].
constexpr std::uint32_t rounded_shift(std::uint32_t value, std::uint32_t shift) {
  const std::uint32_t quotient = value >> shift;
  const std::uint32_t rest = value & ((std::uint32_t{1} << shift) - 1);
  const std::uint32_t middle = std::uint32_t{1} << (shift - 1);
  return quotient + (rest > middle || (rest == middle && (quotient & 1) != 0) ? 1 : 0);
}

// The nearest half, of two equally near ones the even one; from 65520 on infinity.  A NaN stays one.
inline Half half_of_float(float value) {
  constexpr std::uint32_t kInfinity = 0x7f800000;
  constexpr std::uint32_t kRoundsToInfinity = 0x477ff000;  // 65520
  constexpr std::uint32_t kSmallestNormal = 0x38800000;    // 2^-14
  constexpr std::uint32_t kBiasDifference = 127 - 15;
  const auto bits = bits_as<std::uint32_t>(value);
  const std::uint32_t magnitude = bits & 0x7fffffff;
  const std::uint32_t shift = 126 - (magnitude >> 23);  // of a subnormal one
  std::uint32_t half = 0;
  if (magnitude > kInfinity) {
    half = 0x7e00 | (magnitude >> 13 & 0x3ff);
  } else if (magnitude >= kRoundsToInfinity) {
    half = 0x7c00;
  } else if (magnitude >= kSmallestNormal) {
    half = rounded_shift(magnitude - (kBiasDifference << 23), 13);  // a carry out of the fraction raises the exponent, as it should
  } else if (shift <= 24) {
    half = rounded_shift((magnitude & 0x7fffff) | 0x800000, shift);  // subnormal: a multiple of 2^-24
  }
  return {static_cast<std::uint16_t>((bits >> 16 & 0x8000) | half)};
}

// Exact; a NaN stays one.  Without branches and subnormal floats: compilers make vectors of it, and it does not depend on how the
// processor treats those.
inline float float_of_half(Half half) {
  const std::uint32_t exponent = half.bits >> 10 & 0x1f;
  const bool subnormal = exponent == 0;  // fraction * 2^-24: 2^-14 is added by the exponent, and taken away
  constexpr float kSmallestNormal = 1.0f / (1 << 14);
  const std::uint32_t raised = exponent == 0x1f ? 255 - 31 : subnormal ? 127 - 15 + 1 : 127 - 15;
  const float value = bits_as<float>(((half.bits & 0x7fffu) << 13) + (raised << 23)) - (subnormal ? kSmallestNormal : 0.0f);
  return bits_as<float>(bits_as<std::uint32_t>(value) | (half.bits & 0x8000u) << 16);
}

}  // namespace pbgen
