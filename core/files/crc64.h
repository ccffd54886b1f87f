// CRC-64/XZ (ECMA-182, reflected): does a file still hold what was written?  Finds damage, not malice.
#pragma once

#include <cstdint>
#include <span>

namespace pbgen {

class Crc64 {
 public:
  void add(std::span<const std::uint8_t> bytes);
  std::uint64_t value() const { return ~state_; }

 private:
  std::uint64_t state_ = ~std::uint64_t{0};
};

}  // namespace pbgen
