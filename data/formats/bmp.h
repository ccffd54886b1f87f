// BMP without compression: the headers of OS/2 1.x (12 bytes) and 2.x (16, 64) and of Windows (40, 52, 56, 108, 124), 1, 2, 4, 8, 16, 24
// and 32 bits a pixel, palettes of any length, bit masks, rows from the bottom or from the top, gaps before the pixels.
//
// The fourth byte of a pixel or of a palette's colour is alpha only where a mask says so.  Refused with the reason: run lengths, JPEG or
// PNG within, masks that overlap or are torn, indices without a colour, and rows that are not there.
#pragma once

#include <cstdint>
#include <span>

#include "data/formats/decoded_image.h"

namespace pbgen {

// bytes begin with "BM".  Always 3 channels; samples of other than 8 bits are scaled to 0..255, rounded.  Error(data) with the bare reason.
DecodedImage decode_bmp(std::span<const std::uint8_t> bytes);

}  // namespace pbgen
