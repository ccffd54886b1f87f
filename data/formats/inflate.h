// Decompression of zlib streams (RFC 1950, RFC 1951), as PNG holds them.
#pragma once

#include <cstdint>
#include <span>

namespace pbgen {

// A stream of n bytes holds at most n * this many: a pair of codes for 258 bytes takes two bits at least.
inline constexpr std::uint64_t kMaxInflation = 1032;

// Fills out with exactly what the stream at the beginning of `stream` holds; bytes behind its end are ignored.  Error(data) with the bare
// reason where the stream is no zlib stream, breaks a rule of the format, ends early, has a wrong checksum, or holds fewer or more
// bytes than out.
void inflate_zlib(std::span<const std::uint8_t> stream, std::span<std::uint8_t> out);

}  // namespace pbgen
