// For AVX-512 leaves alone.  static: each file has a copy of its own, so that the linker has none to share with code for other machines.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace pbgen {

// v[q] := element q of the eight rows from + r*step, then element q + 4 of them.  Rows need not be aligned.
[[gnu::always_inline]] static inline void transpose_8x8(const float* from, std::int64_t step, __m512 (&v)[4]) {
  __m512 rows[4];  // r and r + 4
#pragma GCC unroll 4
  for (int r = 0; r < 4; ++r)
    rows[r] = _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(from + r * step)), _mm256_loadu_ps(from + (r + 4) * step), 1);
  const __m512 lo[2] = {_mm512_unpacklo_ps(rows[0], rows[1]), _mm512_unpacklo_ps(rows[2], rows[3])};
  const __m512 hi[2] = {_mm512_unpackhi_ps(rows[0], rows[1]), _mm512_unpackhi_ps(rows[2], rows[3])};
  // quads[q]: element q of rows 0 to 3, q + 4 of them, q of rows 4 to 7, q + 4 of them.
  const __m512 quads[4] = {_mm512_shuffle_ps(lo[0], lo[1], 0x44), _mm512_shuffle_ps(lo[0], lo[1], 0xee),
                           _mm512_shuffle_ps(hi[0], hi[1], 0x44), _mm512_shuffle_ps(hi[0], hi[1], 0xee)};
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q) v[q] = _mm512_shuffle_f32x4(quads[q], quads[q], 0xd8);
}

// Element q of rows[r] becomes element r of v[q], for 16 rows of 8, which lie r < 4: in the low halves of rows[r], r < 8: in the high
// halves of rows[r - 4], then in the same way in rows[4] to rows[7].
[[gnu::always_inline]] static inline void transpose_16x8(const __m512 (&rows)[8], __m512 (&v)[8]) {
  __m512 quads[8];  // quads[q + 4*half]: elements q and q + 4 of rows 8*half to 8*half + 3, then of the next four
#pragma GCC unroll 2
  for (int half = 0; half < 2; ++half) {
    const __m512* const from = rows + 4 * half;
    const __m512 lo[2] = {_mm512_unpacklo_ps(from[0], from[1]), _mm512_unpacklo_ps(from[2], from[3])};
    const __m512 hi[2] = {_mm512_unpackhi_ps(from[0], from[1]), _mm512_unpackhi_ps(from[2], from[3])};
    quads[4 * half] = _mm512_shuffle_ps(lo[0], lo[1], 0x44);
    quads[4 * half + 1] = _mm512_shuffle_ps(lo[0], lo[1], 0xee);
    quads[4 * half + 2] = _mm512_shuffle_ps(hi[0], hi[1], 0x44);
    quads[4 * half + 3] = _mm512_shuffle_ps(hi[0], hi[1], 0xee);
  }
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q) {
    v[q] = _mm512_shuffle_f32x4(quads[q], quads[q + 4], 0x88);
    v[q + 4] = _mm512_shuffle_f32x4(quads[q], quads[q + 4], 0xdd);
  }
}

}  // namespace pbgen
