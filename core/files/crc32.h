// CRC-32 (ISO 3309, as in ZIP and PNG).  Finds damage, not malice.
#pragma once

#include <cstdint>
#include <span>

namespace pbgen {

// Of what came before, 0 at the start, and bytes.
std::uint32_t crc32(std::uint32_t before, std::span<const std::uint8_t> bytes);

}  // namespace pbgen
