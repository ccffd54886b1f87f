#include <immintrin.h>

#include "core/gemm/gemm_leaf.h"

namespace pbgen::gemm_leaf {
namespace {

constexpr std::int64_t kMr = Avx512Leaves::kMr;
constexpr std::int64_t kNr = Avx512Leaves::kNr;

// base[index], which may lie outside the array: hence an address made of numbers.
void prefetch(const float* base, std::int64_t index) {
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(base) + static_cast<std::uintptr_t>(index) * sizeof(float);
  _mm_prefetch(reinterpret_cast<const char*>(address), _MM_HINT_T0);
}

// The first `computed` rows of a tile, of which `rows` are stored.
template <int computed>
void tile(std::int64_t k, std::int64_t rows, const float* a, const float* b, bool accumulate, float* c, std::int64_t ldc) {
  __m512 sum[computed][2];
#pragma GCC unroll 12
  for (int i = 0; i < computed; ++i) {
    sum[i][0] = _mm512_setzero_ps();
    sum[i][1] = _mm512_setzero_ps();
    prefetch(c, i * ldc);
    prefetch(c, i * ldc + 16);
    prefetch(c, i * ldc + 31);
  }
#pragma GCC unroll 2
  for (std::int64_t p = 0; p < k; ++p) {
    const __m512 b0 = _mm512_load_ps(b + p * kNr);
    const __m512 b1 = _mm512_load_ps(b + p * kNr + 16);
#pragma GCC unroll 12
    for (int i = 0; i < computed; ++i) {
      const __m512 a_i = _mm512_set1_ps(a[p * kMr + i]);
      sum[i][0] = _mm512_fmadd_ps(a_i, b0, sum[i][0]);
      sum[i][1] = _mm512_fmadd_ps(a_i, b1, sum[i][1]);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < computed; ++i) {
    if (i >= rows) break;
    float* const row = c + i * ldc;
    if (accumulate) {
      sum[i][0] = _mm512_add_ps(_mm512_loadu_ps(row), sum[i][0]);
      sum[i][1] = _mm512_add_ps(_mm512_loadu_ps(row + 16), sum[i][1]);
    }
    _mm512_storeu_ps(row, sum[i][0]);
    _mm512_storeu_ps(row + 16, sum[i][1]);
  }
}

//   registers  24 accumulators + 2 of b + 1 of a = 27 of 32 zmm
//   latency    24 independent FMAs, 8 of four rows >= 2 ports * 4 cycles
//   loads      2 of b and 12 broadcasts of a for 24 FMAs: 14 of the 24 slots
void ukernel(std::int64_t k, std::int64_t rows, const float* a, const float* b, bool accumulate, float* c, std::int64_t ldc) {
  if (rows > 8) {
    tile<12>(k, rows, a, b, accumulate, c, ldc);
  } else if (rows > 4) {
    tile<8>(k, rows, a, b, accumulate, c, ldc);
  } else {
    tile<4>(k, rows, a, b, accumulate, c, ldc);
  }
}

// Element q of v[r] becomes element r of v[q].
[[gnu::always_inline]] inline void transpose_16x16(__m512 (&v)[16]) {
  __m512 pairs[16];
#pragma GCC unroll 8
  for (int r = 0; r < 16; r += 2) {
    pairs[r] = _mm512_unpacklo_ps(v[r], v[r + 1]);
    pairs[r + 1] = _mm512_unpackhi_ps(v[r], v[r + 1]);
  }
  __m512 quads[16];  // quads[q + 4*group]: columns q, q + 4, q + 8 and q + 12 of rows 4*group .. 4*group + 3
#pragma GCC unroll 4
  for (int group = 0; group < 4; ++group) {
    const __m512* const from = pairs + 4 * group;
    quads[4 * group] = _mm512_shuffle_ps(from[0], from[2], 0x44);
    quads[4 * group + 1] = _mm512_shuffle_ps(from[0], from[2], 0xee);
    quads[4 * group + 2] = _mm512_shuffle_ps(from[1], from[3], 0x44);
    quads[4 * group + 3] = _mm512_shuffle_ps(from[1], from[3], 0xee);
  }
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q) {
    const __m512 even_upper = _mm512_shuffle_f32x4(quads[q], quads[q + 4], 0x88);
    const __m512 even_lower = _mm512_shuffle_f32x4(quads[q + 8], quads[q + 12], 0x88);
    const __m512 odd_upper = _mm512_shuffle_f32x4(quads[q], quads[q + 4], 0xdd);
    const __m512 odd_lower = _mm512_shuffle_f32x4(quads[q + 8], quads[q + 12], 0xdd);
    v[q] = _mm512_shuffle_f32x4(even_upper, even_lower, 0x88);
    v[q + 4] = _mm512_shuffle_f32x4(odd_upper, odd_lower, 0x88);
    v[q + 8] = _mm512_shuffle_f32x4(even_upper, even_lower, 0xdd);
    v[q + 12] = _mm512_shuffle_f32x4(odd_upper, odd_lower, 0xdd);
  }
}

void transpose(std::int64_t k, std::int64_t rows, const float* from, std::int64_t ld, float* to, std::int64_t step) {
  for (std::int64_t p = 0; p < k; p += 16) {
    const std::int64_t steps = k - p;
    const auto mask = static_cast<__mmask16>(steps >= 16 ? 0xffff : (1 << steps) - 1);
    __m512 v[16];
#pragma GCC unroll 16
    for (int r = 0; r < 16; ++r) v[r] = r < rows ? _mm512_maskz_loadu_ps(mask, from + r * ld + p) : _mm512_setzero_ps();
    transpose_16x16(v);
#pragma GCC unroll 16
    for (int q = 0; q < 16; ++q)
      if (q < steps) _mm512_storeu_ps(to + (p + q) * step, v[q]);
  }
}

}  // namespace

const Avx512Leaves kAvx512 = {
    .ukernel = ukernel,
    .transpose = transpose,
};

}  // namespace pbgen::gemm_leaf
