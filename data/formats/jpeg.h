// JPEG of 8 bits a sample (ITU-T T.81): sequential and progressive Huffman coding, any number of scans, any whole ratio of sampling,
// restarts; grey, YCbCr, RGB, and CMYK and YCCK as Adobe writes them.
//
// Pixels are those of libjpeg-turbo bit for bit (accurate integer transform, smooth upsampling), but for CMYK, whose colours are the plain
// product of ink and paper.  A picture is whole where every bit of every coefficient of every block has been decoded; nothing is filled up.
// Surplus bytes behind a scan and all behind the end-of-image marker are passed over.  Colour profiles are not applied.  Refused by name:
// arithmetic coding, lossless and hierarchical frames, 12 bits, a height that comes behind the scan (DNL), sampling ratios that are not
// whole, CMYK without Adobe's marker, and missing tables.
#pragma once

#include <cstdint>
#include <span>

#include "data/formats/decoded_image.h"

namespace pbgen {

// bytes begin with SOI.  EXIF's orientation is told, not applied.  Error(data) with the bare reason.
DecodedImage decode_jpeg(std::span<const std::uint8_t> bytes);

}  // namespace pbgen
