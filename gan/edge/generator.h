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
// floats throughout, one-bit weights lose nothing.  Float layers of many channels go by Winograd's algorithm (winograd.h):
// (c_in + 21) * 2^-24 * (|scale| * M + |shift|), M the sum as it is computed with the magnitudes of all values and matrices.
// tanh: relative error below 3e-7.
// The same bytes for every number of parts and on every machine of the same path.
#pragma once

#include <cstdint>

#include "gan/edge/layer.h"

namespace pbgen::edge {

// Whether this build has the path and this processor its instructions (avx2: x86-64 with AVX2, FMA and F16C; avx512: with AVX-512 F,
// BW, DQ and VL, and BMI2 besides, and a first-level cache that holds the tables of pairs of vectors, 44 KB; neon: any aarch64).
bool runs_here(Path path);
// The fastest of those.
Path best_path();

// Null, or a sentence that says why the generator cannot run: sizes, missing arrays, layers that do not fit together.
const char* fault_of(const Generator& generator);

// Memory that generate_one wants, for so many parts.
std::uint64_t scratch_bytes(const Generator& generator, int parts);
// A place in that memory for the image of generate_one, or for the band of generate_bands.
float* image_in_scratch(const Generator& generator, void* scratch, int parts);

// z: [z_dim].  image: [c_out][side][side] of the last layer, overwritten; overlaps nothing else but image_in_scratch of as many parts.
// scratch: scratch_bytes(generator, parts) bytes of any alignment.  parallel: null, or run null: serially.
// Only for a generator without a fault.
void generate_one(const Generator& generator, const float* z, float* image, void* scratch, const ParallelFor* parallel);

// Rows of an image that are finished together.
int band_rows(const Generator& generator);

// take(context, y): the band that begins with row y is finished; false: no more are wanted.
struct BandTaker {
  bool (*take)(void* context, int y);
  void* context;
};

// The image of generate_one, a band at a time, from the uppermost on; false where the taker stopped it.
// band: [c_out][band_rows(generator)][width], overwritten by each; else as generate_one.
bool generate_bands(const Generator& generator, const float* z, float* band, void* scratch, const ParallelFor* parallel,
                    const BandTaker& taker);

}  // namespace pbgen::edge
