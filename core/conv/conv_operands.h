// What the products of a convolution take beside activations and geometry.
#pragma once

#include <cstdint>

namespace pbgen {

struct ConvWeightShape {
  std::int64_t c_small = 0;  // a convolution's c_out, a deconvolution's c_in
  std::int64_t c_big = 0;
  std::int64_t kernel = 5;

  constexpr std::int64_t taps() const { return kernel * kernel; }
  constexpr std::int64_t weights() const { return c_small * c_big * taps(); }
  constexpr bool operator==(const ConvWeightShape&) const = default;
};

// Scales and bias: floats a channel of their side (in_scale: the input's), or null for 1 and 0.
struct ConvScales {
  const float* in_scale = nullptr;
  const float* out_scale = nullptr;
  const float* bias = nullptr;
};

}  // namespace pbgen
