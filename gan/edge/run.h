// What the files that run the layers share.
#pragma once

#include "core/freestanding/ints.h"
#include "gan/edge/layer.h"

namespace pbgen::edge {

constexpr int smaller(int a, int b) { return a < b ? a : b; }
constexpr int larger(int a, int b) { return a > b ? a : b; }

inline std::ptrdiff_t pixel_vectors(int side) { return (static_cast<std::ptrdiff_t>(side) * side + kLanes - 1) / kLanes; }
inline std::ptrdiff_t row_vectors(int side) { return larger(side / kLanes, 1); }

// One layer of a generate_one under way.
struct Run {
  const Generator& generator;
  const Leaves& leaves;
  const ParallelFor* parallel;
  int parts;
  const float* z;
  float* part_scratch;
  std::ptrdiff_t part_floats;

  float* scratch_of(int part) const { return part_scratch + part * part_floats; }
};

// The share of [0, count) that a part takes.
struct Share {
  std::ptrdiff_t first;
  std::ptrdiff_t last;
};
inline Share share_of(std::ptrdiff_t count, int part, int parts) { return {count * part / parts, count * (part + 1) / parts}; }

// Calls body(part) for every part.
template <class Body>
void for_each_part(const Run& run, const Body& body) {
  if (run.parallel == nullptr || run.parts == 1) {
    for (int part = 0; part < run.parts; ++part) body(part);
    return;
  }
  run.parallel->run(
      run.parallel->context, run.parts, [](void* context, int part) { (*static_cast<const Body*>(context))(part); },
      const_cast<void*>(static_cast<const void*>(&body)));
}

// A deconvolution between two activations, or to the image where it is the last: then of the input rows [first_row, last_row) alone, whose
// output rows, two for each, y is [c_out][rows][2 side].
struct DeconvRun {
  const Run& run;
  const DeconvLayer& layer;
  const float* x;
  float* y;
  bool to_image;
  int first_row;
  int last_row;

  const float* input_vector(std::ptrdiff_t vector) const { return x + vector * layer.c_in * kLanes; }
};

// Null where this build lacks the path.
const Leaves* leaves_of(Path path);

// Floats of [pixels/8][channels][8], and of the linear layer's whole tiles.
std::ptrdiff_t activation_floats(int channels, int side);

// y: [activation_floats].
std::ptrdiff_t linear_part_floats(const LinearLayer& layer);  // that a part wants
void run_linear(const Run& run, float* y);

std::ptrdiff_t deconv_part_floats(const DeconvLayer& layer, const Leaves& leaves);
void run_deconv(const DeconvRun& deconv);

// Pixels in the lanes: one-bit layers, float layers of FloatDeconv::pixels.
std::ptrdiff_t pixel_deconv_floats(const DeconvLayer& layer, const Leaves& leaves);  // that a part wants
void run_pixel_deconv(const DeconvRun& deconv);
// Input rows of the last layer that can be run alone: side is a multiple of it.
int pixel_band_rows(const DeconvLayer& layer);

// Output channels in the lanes: float layers of FloatDeconv::channels and FloatDeconv::winograd.
std::ptrdiff_t channel_deconv_floats(const DeconvLayer& layer);
void run_channel_deconv(const DeconvRun& deconv);
std::ptrdiff_t winograd_deconv_floats(const DeconvLayer& layer);
void run_winograd_deconv(const DeconvRun& deconv);
// Scales, shifts and activates eight output pixels of channels [first, first + 32), of which sums has all, [pixel][32].
void finish_vector(const DeconvRun& deconv, int first, std::ptrdiff_t vector, const float* sums);

}  // namespace pbgen::edge
