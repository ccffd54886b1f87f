#include "data/image.h"

#include "core/base/check.h"

namespace pbgen {

void check_image_sides(std::int64_t width, std::int64_t height) {
  if (width < 1 || height < 1) fail(ErrorKind::data, width, "x", height, " pixels: the picture is empty");
  if (width > kMaxImageSide || height > kMaxImageSide || width * height > kMaxImagePixels)
    fail(ErrorKind::data, width, "x", height, " pixels: at most ", kMaxImageSide, " a side and ", kMaxImagePixels, " together are read");
}

}  // namespace pbgen
