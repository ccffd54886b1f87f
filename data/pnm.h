// Binary PGM and PPM ("P5", "P6"), 8 and 16 bits a sample.
//
// Read by ourselves: stb takes a truncated file for a whole one, reads 16-bit samples in the wrong byte order and does
// not scale by the file's own maximum.
#pragma once

#include <cstdint>
#include <span>

#include "data/image_io.h"

namespace pbgen {

// Samples are scaled from 0..maximum to 0..255, rounded.  Error(data) with the bare reason.
DecodedImage decode_pnm(std::span<const std::uint8_t> bytes);

}  // namespace pbgen
