#include "data/image_grid.h"

#include <algorithm>

#include "core/base/check.h"

namespace pbgen {

Image image_grid(std::span<const std::span<const std::uint8_t>> images, int size, int channels, int columns) {
  check(!images.empty(), "a grid needs at least one image");
  check(size >= 1 && channels >= 1 && columns >= 1, "grid of ", columns, " columns of ", size, "x", size, "x", channels,
        ": all must be positive");
  const std::int64_t rows = (static_cast<std::int64_t>(images.size()) + columns - 1) / columns;
  const std::int64_t pitch = size + kGridGap;
  const std::int64_t width = columns * pitch + kGridGap;
  const std::int64_t height = rows * pitch + kGridGap;
  check(width <= kMaxImageSide && height <= kMaxImageSide && width * height <= kMaxImagePixels, "grid of ", width, "x", height,
        " pixels, at most ", kMaxImageSide, " a side and ", kMaxImagePixels, " together");

  Image grid = Image::black(static_cast<int>(width), static_cast<int>(height), channels);
  std::fill(grid.pixels.begin(), grid.pixels.end(), std::uint8_t{255});
  const std::int64_t row_bytes = static_cast<std::int64_t>(size) * channels;
  for (std::size_t i = 0; i < images.size(); ++i) {
    check_equal(static_cast<std::int64_t>(images[i].size()), row_bytes * size, "bytes of a grid's image");
    const auto cell = static_cast<std::int64_t>(i);
    const std::int64_t left = kGridGap + cell % columns * pitch;
    const std::int64_t top = kGridGap + cell / columns * pitch;
    for (int y = 0; y < size; ++y)
      std::copy_n(images[i].data() + y * row_bytes, row_bytes, grid.row(static_cast<int>(top + y)) + left * channels);
  }
  return grid;
}

Image image_grid(const ImageSet& images, std::int64_t count, int columns) {
  std::vector<std::span<const std::uint8_t>> shown;
  for (std::int64_t i = 0; i < std::min(count, images.count()); ++i) shown.push_back(images.image(i));
  return image_grid(shown, images.size(), images.channels(), columns);
}

}  // namespace pbgen
