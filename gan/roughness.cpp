#include "gan/roughness.h"

#include "core/base/check.h"
#include "core/base/parallel.h"

namespace pbgen {
namespace {

float sign(float d) { return static_cast<float>((d > 0.0f) - (d < 0.0f)); }

// sums[i] += factor * the signs of the second differences at from[i], whose neighbours stand `step` before and behind.
void add_signs(std::int64_t floats, const float* from, std::int64_t step, float factor, float* sums) {
  for (std::int64_t i = 0; i < floats; ++i) sums[i] += factor * sign(from[i - step] - 2.0f * from[i] + from[i + step]);
}

// Adds, for one vector of values of a pixel, the derivatives of all terms along one axis that it is part of: at its own place, where it is
// taken twice, and at its neighbours'.  at: the pixel's place along the axis, of `extent`.
void add_axis(std::int64_t floats, const float* pixel, std::int64_t step, std::int64_t at, std::int64_t extent, float weight, float* sums) {
  if (at > 0 && at + 1 < extent) add_signs(floats, pixel, step, -2.0f * weight, sums);
  if (at > 1) add_signs(floats, pixel - step, step, weight, sums);
  if (at + 2 < extent) add_signs(floats, pixel + step, step, weight, sums);
}

}  // namespace

void add_roughness_gradient(double weight, ConstTensorView images, TensorView gradient) {
  check_equal(gradient.shape, images.shape, "gradient of the images");
  const LaneShape& shape = images.shape;
  const float factor = static_cast<float>(weight / static_cast<double>(shape.floats()));
  const std::int64_t pixel_floats = shape.channels * kLanes;
  const std::int64_t row_floats = shape.width * pixel_floats;
  const auto rows = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row)
      for (std::int64_t x = 0; x < shape.width; ++x) {
        const std::int64_t at = row * row_floats + x * pixel_floats;
        add_axis(pixel_floats, images.data + at, pixel_floats, x, shape.width, factor, gradient.data + at);
        add_axis(pixel_floats, images.data + at, row_floats, row % shape.height, shape.height, factor, gradient.data + at);
      }
  };
  parallel_for(shape.slices() * shape.height, rows, min_piece_of(6 * row_floats));
}

}  // namespace pbgen
