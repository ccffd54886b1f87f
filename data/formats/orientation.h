// Which way up a picture is meant to be seen: EXIF's orientation, the one tag of EXIF that is read.
#pragma once

#include <cstdint>
#include <span>

#include "data/image.h"

namespace pbgen {

// The orientation in the first directory of a TIFF block, as JPEG's APP1 segment (behind "Exif\0\0") and PNG's eXIf chunk hold it: 1..8; 1,
// i.e. as it is stored, where there is none, where it is another number, or where the block is broken.
int read_orientation(std::span<const std::uint8_t> tiff);

// The picture as it is meant to be seen.  orientation 1..8, else std::logic_error:
//   1 as it is    2 mirrored           3 by 180 degrees            4 upside down, mirrored
//   5 transposed  6 by 90 clockwise    7 transposed the other way  8 by 90 counterclockwise
Image oriented(Image image, int orientation);

}  // namespace pbgen
