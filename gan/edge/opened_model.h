// What pbgen_open makes and what draws takes.
#pragma once

#include "gan/edge/generator.h"
#include "gan/edge/pbgen.h"

struct pbgen_model {
  const pbgen_model* place;  // of itself: a copy elsewhere would read and write the arena that it was copied from
  pbgen::edge::Generator generator;
  pbgen::edge::ParallelFor parallel;
  int z_dim;
  int channels;
  int side;      // of the image
  float* z;      // of the seed
  float* image;  // [channels][side][side], in the scratch
  void* row;     // of the widest format
  void* scratch;
};

namespace pbgen::edge {

constexpr std::uint64_t kNumbersOfASeed = std::uint64_t{1} << 43;  // times z_dim, at most 2^12, it is an index below 2^56
constexpr std::uint64_t kMostPixelBytes = 3 * sizeof(float);

}  // namespace pbgen::edge
