// Numbers as little-endian bytes, and the checksum of a series of numbers and texts.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/files/crc64.h"

namespace pbgen {

inline void store_number(std::uint64_t number, std::uint8_t* to) {
  for (int i = 0; i < 8; ++i) to[i] = static_cast<std::uint8_t>(number >> 8 * i);
}

inline std::uint64_t load_number(const std::uint8_t* from) {
  std::uint64_t number = 0;
  for (int i = 7; i >= 0; --i) number = number << 8 | from[i];
  return number;
}

inline std::uint64_t checksum_of(std::span<const std::uint8_t> bytes) {
  Crc64 crc;
  crc.add(bytes);
  return crc.value();
}

class Fingerprint {
 public:
  void add(std::uint64_t number) {
    std::array<std::uint8_t, 8> bytes;
    store_number(number, bytes.data());
    crc_.add(bytes);
  }
  // With its length, so that two texts never run into each other.
  void add(std::string_view text) {
    add(static_cast<std::uint64_t>(text.size()));
    crc_.add({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  std::uint64_t value() const { return crc_.value(); }

 private:
  Crc64 crc_;
};

}  // namespace pbgen
