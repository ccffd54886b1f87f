// Between activations.cpp and its leaves.  Not for anybody else.
//
// The _ref functions are the definitions, baseline code; the others give the same bits: they fuse no multiplication with an addition.
#pragma once

#include <cstdint>

namespace pbgen::activations_leaf {

inline constexpr std::int64_t kWidth = 8;  // lanes

// All take so many vectors of kWidth floats.
// y := tanh(x), by core/base/math.h's tanh_of; y may be x.
using TanhForward = void(const float* x, float* y, std::int64_t vectors);
// dx := dy * ((1 - y) * (1 + y)); dx may be dy.
using TanhBackward = void(const float* y, const float* dy, float* dx, std::int64_t vectors);
// y := x where x >= 0 or is NaN, else slope * x, which for slope 0 is +0; y may be x.  slope in [0, 1).
using Rectify = void(const float* x, float* y, std::int64_t vectors, float slope);
// dx := dy where y > 0, else slope * dy, which for slope 0 is +0; dx may be dy.
using RectifyBackward = void(const float* y, const float* dy, float* dx, std::int64_t vectors, float slope);

struct Leaves {
  TanhForward* tanh;
  TanhBackward* tanh_backward;
  Rectify* rectify;
  RectifyBackward* rectify_backward;
};

TanhForward tanh_ref;
TanhBackward tanh_backward_ref;
Rectify rectify_ref;
RectifyBackward rectify_backward_ref;
// x86-64 alone.
TanhForward tanh_avx2, tanh_avx512;
TanhBackward tanh_backward_avx512;
Rectify rectify_avx512;
RectifyBackward rectify_backward_avx512;

}  // namespace pbgen::activations_leaf
