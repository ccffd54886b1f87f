// How a convolution's two sides meet.  The big side is a convolution's input and a deconvolution's output.
//
//   convolution    small[o] = sum_k big[stride*o + k - pad] w[k]        (big is 0 outside)
//   deconvolution  big[stride*i + k - pad] += small[i] w[k]             (its adjoint; what falls outside is dropped)
//
// The padding after the last pixel is whatever the extents leave, so it need not equal the padding before.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/check.h"
#include "core/freestanding/ints.h"

namespace pbgen {

struct ConvGeometry {
  std::int64_t big_height = 0;
  std::int64_t big_width = 0;
  std::int64_t small_height = 0;
  std::int64_t small_width = 0;
  std::int64_t kernel = 5;  // taps along each axis
  std::int64_t stride = 2;
  std::int64_t pad_top = 1;
  std::int64_t pad_left = 1;

  constexpr std::int64_t big_pixels() const { return big_height * big_width; }
  constexpr std::int64_t small_pixels() const { return small_height * small_width; }
  constexpr std::int64_t taps() const { return kernel * kernel; }
  constexpr bool operator==(const ConvGeometry&) const = default;
};

// TensorFlow's SAME: the small side is ceil(big / stride); of an odd total padding the larger half comes after.
// For kernel 5, stride 2 and even extents: 1 before, 2 after.  A deconvolution that doubles h x w passes 2h x 2w.
// std::logic_error unless everything is positive.
inline ConvGeometry same_padding(std::int64_t big_height, std::int64_t big_width, std::int64_t kernel = 5, std::int64_t stride = 2) {
  check(big_height > 0 && big_width > 0 && kernel > 0 && stride > 0, "convolution of ", big_height, "x", big_width, ", kernel ", kernel,
        ", stride ", stride, ": every number must be positive");
  const auto small = [&](std::int64_t big) { return ceil_div(big, stride); };
  const auto before = [&](std::int64_t big) { return std::max<std::int64_t>((small(big) - 1) * stride + kernel - big, 0) / 2; };
  return {.big_height = big_height,
          .big_width = big_width,
          .small_height = small(big_height),
          .small_width = small(big_width),
          .kernel = kernel,
          .stride = stride,
          .pad_top = before(big_height),
          .pad_left = before(big_width)};
}

}  // namespace pbgen
