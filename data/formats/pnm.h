// Binary PGM and PPM ("P5", "P6"), 8 and 16 bits a sample, one picture a file.  Plain text (P1 to P3), single bits (P4) and PAM (P7) are
// refused by name; so are samples above the file's own maximum, and bytes behind the last sample.
#pragma once

#include <cstdint>
#include <span>

#include "data/formats/decoded_image.h"

namespace pbgen {

// bytes begin with "P1" to "P7".  Samples are scaled from 0..maximum to 0..255, rounded.  Error(data) with the bare reason.
DecodedImage decode_pnm(std::span<const std::uint8_t> bytes);

}  // namespace pbgen
