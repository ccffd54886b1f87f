// Turning vectors of eight images into vectors of channels, for sums over images.  For kernels alone.
#pragma once

#include <cstdint>

namespace pbgen::transpose_leaf {

// Vectors of a block.
inline constexpr std::int64_t kBlock = 16;

struct Leaves {
  // to[n*to_step + lane*kBlock + i] := from[n*from_step + i*vector_step + lane] for n < blocks, lane < 8, i < vectors; 0 for
  // vectors <= i < kBlock.  1 <= vectors <= kBlock.  All 32-byte aligned, steps too.
  void (*transpose_blocks)(std::int64_t blocks, std::int64_t vectors, const float* from, std::int64_t from_step, std::int64_t vector_step,
                           float* to, std::int64_t to_step);
};
extern const Leaves kAvx2;    // x86-64 alone
extern const Leaves kAvx512;  // x86-64 alone

}  // namespace pbgen::transpose_leaf
