// Between batchnorm2d.cpp and its leaves.  Not for anybody else.
//
// kRef is the definition, baseline code; the others give the same bits, because they add in the same order and fuse no multiplication
// with an addition.
#pragma once

#include <cstdint>

namespace pbgen::batchnorm_leaf {

inline constexpr std::int64_t kWidth = 8;  // lanes

// Part of an activation: rows of `channels` vectors of kWidth floats, rows `stride` floats apart.
struct Block {
  std::int64_t rows;
  std::int64_t channels;
  std::int64_t stride;
};

// v = (x - mean) * scale + shift, an array of `channels` each; then y = v where v > 0, else slope * v.
// slope 1: y = v.  slope 0: y = 0 where v < 0, else v.  Else slope in (0, 1).
struct Map {
  const float* mean;
  const float* scale;
  const float* shift;
  float slope;
};

// sums[c][lane] += x over the rows, first to last.
using AddSums = void(const Block& block, const float* x, float* sums);
// sums[c][lane] += (x - centre[c])^2.
using AddSquares = void(const Block& block, const float* x, const float* centre, float* sums);
// y, laid out as x, is overwritten.
using Apply = void(const Block& block, const Map& map, const float* x, float* y);
// With g = dy where v > 0, else slope * dy:  sums_g[c][lane] += g,  sums_gx[c][lane] += g * (x - mean[c]).
using AddGradientSums = void(const Block& block, const Map& map, const float* x, const float* dy, float* sums_g, float* sums_gx);
// dx := (scale * g - offset) - tilt * (x - mean).  dx may be dy.
using InputGradient = void(const Block& block, const Map& map, const float* tilt, const float* offset, const float* x, const float* dy,
                           float* dx);

struct Leaves {
  AddSums* add_sums;
  AddSquares* add_squares;
  Apply* apply;
  AddGradientSums* add_gradient_sums;
  InputGradient* input_gradient;
};
extern const Leaves kRef;
extern const Leaves kAvx2;    // x86-64 alone
extern const Leaves kAvx512;  // x86-64 alone

}  // namespace pbgen::batchnorm_leaf
