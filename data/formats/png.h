// PNG, all of it (W3C Recommendation, third edition): depths 1 to 16, grey, RGB, palettes, alpha, transparent colours, interlaced or not.
//
// Strict: what breaks a rule of the format that pixels depend on is refused, since decoders differ in what they make of it: indices without
// a colour, chunks out of order or with a wrong checksum, rows too few or too many.  Passed over: colour spaces (gAMA, cHRM, sRGB, iCCP:
// pixels are taken as they are stored), backgrounds, frames of an animation after the first, and all behind IEND or behind the end of the
// compressed pixels.  Refused with the reason: critical chunks that the format does not know, and Apple's CgBI.
#pragma once

#include <cstdint>
#include <span>

#include "data/formats/decoded_image.h"

namespace pbgen {

// bytes begin with PNG's signature.  Samples of 1 to 4 bits are scaled to 0..255; of 16 bits the upper 8 are kept.  The orientation of an
// eXIf chunk is told, not applied.  Error(data) with the bare reason.
DecodedImage decode_png(std::span<const std::uint8_t> bytes);

}  // namespace pbgen
