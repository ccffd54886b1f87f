// A JPEG picture while it is decoded.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace pbgen {

inline constexpr int kBlockSide = 8;
inline constexpr int kBlockSize = 64;

// The order in which coefficients are coded: place on the diagonals to place in the rows.
inline constexpr std::array<std::uint8_t, kBlockSize> kZigzag = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

// Steps of quantisation, by rows.
using JpegQuantiser = std::array<std::uint16_t, kBlockSize>;

struct JpegComponent {
  int id = 0;
  int h = 1;  // samples across, of the frame's h_most
  int v = 1;
  std::size_t quantiser_index = 0;
  int width = 0;  // samples that belong to the picture
  int height = 0;
  int blocks_wide = 0;  // whole units of all components: what memory holds
  int blocks_high = 0;
  bool has_quantiser = false;  // taken over at the component's first scan
  JpegQuantiser quantiser = {};
  // For each coefficient in the order of coding: how many low bits are still to come; kUnseen: all.
  static constexpr std::int8_t kUnseen = 127;
  std::array<std::int8_t, kBlockSize> bits_to_come = {};
  std::vector<std::int16_t> coefficients;  // [blocks_high][blocks_wide][64], by rows; progressive pictures alone
  std::vector<std::uint8_t> samples;       // [8 blocks_high][8 blocks_wide]

  int samples_stride() const { return blocks_wide * kBlockSide; }
  // The corner of a block's samples.
  std::uint8_t* block_samples(int x, int y) {
    return samples.data() + (static_cast<std::size_t>(y) * samples_stride() + static_cast<std::size_t>(x)) * kBlockSide;
  }
  std::int16_t* block_coefficients(int x, int y) {
    return coefficients.data() + (static_cast<std::size_t>(y) * blocks_wide + static_cast<std::size_t>(x)) * kBlockSize;
  }
  const std::uint8_t* row(int y) const { return samples.data() + static_cast<std::size_t>(y) * samples_stride(); }
};

struct JpegFrame {
  int width = 0;
  int height = 0;
  bool progressive = false;
  int h_most = 1;
  int v_most = 1;
  int units_wide = 0;  // of h_most x v_most blocks
  int units_high = 0;
  std::vector<JpegComponent> components;  // 1, 3 or 4; none before the frame's header was seen
};

}  // namespace pbgen
