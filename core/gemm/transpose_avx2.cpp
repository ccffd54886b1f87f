#include <immintrin.h>

#include "core/gemm/transpose_leaf.h"

namespace pbgen::transpose_leaf {
namespace {

// to[q*16 + r] := element q of rows[r].
void transpose_8x8(const __m256* rows, float* to) {
  __m256 pairs[8];
#pragma GCC unroll 4
  for (int r = 0; r < 8; r += 2) {
    pairs[r] = _mm256_unpacklo_ps(rows[r], rows[r + 1]);
    pairs[r + 1] = _mm256_unpackhi_ps(rows[r], rows[r + 1]);
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
    _mm256_store_ps(to + q * 16, _mm256_permute2f128_ps(quads[q], quads[q + 4], 0x20));
    _mm256_store_ps(to + (q + 4) * 16, _mm256_permute2f128_ps(quads[q], quads[q + 4], 0x31));
  }
}

}  // namespace

void transpose_blocks_avx2(std::int64_t blocks, std::int64_t vectors, const float* from, std::int64_t from_step, std::int64_t vector_step,
                           float* to, std::int64_t to_step) {
  for (std::int64_t block = 0; block < blocks; ++block)
    for (std::int64_t half = 0; half < 2; ++half) {
      const std::int64_t left = vectors - 8 * half;
      const float* const x = from + block * from_step + (left > 0 ? 8 * half * vector_step : 0);
      __m256 rows[8];
      if (left >= 8) {
#pragma GCC unroll 8
        for (int r = 0; r < 8; ++r) rows[r] = _mm256_load_ps(x + r * vector_step);
      } else {
#pragma GCC unroll 8
        for (int r = 0; r < 8; ++r) rows[r] = r < left ? _mm256_load_ps(x + r * vector_step) : _mm256_setzero_ps();
      }
      transpose_8x8(rows, to + block * to_step + half * 8);
    }
}

}  // namespace pbgen::transpose_leaf
