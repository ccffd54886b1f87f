#include "data/formats/jpeg_entropy.h"

#include <algorithm>

#include "core/base/check.h"

namespace pbgen {

void JpegBits::read_bytes() {
  if (count_ < 0) return;
  if (end_ - at_ >= 8) {
    std::uint64_t next = 0;
    for (int i = 0; i < 8; ++i) next = next << 8 | at_[i];
    // Bytes of 255 are what needs a closer look: the complement of one is a zero byte.
    constexpr std::uint64_t kOnes = 0x0101010101010101;
    if (((~next - kOnes) & next & (kOnes << 7)) == 0) {
      // What lies below count_ afterwards is read once more by the next call.
      bits_ |= next >> count_;
      const int bytes = (64 - count_) / 8;
      at_ += bytes;
      count_ += 8 * bytes;
      return;
    }
  }
  for (; count_ <= 56 && at_ < end_; count_ += 8) {
    const std::uint64_t byte = *at_;
    if (byte == 0xff) {
      if (end_ - at_ < 2 || at_[1] != 0) return;
      ++at_;
    }
    ++at_;
    bits_ |= byte << (56 - count_);
  }
}

void JpegCode::define(std::span<const std::uint8_t> counts, std::span<const std::uint8_t> symbols) {
  check(counts.size() == 16 && symbols.size() <= symbols_.size(), "a Huffman code of ", counts.size(), " lengths, ", symbols.size(),
        " symbols");
  defined_ = true;
  near_.fill(0);
  coefficients_.fill(0);
  std::copy(symbols.begin(), symbols.end(), symbols_.begin());
  std::uint32_t code = 0;
  std::uint32_t index = 0;
  for (std::size_t length = 1; length <= 16; ++length, code <<= 1) {
    first_[length] = code;
    index_[length] = index;
    code += counts[length - 1];
    index += counts[length - 1];
    behind_[length] = code;
    if (code > 1u << length) fail(ErrorKind::data, "corrupt: a Huffman table of the JPEG has too many symbols");
    if (length > kNearBits) continue;
    for (std::uint32_t c = first_[length]; c < code; ++c) {
      const auto begin = near_.begin() + static_cast<std::ptrdiff_t>(c << (kNearBits - length));
      std::fill_n(begin, std::size_t{1} << (kNearBits - length),
                  static_cast<std::uint16_t>(length << 8 | symbols_[index_[length] + c - first_[length]]));
    }
  }
  for (std::uint32_t bits = 0; bits < near_.size(); ++bits) {
    const int length = near_[bits] >> 8;
    const int run = near_[bits] >> 4 & 15;
    const int size = near_[bits] & 15;
    if (length == 0 || size == 0 || length + size > kNearBits) continue;
    const int low = static_cast<int>(bits >> (kNearBits - length - size) & ((1u << size) - 1));
    const int value = low < 1 << (size - 1) ? low - (1 << size) + 1 : low;
    coefficients_[bits] = value * 256 + (run << 4 | (length + size));
  }
}

int JpegCode::decode_long(JpegBits& bits) const {
  for (int length = kNearBits + 1; length <= 16; ++length) {
    const auto l = static_cast<std::size_t>(length);
    const std::uint32_t code = bits.peek(length);
    // Shorter codes were looked up; of this length and longer ones the smaller numbers are the shorter codes' beginnings.
    if (code < behind_[l] && code >= first_[l]) {
      bits.skip(length);
      return symbols_[index_[l] + code - first_[l]];
    }
  }
  return -1;
}

}  // namespace pbgen
