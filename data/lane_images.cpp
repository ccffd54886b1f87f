#include "data/lane_images.h"

#include "core/base/check.h"

namespace pbgen {
namespace {

void check_image(const LaneShape& shape, std::int64_t image, std::size_t bytes) {
  check(image >= 0 && image < shape.batch, "image ", image, " of a batch of ", shape.batch);
  check_equal(static_cast<std::int64_t>(bytes), shape.floats_per_image(), "number of pixel bytes");
}

}  // namespace

void image_to_lanes(std::span<const std::uint8_t> pixels, bool mirrored, std::int64_t image, TensorView batch) {
  const LaneShape& shape = batch.shape;
  check_image(shape, image, pixels.size());
  const std::uint8_t* from = pixels.data();
  for (std::int64_t y = 0; y < shape.height; ++y)
    for (std::int64_t x = 0; x < shape.width; ++x, from += shape.channels) {
      float* const to = batch.data + shape.index(image, y, mirrored ? shape.width - 1 - x : x, 0);
      for (std::int64_t c = 0; c < shape.channels; ++c) to[c * kLanes] = float_of_byte(from[c]);
    }
}

void lanes_to_image(ConstTensorView batch, std::int64_t image, std::span<std::uint8_t> pixels) {
  const LaneShape& shape = batch.shape;
  check_image(shape, image, pixels.size());
  const float* const from = batch.data + shape.index(image, 0, 0, 0);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = byte_of_float(from[i * kLanes]);
}

}  // namespace pbgen
