// Damage to the files of core/files/safetensors.h, such as models and checkpoints, behind which the checksum is right again: what somebody
// who means harm writes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string_view>

#include "core/files/crc64.h"

namespace pbgen {

inline constexpr std::size_t kChecksumDigits = 16;

inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Where the data begins, as the first eight bytes say; may lie behind the end.
inline std::size_t data_begin(std::span<const std::uint8_t> file) {
  std::uint64_t length = 0;
  if (file.size() >= sizeof length) std::memcpy(&length, file.data(), sizeof length);
  return static_cast<std::size_t>(sizeof length + length);
}

// Where the checksum's digits stand; file.size() where they do not.
inline std::size_t checksum_place(std::span<const std::uint8_t> file) {
  constexpr std::string_view kKey = "\"checksum\":\"";
  const std::size_t key = as_text(file).find(kKey);
  const std::size_t place = key == std::string_view::npos ? file.size() : key + kKey.size();
  return place + kChecksumDigits <= file.size() ? place : file.size();
}

// Writes the checksum that the bytes have now over the digits at `place`; nothing where that is file.size().
inline void repair_checksum(std::span<std::uint8_t> file, std::size_t place) {
  if (place == file.size()) return;
  const std::span<std::uint8_t> digits = file.subspan(place, kChecksumDigits);
  std::fill(digits.begin(), digits.end(), std::uint8_t{'0'});
  Crc64 crc;
  crc.add(file);
  char text[kChecksumDigits + 1];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(crc.value()));
  std::copy_n(text, kChecksumDigits, digits.begin());
}

}  // namespace pbgen
