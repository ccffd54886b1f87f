// CRC-32 (ISO 3309, as in ZIP and PNG).  Finds damage, not malice.
#pragma once

#include <cstdint>
#include <span>

namespace pbgen {

// The checksum of bytes behind those whose checksum is `before`; 0: there were none.
std::uint32_t crc32(std::uint32_t before, std::span<const std::uint8_t> bytes);

}  // namespace pbgen
