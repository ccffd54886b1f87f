// Between binary_weight.cpp and its leaves.  Not for anybody else.
//
// kRef is the definition, baseline code; the others give the same bits, because they add in the same order and fuse no multiplication
// with an addition.
#pragma once

#include <cstdint>

namespace pbgen::binary_weight_leaf {

inline constexpr std::int64_t kWidth = 8;
// A run is summed in chunks of so many vectors: in float within a chunk, in double over chunks.
inline constexpr std::int64_t kChunk = 4;

// The weights of some neighbouring output channels: channel c has `rows` runs of `length` floats, the r-th of which begins at
// r * stride + c * length.
struct Runs {
  std::int64_t rows;
  std::int64_t stride;
  std::int64_t channels;
  std::int64_t length;
};

// sign(v) is +1 where v >= 0, else -1.  Element i of a run goes to lane i % kWidth.

// sums[c][lane] += |w|.
using AddMagnitudes = void(const Runs& runs, const float* w, double* sums);
// sums[c][lane] += g * sign(w).
using AddSigned = void(const Runs& runs, const float* w, const float* g, double* sums);
// out := scale[c] * sign(w), laid out as w.
using Expand = void(const Runs& runs, const float* w, const float* scale, float* out);

// dw += (inside[c] where |w| < 1, else outside) * g + sign(w) * through[c].
struct Gradient {
  const float* inside;
  const float* through;
  float outside;
};
using AddGradient = void(const Runs& runs, const Gradient& gradient, const float* w, const float* g, float* dw);

struct Leaves {
  AddMagnitudes* add_magnitudes;
  AddSigned* add_signed;
  Expand* expand;
  AddGradient* add_gradient;
};
extern const Leaves kRef;
extern const Leaves kAvx2;  // x86-64 alone

}  // namespace pbgen::binary_weight_leaf
