// Half precision (IEEE 754 binary16): storage alone, nothing computes in it.
#pragma once

#include <cstdint>

namespace pbgen {

// 1 bit of sign, 5 of exponent, 10 of fraction.  The largest finite value is 65504.
struct Half {
  std::uint16_t bits = 0;
  bool operator==(const Half&) const = default;
};

// The nearest half, of two equally near ones the even one; from 65520 on infinity.  A NaN stays one.
Half half_of_float(float value);
// Exact.
float float_of_half(Half half);

}  // namespace pbgen
