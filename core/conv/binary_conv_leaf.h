// Between binary_blocked.cpp, binary_pack.cpp and their leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::binary_leaf {

// A table: the 2^6 signed sums of a group of up to six input channels, rows of eight floats (one for each image of a slice).
// Bit i of a row's number says whether channel i of the group is added (1) or subtracted (0).
inline constexpr std::int64_t kGroupChannels = 6;
inline constexpr std::int64_t kTableFloats = 8 << kGroupChannels;

// Tables of a block of input channels stand in L1 together: 11 for 64 channels, 22 KB at most.
inline constexpr std::int64_t kBlockChannels = 64;
inline constexpr std::int64_t kMaxGroups = (kBlockChannels + kGroupChannels - 1) / kGroupChannels;

// Output channels that share a pass over the tables, one accumulator each.
inline constexpr std::int64_t kTileRows = 8;

// A row number as it is stored: 4 * number, which x86 addressing scales by 8 to the 32 bytes of a row.
inline constexpr int kRowNumberShift = 2;

// Where a block's channels part into groups: the first channels % groups of them have one more.
// static: each file has a copy of its own, and none compiled for AVX2 serves the others.
static constexpr std::int64_t group_begin(std::int64_t channels, std::int64_t groups, std::int64_t group) {
  const std::int64_t longer = channels % groups;
  return group * (channels / groups) + (group < longer ? group : longer);
}

// For each output channel r < rows:
//   y = tables[0][n_0] + ... + tables[groups - 1][n_groups-1], and + out[r] unless first;  out[r] := last ? scale[r] * y + bias[r] : y.
// numbers: [rows/8 rounded up][groups][8], stored as above.  out, tables, scale, bias: out[rows][8] and tables 32-byte aligned; scale
// and bias are read only where last.  1 <= groups <= kMaxGroups.
struct Lookup {
  const std::uint8_t* numbers;
  const float* tables;
  float* out;
  std::int64_t rows;
  const float* scale;
  const float* bias;
};

struct Leaves {
  // tables[group][2^6][8] := the signed sums of x[channels][8], channel c times scale[c] where scale is not null.  Of a group of
  // fewer than six channels the rows whose numbers have only as many bits are written.  tables is 32-byte aligned.
  void (*build_tables)(std::int64_t channels, std::int64_t groups, const float* x, const float* scale, float* tables);
  // Asks for x[0 .. floats) to be in L1 soon.
  void (*prefetch)(std::int64_t floats, const float* x);
  void (*look_up)(std::int64_t groups, bool first, bool last, const Lookup& lookup);
  // signs[i] := 255 where w[i] >= 0 (-0.0 included), else 0.
  void (*sign_bytes)(std::int64_t count, const float* w, std::uint8_t* signs);
};
extern const Leaves kAvx2;  // x86-64 alone

}  // namespace pbgen::binary_leaf
