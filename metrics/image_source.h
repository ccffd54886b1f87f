// Where a metric's images come from: anything that can hand out bytes piece by piece, so that no set need be in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace pbgen {

struct ImageSource {
  std::int64_t count = 0;
  int size = 0;  // side in pixels
  int channels = 0;
  // Writes images first .. first + n - 1 as [n][size][size][channels], 0..255, channels interleaved.  Called from one
  // thread at a time; the same images must come again when asked again.  May throw.
  std::function<void(std::int64_t first, std::int64_t n, std::uint8_t* out)> read;

  std::int64_t bytes_per_image() const { return static_cast<std::int64_t>(size) * size * channels; }
};

// The images with these numbers, in this order.  Every number is in [0, source.count), else std::logic_error.
ImageSource subset(const ImageSource& source, std::vector<std::int64_t> numbers);

}  // namespace pbgen
