// CRC-64/XZ of bytes that come in pieces.
#pragma once

#include <cstdint>
#include <span>

#include "core/freestanding/crc64.h"

namespace pbgen {

class Crc64 {
 public:
  void add(std::span<const std::uint8_t> bytes) { state_ = crc64_add(state_, bytes.data(), bytes.size()); }
  std::uint64_t value() const { return ~state_; }

 private:
  std::uint64_t state_ = kCrc64Begin;
};

}  // namespace pbgen
