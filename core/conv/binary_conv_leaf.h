// Between binary_blocked.cpp, binary_pack.cpp and their leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::binary_leaf {

// A table: the 2^6 signed sums of a group of up to six input channels.  A row of it is eight floats, one for each image, of each slice
// that shares it.  Bit i of a row's number says whether channel i of the group is added (1) or subtracted (0).
inline constexpr std::int64_t kGroupChannels = 6;
inline constexpr std::int64_t kMaxSlices = 2;
static constexpr std::int64_t table_floats(std::int64_t slices) { return (8 << kGroupChannels) * slices; }

// Tables of a block of input channels stand in L1 together: 11 for 64 channels, 22 KB a slice at most.
inline constexpr std::int64_t kBlockChannels = 64;
inline constexpr std::int64_t kMaxGroups = (kBlockChannels + kGroupChannels - 1) / kGroupChannels;

// Output channels that share a pass over the tables, one accumulator each.
inline constexpr std::int64_t kTileRows = 8;

// A row number as it is stored: 4 * number, which x86 addressing scales by 8 to the 32 bytes of a slice's row.
inline constexpr int kRowNumberShift = 2;

// Where a block's channels part into groups: the first channels % groups of them have one more.
// static: each file has a copy of its own, and none compiled for AVX2 serves the others.
static constexpr std::int64_t group_begin(std::int64_t channels, std::int64_t groups, std::int64_t group) {
  const std::int64_t longer = channels % groups;
  return group * (channels / groups) + (group < longer ? group : longer);
}

// For each output channel r < rows and each slice s of those that share rows:
//   y = tables[0][n_0] + ... + tables[groups - 1][n_groups-1], and + sums[r] unless first;
//   where last out[s * out_step + [r]] := scale[r] * y + bias[r], else sums[r] := y.
// numbers: [rows/8 rounded up][groups][8], stored as above.  sums[rows][8 * slices] may be out where there is one slice.  out[rows][8],
// scale and bias are touched only where last.  tables and sums are 64-byte aligned, those of one slice 32-byte.
// 1 <= groups <= kMaxGroups.
struct Lookup {
  const std::uint8_t* numbers;
  const float* tables;
  float* sums;
  std::int64_t rows;
  float* out;
  std::int64_t out_step;
  const float* scale;
  const float* bias;
};

// What so many slices that share rows take.  All leaves add the same terms in the same order: results are the same to the byte.
struct SliceLeaves {
  std::int64_t slices;
  // tables[group][2^6][8 * slices] := the signed sums of x[s * slice_step + [channels][8]] of each slice s, channel c times scale[c] where
  // scale is not null.  Of a group of fewer than six channels the rows whose numbers have only as many bits are written.
  void (*build_tables)(std::int64_t channels, std::int64_t groups, const float* x, std::int64_t slice_step, const float* scale,
                       float* tables);
  void (*look_up)(std::int64_t groups, bool first, bool last, const Lookup& lookup);
};
extern const SliceLeaves kAvx2;    // x86-64 alone: one slice
extern const SliceLeaves kAvx512;  // two

void sign_bytes_avx2(std::int64_t count, const float* w, std::uint8_t* signs);

// What a path has: as many slices together as its vectors hold, and one for the last of an odd number.
struct Leaves {
  const SliceLeaves& together;
  const SliceLeaves& alone;
  // signs[i] := 255 where w[i] >= 0 (-0.0 included), else 0.
  void (*sign_bytes)(std::int64_t count, const float* w, std::uint8_t* signs);
};

}  // namespace pbgen::binary_leaf
