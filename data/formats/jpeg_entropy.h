// The entropy-coded bytes of a JPEG: bits, and Huffman codes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pbgen {

// Hands out bits up to the next marker; behind that zeros, of which overrun() tells.
class JpegBits {
 public:
  JpegBits(std::span<const std::uint8_t> bytes, std::size_t at) : begin_(bytes.data()), at_(begin_ + at), end_(begin_ + bytes.size()) {}

  // At least 32 bits can be looked at afterwards.
  void refill() {
    if (count_ < 32) read_bytes();
  }
  // The next bits, 1..16 of them.
  std::uint32_t peek(int bits) const { return static_cast<std::uint32_t>(bits_ >> (64 - bits)); }
  void skip(int bits) {
    bits_ <<= bits;
    count_ -= bits;
  }
  // 1..16 bits; refilled before.
  std::uint32_t take(int bits) {
    const std::uint32_t value = peek(bits);
    skip(bits);
    return value;
  }
  // The signed number of 0..16 bits that T.81, F.2.2.1 calls EXTEND(RECEIVE(bits)); refilled before.
  int take_signed(int bits) {
    if (bits == 0) return 0;
    const int value = static_cast<int>(take(bits));
    return value < 1 << (bits - 1) ? value - (1 << bits) + 1 : value;
  }
  bool take_bit() {
    refill();
    return take(1) != 0;
  }
  // Were bits taken that are not there?
  bool overrun() const { return count_ < 0; }
  // Where the next marker is to be looked for; all bits before it may have been read.
  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  // Forgets what is left of the bits and goes on at another place.
  void go_to(std::size_t position) {
    at_ = begin_ + position;
    bits_ = 0;
    count_ = 0;
  }

 private:
  void read_bytes();

  const std::uint8_t* begin_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  std::uint64_t bits_ = 0;  // the next ones at the top
  int count_ = 0;           // negative: so many were missing
};

// A Huffman code of up to 256 symbols of up to 16 bits.
class JpegCode {
 public:
  // counts: symbols of each length from 1 to 16; symbols: as many as they add up to, at most 256.  Error(data) where the counts make no
  // code.
  void define(std::span<const std::uint8_t> counts, std::span<const std::uint8_t> symbols);
  bool defined() const { return defined_; }

  // The next symbol, -1 where the bits are none.  Refilled before; 16 bits are still there afterwards.
  int decode(JpegBits& bits) const {
    const std::uint16_t entry = near_[bits.peek(kNearBits)];
    if (entry == 0) return decode_long(bits);
    bits.skip(entry >> 8);
    return entry & 255;
  }
  // A run of zeros and the coefficient behind it, where both together are short: value << 8 | run << 4 | bits; 0: decode them.
  std::int32_t look_up_coefficient(const JpegBits& bits) const { return coefficients_[bits.peek(kNearBits)]; }

 private:
  static constexpr int kNearBits = 9;

  int decode_long(JpegBits& bits) const;

  bool defined_ = false;
  std::array<std::uint16_t, 1 << kNearBits> near_ = {};  // length << 8 | symbol, 0: longer than kNearBits
  std::array<std::int32_t, 1 << kNearBits> coefficients_ = {};
  std::array<std::uint32_t, 17> first_ = {};  // code of each length
  std::array<std::uint32_t, 17> behind_ = {};
  std::array<std::uint32_t, 17> index_ = {};  // of the first code's symbol
  std::array<std::uint8_t, 256> symbols_ = {};
};

}  // namespace pbgen
