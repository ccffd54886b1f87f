// Many images of one size as one picture: previews and samples.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/image.h"
#include "data/image_set.h"

namespace pbgen {

inline constexpr int kGridGap = 2;  // white pixels around and between

// The images, each [size][size][channels], row by row with `columns` in a row; unused cells stay white.  No image, a wrong
// size, or a picture beyond the bounds of image.h is std::logic_error.
Image image_grid(std::span<const std::span<const std::uint8_t>> images, int size, int channels, int columns);

// The first `count` images of the set (all where it has fewer).
Image image_grid(const ImageSet& images, std::int64_t count, int columns);

}  // namespace pbgen
