// Between conv_direct_weight_gradient.cpp and its leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::conv_weight_gradient_leaf {

inline constexpr std::int64_t kLanes = 8;
inline constexpr int kHeights = 3;

// The pixels whose products one tap adds up: slices x rows x columns, on either side contiguous along x.  Steps in floats.
struct TapPixels {
  std::int64_t slices;
  std::int64_t rows;
  std::int64_t columns;
  const float* big;  // [slice][row][column][mr channels][8 images]
  std::int64_t big_slice_step;
  std::int64_t big_row_step;
  const float* small;  // [slice][row][column][8 images][nr channels]
  std::int64_t small_slice_step;
  std::int64_t small_row_step;
};

// One tile.  With S_ij = sum over pixels p, images l of big[p][i][l] * small[p][l][j], added in this order by fused multiply-adds:
//   sums[i*row_step + j] := S_ij, or sums[i*row_step + j] + S_ij where accumulate: the same bytes from every instruction set.
// No pixel: S is 0.  small and sums are aligned to 32 bytes, to 64 where nr is a multiple of 16; row_step is a multiple of nr.
using TileLeaf = void(const TapPixels& pixels, bool accumulate, float* sums, std::int64_t row_step);

struct Leaves {
  std::int64_t mr[kHeights];      // big channels of a tile, the highest first; 0: there are fewer heights
  std::int64_t nr;                // small channels of a tile
  std::int64_t few_nr;            // of a last block that needs no more
  TileLeaf* tiles[kHeights];      // mr[i] x nr
  TileLeaf* few_tiles[kHeights];  // mr[i] x few_nr
  // to[l*step + c] := from[c*8 + l] for c < 8 and l < 8.  `from` need not be aligned; `to` is 32-byte aligned, step a multiple of 8.
  void (*transpose_8x8)(const float* from, float* to, std::int64_t step);
  // to[j*ld + p] := from[p*step + j], or to[j*ld + p] + from[p*step + j] where accumulate, for j < 8 and p < count.
  // `from` is 32-byte aligned, step a multiple of 8; `to` need not be aligned.
  void (*store_transposed)(std::int64_t count, const float* from, std::int64_t step, bool accumulate, float* to, std::int64_t ld);
};
extern const Leaves kAvx2;    // x86-64 alone
extern const Leaves kAvx512;  // x86-64 alone

}  // namespace pbgen::conv_weight_gradient_leaf
