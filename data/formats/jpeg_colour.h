// From a JPEG's samples to pixels: all components at full resolution, then colours.
#pragma once

#include "data/formats/jpeg_frame.h"
#include "data/image.h"

namespace pbgen {

// What the components stand for.  Both kinds of CMYK hold what ink leaves of the light, as Adobe writes them.
enum class JpegColours { grey, ycbcr, rgb, cmyk, ycck };

// 1 channel for grey, else 3.  Half-resolution components are smoothed as libjpeg does (3/4 of the nearer sample, 1/4 of the farther one);
// at other ratios samples are repeated.
Image jpeg_pixels(const JpegFrame& frame, JpegColours colours);

}  // namespace pbgen
