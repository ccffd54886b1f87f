// One image at a time: the generator of a device, pixels or output channels in the lanes of the vectors.
//
// Self-contained: no allocation, exceptions, threads, globals or libraries.  The caller gives all memory and, where there
// is more than one core, a way to run pieces side by side.
//
//   z -> linear -> deconvolutions (kernel 5, stride 2, TensorFlow's SAME: 1 before, 2 after) -> image
//
// Each layer multiplies by floats or by one-bit weights and ends in
//   y = activation(scale[channel] * sum + shift)
// into which the caller folds the one-bit weights' alpha, the bias and the batch normalisation.
//
// Accuracy: of each layer, |error| <= (n + 8) * 2^-24 * (|scale| * sum |w||x| + |shift|), n the number of terms of a sum; activations are
// floats throughout, one-bit weights lose nothing.  tanh: relative error below 3e-7.
// The same bytes for every number of parts and on every machine of the same path.
#pragma once

#include <cstddef>
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

enum class Path : std::uint8_t { portable, avx2, neon };

// Whether this build has the path and this processor its instructions (avx2: x86-64 with AVX2, FMA and F16C; neon: any aarch64).
bool runs_here(Path path);
// The fastest of those.
Path best_path();

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

// Null, or a sentence that says why the generator cannot run: sizes, missing arrays, layers that do not fit together.
const char* fault_of(const Generator& generator);

// Memory that generate_one wants, for so many parts.
std::uint64_t scratch_bytes(const Generator& generator, int parts);

// z: [z_dim].  image: [c_out][side][side] of the last layer, overwritten; overlaps nothing else.
// scratch: scratch_bytes(generator, parts) bytes of any alignment.  parallel: null, or run null: serially.
// Only for a generator without a fault.
void generate_one(const Generator& generator, const float* z, float* image, void* scratch, const ParallelFor* parallel);

// ---- Packing, from the layouts of the checkpoint.  Each returns what it wrote; sizes are in elements.
// sign(w) is +1 for w >= 0, -1 else.  Signs are taken from floats, or from bits: bit i % 8 of byte i / 8, the least significant
// being bit 0, is weight i: 1 is +1, 0 is -1.

// from: [channels * side * side][z_dim], feature c*side*side + y*side + x.
std::size_t linear_floats_size(int z_dim, int channels, int side);
void pack_linear_floats(const float* from, int z_dim, int channels, int side, float* to);
// One of its tiles, [z_dim][64], also from half precision.
void pack_linear_tile(const float* from, int z_dim, int channels, int side, std::ptrdiff_t tile, float* to);
void pack_linear_tile(const std::uint16_t* from, int z_dim, int channels, int side, std::ptrdiff_t tile, float* to);
std::size_t linear_signs_size(int z_dim, int channels, int side);  // 32-bit words, thirty weights in each
void pack_linear_signs(const float* from, int z_dim, int channels, int side, std::uint32_t* to);
void pack_linear_signs(const std::uint8_t* bits, int z_dim, int channels, int side, std::uint32_t* to);
// from: one shift a feature.
std::size_t linear_shift_size(int channels, int side);
void pack_linear_shift(const float* from, int channels, int side, float* to);

// from: [c_in][c_out][5][5].
// side: of the layer's input, on which the layout depends.
std::size_t deconv_floats_size(int c_in, int c_out, int side);
void pack_deconv_floats(const float* from, int c_in, int c_out, int side, float* to);
std::size_t deconv_signs_size(int c_in, int c_out);  // bytes, up to six weights in each
void pack_deconv_signs(const float* from, int c_in, int c_out, std::uint8_t* to);
void pack_deconv_signs(const std::uint8_t* bits, int c_in, int c_out, std::uint8_t* to);

}  // namespace pbgen::edge
