// What a reader of a picture format gives.
#pragma once

#include "data/image.h"

namespace pbgen {

// A picture and what its file was before.
struct DecodedImage {
  Image image;              // 1 channel where the file is grey, else 3
  bool was_grey = false;    // a palette of greys counts as colour
  bool had_alpha = false;   // an alpha channel or a transparent colour, be it opaque throughout
  bool was_16_bit = false;  // taken to 8 bits
  int orientation = 1;      // EXIF's; the image is turned accordingly (data/formats/orientation.h)
};

}  // namespace pbgen
