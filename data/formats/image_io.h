// Image files: JPEG, PNG, BMP and binary PNM in, PNG and JPEG out.
//
// Everything read here may be hostile: the file's size, the picture's sides and every allocation are bounded before they
// are granted.  Pixels are the file's or the file is refused: what is incomplete, what breaks its format's rules and what is not
// read (data/formats/jpeg.h, png.h, bmp.h, pnm.h say what) gives a reason, never a guess.  All functions may be called from several
// threads at once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/formats/decoded_image.h"
#include "data/image.h"

namespace pbgen {

inline constexpr std::int64_t kMaxImageFileBytes = std::int64_t{1} << 28;

// Decodes by content; the file's name plays no part.  Alpha is composited over white, which is what a viewer shows;
// dropping it would uncover whatever a transparent pixel happens to hold.  A picture is turned as its EXIF orientation says.
// Error(data) with the bare reason, without a path.
DecodedImage decode_image(std::span<const std::uint8_t> bytes);

// Error(input_output) where the file cannot be read or is larger than kMaxImageFileBytes, Error(data) where it cannot be
// decoded; both begin with the path.
DecodedImage read_image(const std::string& path);

// pixels [height][width][channels], 1 or 3 channels.  The same bytes for the same pixels.
std::vector<std::uint8_t> encode_png(std::span<const std::uint8_t> pixels, int width, int height, int channels);

// quality 1..100; up to 90 the colours have half the resolution.  A grey picture becomes a colour JPEG of greys.  The same bytes for the
// same pixels.
std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality);

// Written atomically (core/files/file.h).  Error(input_output) with the path.
void write_png(const std::string& path, std::span<const std::uint8_t> pixels, int width, int height, int channels);
void write_png(const std::string& path, const Image& image);

}  // namespace pbgen
