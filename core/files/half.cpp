#include "core/files/half.h"

#include <bit>

namespace pbgen {
namespace {

constexpr std::uint32_t kFloatInfinity = 0x7f800000;
constexpr std::uint32_t kRoundsToInfinity = 0x477ff000;  // 65520
constexpr std::uint32_t kSmallestNormal = 0x38800000;    // 2^-14
constexpr std::uint32_t kBiasDifference = 127 - 15;

// value / 2^shift, rounded to nearest, halves to even.  shift in [1, 31].
std::uint32_t rounded_shift(std::uint32_t value, std::uint32_t shift) {
  const std::uint32_t quotient = value >> shift;
  const std::uint32_t rest = value & ((std::uint32_t{1} << shift) - 1);
  const std::uint32_t middle = std::uint32_t{1} << (shift - 1);
  return quotient + (rest > middle || (rest == middle && (quotient & 1) != 0) ? 1 : 0);
}

// The 15 bits below the sign.
std::uint32_t half_magnitude(std::uint32_t magnitude) {
  if (magnitude > kFloatInfinity) return 0x7e00 | (magnitude >> 13 & 0x3ff);
  if (magnitude >= kRoundsToInfinity) return 0x7c00;
  // A carry out of the fraction raises the exponent, as it should.
  if (magnitude >= kSmallestNormal) return rounded_shift(magnitude - (kBiasDifference << 23), 13);
  // Subnormal: a multiple of 2^-24.
  const std::uint32_t shift = 126 - (magnitude >> 23);
  if (shift > 24) return 0;
  return rounded_shift((magnitude & 0x7fffff) | 0x800000, shift);
}

}  // namespace

Half half_of_float(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return {static_cast<std::uint16_t>((bits >> 16 & 0x8000) | half_magnitude(bits & 0x7fffffff))};
}

float float_of_half(Half half) {
  const std::uint32_t sign = std::uint32_t{half.bits} >> 15 << 31;
  const std::uint32_t exponent = half.bits >> 10 & 0x1f;
  const std::uint32_t fraction = half.bits & 0x3ff;
  std::uint32_t magnitude = (exponent + kBiasDifference) << 23 | fraction << 13;
  if (exponent == 0x1f) magnitude = kFloatInfinity | fraction << 13;
  if (exponent == 0) magnitude = std::bit_cast<std::uint32_t>(static_cast<float>(fraction) * 0x1p-24f);
  return std::bit_cast<float>(sign | magnitude);
}

}  // namespace pbgen
