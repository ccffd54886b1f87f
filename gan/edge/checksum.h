// CRC-64/XZ (ECMA-182, reflected), as core/files/crc64.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pbgen::edge {

inline constexpr std::uint64_t kCrc64Begin = ~std::uint64_t{0};

// The state after further bytes; from kCrc64Begin on.  The checksum is the last state's complement.
std::uint64_t crc64_add(std::uint64_t state, const std::uint8_t* bytes, std::size_t size);

}  // namespace pbgen::edge
