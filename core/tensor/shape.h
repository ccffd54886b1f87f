// The shape and layout of every activation.
//
// Layout [batch/8][height][width][channels][8]: a slice holds eight images side by side in the lanes of a vector, then
// channels, then pixels.  A kernel tap, a stride, a border become pointer arithmetic and no vector is ever partly filled.
#pragma once

#include <cstdint>
#include <ostream>

namespace pbgen {

inline constexpr std::int64_t kLanes = 8;

struct LaneShape {
  std::int64_t batch = 0;  // images; a multiple of kLanes
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;

  constexpr std::int64_t slices() const { return batch / kLanes; }
  constexpr std::int64_t pixels() const { return height * width; }
  constexpr std::int64_t floats_per_image() const { return pixels() * channels; }
  constexpr std::int64_t floats() const { return batch * floats_per_image(); }
  // Where the eight lanes of one channel of one pixel begin.
  constexpr std::int64_t offset(std::int64_t slice, std::int64_t y, std::int64_t x, std::int64_t channel) const {
    return (((slice * height + y) * width + x) * channels + channel) * kLanes;
  }
  // The number of one image's one value.
  constexpr std::int64_t index(std::int64_t image, std::int64_t y, std::int64_t x, std::int64_t channel) const {
    return offset(image / kLanes, y, x, channel) + image % kLanes;
  }
  constexpr bool operator==(const LaneShape&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const LaneShape& shape) {
  return out << shape.batch << "x" << shape.height << "x" << shape.width << "x" << shape.channels
             << " (images x height x width x channels)";
}

}  // namespace pbgen
