// What stb takes on trust, checked before it sees a file.
#pragma once

#include <cstdint>
#include <span>

namespace pbgen {

// Each refuses with Error(data) and the bare reason.

// Files without an end-of-image marker, which stb fills up with grey, and Huffman tables of more symbols than there are,
// which it writes past its own table (version 2.27, as in Debian 12 and Ubuntu 22.04).
void check_jpeg_structure(std::span<const std::uint8_t> bytes);

// Chunks that leave the file or whose checksum is wrong, neither of which stb looks at.  What follows IEND is ignored.
void check_png_structure(std::span<const std::uint8_t> bytes);

// Files that lack rows, which stb shows black.  The header has passed stb's own reading as width x height.
void check_bmp_structure(std::span<const std::uint8_t> bytes, std::int64_t width, std::int64_t height);

}  // namespace pbgen
