// How a safetensors file of ours is laid out (core/files/safetensors.h), for all who read or write one.
#pragma once

#include <cstddef>

namespace pbgen::safetensors_layout {

inline constexpr std::size_t kLengthBytes = 8;               // of the header's length, in front of it
inline constexpr std::size_t kMaxHeaderBytes = 4 << 20;
inline constexpr std::size_t kDataAlignment = 64;            // the data begins at a multiple of it
inline constexpr std::size_t kMaxDims = 8;                   // of an array
inline constexpr std::size_t kChecksumDigits = 16;           // hexadecimal, lowercase
inline constexpr char kZeros[kChecksumDigits + 1] = "0000000000000000";  // in their place while the checksum is computed

}  // namespace pbgen::safetensors_layout
