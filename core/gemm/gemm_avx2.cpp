#include <immintrin.h>

#include "core/gemm/gemm_leaf.h"

namespace pbgen::gemm_leaf {
namespace {

// base[index], which may lie outside the array: hence an address made of numbers.
void prefetch(const float* base, std::int64_t index) {
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(base) + static_cast<std::uintptr_t>(index) * sizeof(float);
  _mm_prefetch(reinterpret_cast<const char*>(address), _MM_HINT_T0);
}

// The first `computed` rows of a tile, of which `rows` are stored.
template <int computed>
void tile(std::int64_t k, std::int64_t rows, const float* a, const float* b, bool accumulate, float* c, std::int64_t ldc) {
  __m256 sum[computed][2];
#pragma GCC unroll 6
  for (int i = 0; i < computed; ++i) {
    sum[i][0] = _mm256_setzero_ps();
    sum[i][1] = _mm256_setzero_ps();
    prefetch(c, i * ldc);
    prefetch(c, i * ldc + 15);
  }
#pragma GCC unroll 4
  for (std::int64_t p = 0; p < k; ++p) {
    const __m256 b0 = _mm256_load_ps(b + p * 16);
    const __m256 b1 = _mm256_load_ps(b + p * 16 + 8);
#pragma GCC unroll 6  // without it g++ 12 stores the accumulators to the stack every step
    for (int i = 0; i < computed; ++i) {
      const __m256 a_i = _mm256_broadcast_ss(a + p * 6 + i);
      sum[i][0] = _mm256_fmadd_ps(a_i, b0, sum[i][0]);
      sum[i][1] = _mm256_fmadd_ps(a_i, b1, sum[i][1]);
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < computed; ++i) {
    if (i >= rows) break;
    float* const row = c + i * ldc;
    if (accumulate) {
      sum[i][0] = _mm256_add_ps(_mm256_loadu_ps(row), sum[i][0]);
      sum[i][1] = _mm256_add_ps(_mm256_loadu_ps(row + 8), sum[i][1]);
    }
    _mm256_storeu_ps(row, sum[i][0]);
    _mm256_storeu_ps(row + 8, sum[i][1]);
  }
}

}  // namespace

//   registers  12 accumulators + 2 of b + 1 of a = 15 of 16 ymm
//   latency    12 independent FMAs >= 2 ports * 5 cycles; the 8 of four rows = 2 ports * 4 cycles
//   loads      2 of b and 6 broadcasts of a for 12 FMAs: 8 of the 12 slots
void gemm_ukernel_6x16_avx2(std::int64_t k, std::int64_t rows, const float* a, const float* b, bool accumulate, float* c,
                            std::int64_t ldc) {
  if (rows > 4) {
    tile<6>(k, rows, a, b, accumulate, c, ldc);
  } else {
    tile<4>(k, rows, a, b, accumulate, c, ldc);
  }
}

void gemm_transpose_avx2(std::int64_t k, std::int64_t rows, const float* from, std::int64_t ld, float* to, std::int64_t step) {
  std::int64_t p = 0;
  for (; p + 8 <= k; p += 8) {
    __m256 v[8];
#pragma GCC unroll 8
    for (int r = 0; r < 8; ++r) v[r] = r < rows ? _mm256_loadu_ps(from + r * ld + p) : _mm256_setzero_ps();
    __m256 pairs[8];
#pragma GCC unroll 4
    for (int r = 0; r < 8; r += 2) {
      pairs[r] = _mm256_unpacklo_ps(v[r], v[r + 1]);
      pairs[r + 1] = _mm256_unpackhi_ps(v[r], v[r + 1]);
    }
    __m256 quads[8];  // quads[q + 4*half]: columns q and q + 4 of rows 4*half .. 4*half + 3
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const __m256* const from_pairs = pairs + 4 * half;
      quads[4 * half] = _mm256_shuffle_ps(from_pairs[0], from_pairs[2], 0x44);
      quads[4 * half + 1] = _mm256_shuffle_ps(from_pairs[0], from_pairs[2], 0xee);
      quads[4 * half + 2] = _mm256_shuffle_ps(from_pairs[1], from_pairs[3], 0x44);
      quads[4 * half + 3] = _mm256_shuffle_ps(from_pairs[1], from_pairs[3], 0xee);
    }
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) _mm256_storeu_ps(to + (p + q) * step, _mm256_permute2f128_ps(quads[q], quads[q + 4], 0x20));
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) _mm256_storeu_ps(to + (p + 4 + q) * step, _mm256_permute2f128_ps(quads[q], quads[q + 4], 0x31));
  }
  for (; p < k; ++p)
    for (std::int64_t r = 0; r < 8; ++r) to[p * step + r] = r < rows ? from[r * ld + p] : 0.0f;
}

}  // namespace pbgen::gemm_leaf
