// For AVX2 leaves alone.  static: each file has a copy of its own, so that the linker has none to share with code for other machines.
#pragma once

#include <immintrin.h>

namespace pbgen {

// Element q of v[r] becomes element r of v[q].
[[gnu::always_inline]] static inline void transpose_8x8(__m256 (&v)[8]) {
  __m256 pairs[8];
#pragma GCC unroll 4
  for (int r = 0; r < 8; r += 2) {
    pairs[r] = _mm256_unpacklo_ps(v[r], v[r + 1]);
    pairs[r + 1] = _mm256_unpackhi_ps(v[r], v[r + 1]);
  }
  __m256 quads[8];  // quads[q + 4*half]: columns q and q + 4 of rows 4*half .. 4*half + 3
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    const __m256* const from = pairs + 4 * half;
    quads[4 * half] = _mm256_shuffle_ps(from[0], from[2], 0x44);
    quads[4 * half + 1] = _mm256_shuffle_ps(from[0], from[2], 0xee);
    quads[4 * half + 2] = _mm256_shuffle_ps(from[1], from[3], 0x44);
    quads[4 * half + 3] = _mm256_shuffle_ps(from[1], from[3], 0xee);
  }
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q) {
    v[q] = _mm256_permute2f128_ps(quads[q], quads[q + 4], 0x20);
    v[q + 4] = _mm256_permute2f128_ps(quads[q], quads[q + 4], 0x31);
  }
}

}  // namespace pbgen
