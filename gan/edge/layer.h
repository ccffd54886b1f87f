// What a generator of a device is made of, and how its caller runs pieces side by side.
#pragma once

#include <cstdint>

#include "gan/edge/generator_leaf.h"

namespace pbgen::edge {

// z -> [channels][side][side].
struct LinearLayer {
  int z_dim = 0;
  int channels = 0;
  int side = 0;
  const float* weights = nullptr;             // pack_linear_floats; or
  const std::uint32_t* sign_words = nullptr;  // pack_linear_signs
  const float* scale = nullptr;               // [channels]
  const float* shift = nullptr;               // pack_linear_shift
  Activation activation = Activation::relu;
  // In place of weights: as exported, [channels * side * side][z_dim], feature c*side*side + y*side + x.  The sums are the same to the bit.
  const float* rows = nullptr;
  const std::uint16_t* half_rows = nullptr;  // the same in half precision (IEEE 754 binary16), finite
};

// [c_in][side][side] -> [c_out][2 side][2 side]: y[2i + k - 1, o] = sum over c_in, i, k of x[i, c_in] * w[c_in, o, k].
struct DeconvLayer {
  int c_in = 0;
  int c_out = 0;
  int side = 0;                               // of the input; a power of two
  const float* weights = nullptr;             // pack_deconv_floats; or
  const std::uint8_t* row_numbers = nullptr;  // pack_deconv_signs
  const float* scale = nullptr;               // [c_out]
  const float* shift = nullptr;               // [c_out]
  Activation activation = Activation::relu;
};

inline constexpr int kMaxDeconvs = 8;

enum class Path : std::uint8_t { portable, avx2, neon, avx512 };

struct Generator {
  LinearLayer linear;
  DeconvLayer deconvs[kMaxDeconvs];
  int deconv_count = 0;
  Path path = Path::portable;
};

// How the caller runs `count` pieces: body(body_context, i) once for each i of [0, count), in any order, on any threads,
// all of them done when run returns.
struct ParallelFor {
  void (*run)(void* context, int count, void (*body)(void* body_context, int index), void* body_context) = nullptr;
  void* context = nullptr;
  int parts = 1;  // pieces that work is cut into: the number of threads
};

}  // namespace pbgen::edge
