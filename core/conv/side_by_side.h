// Slices side by side: the copies that kernels read where a vector, or several, holds the same channel of more than one slice.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/tensor/shape.h"

namespace pbgen {

// to[v][slice][8] := from[slice*slice_step + v*8 ..] for v < vectors.  No overlap.
template <int slices>
inline void copy_side_by_side(std::int64_t vectors, const float* from, std::int64_t slice_step, float* to) {
  for (std::int64_t v = 0; v < vectors; ++v)
    for (std::int64_t s = 0; s < slices; ++s)
      std::memcpy(to + (v * slices + s) * kLanes, from + s * slice_step + v * kLanes, kLanes * sizeof(float));
}

inline void copy_side_by_side(std::int64_t slices, std::int64_t vectors, const float* from, std::int64_t slice_step, float* to) {
  switch (slices) {
    case 1: std::memcpy(to, from, static_cast<std::size_t>(vectors) * kLanes * sizeof(float)); break;
    case 2: copy_side_by_side<2>(vectors, from, slice_step, to); break;
    default: copy_side_by_side<4>(vectors, from, slice_step, to); break;
  }
}

}  // namespace pbgen
