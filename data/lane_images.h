// Between bytes and what the networks see: uint8 [h][w][c] and floats in the lane layout of core/tensor/shape.h.
#pragma once

#include <cstdint>
#include <span>

#include "core/tensor/tensor.h"

namespace pbgen {

// x / 127.5 - 1: 0..255 to [-1, 1].
inline float float_of_byte(std::uint8_t x) { return static_cast<float>(x) / 127.5f - 1.0f; }

// round(127.5 x + 127.5), saturated; NaN becomes 0.  Undoes float_of_byte exactly.
inline std::uint8_t byte_of_float(float x) {
  const float scaled = 127.5f * x + 127.5f;
  if (!(scaled > 0.0f)) return 0;
  return scaled >= 255.0f ? 255 : static_cast<std::uint8_t>(scaled + 0.5f);
}

// Writes one image, pixels [height][width][channels], as number `image` of the batch; the others stay.  mirrored: left
// and right exchanged.  Wrong sizes are std::logic_error.
void image_to_lanes(std::span<const std::uint8_t> pixels, bool mirrored, std::int64_t image, TensorView batch);

// Image number `image` of the batch as bytes [height][width][channels].  Wrong sizes are std::logic_error.
void lanes_to_image(ConstTensorView batch, std::int64_t image, std::span<std::uint8_t> pixels);

}  // namespace pbgen
