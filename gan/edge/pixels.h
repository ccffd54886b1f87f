// The formats of pbgen.h's images.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pbgen::edge {

struct PixelLayout {
  int pixel_bytes;    // in one plane
  int planes;
  int element_bytes;  // that addresses and strides are multiples of
};

// Whether there is such a format; channels: the model's, 1 or 3.
bool find_layout(int format, int channels, PixelLayout& layout);

// `count` pixels, from those at `image` on: [channels] values of tanh, channel_stride floats apart.  to: that pixel in the first plane; the
// others follow plane_stride bytes apart.  format: one that find_layout knows.
void write_pixels(const float* image, std::ptrdiff_t channel_stride, int channels, int count, int format, void* to,
                  std::ptrdiff_t plane_stride);

}  // namespace pbgen::edge
