#include <immintrin.h>

#include "core/gemm/gemm_leaf.h"
#include "core/gemm/transpose_avx2.h"

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

//   registers  12 accumulators + 2 of b + 1 of a = 15 of 16 ymm
//   latency    12 independent FMAs >= 2 ports * 5 cycles; the 8 of four rows = 2 ports * 4 cycles
//   loads      2 of b and 6 broadcasts of a for 12 FMAs: 8 of the 12 slots
void ukernel(std::int64_t k, std::int64_t rows, const float* a, const float* b, bool accumulate, float* c, std::int64_t ldc) {
  if (rows > 4) {
    tile<6>(k, rows, a, b, accumulate, c, ldc);
  } else {
    tile<4>(k, rows, a, b, accumulate, c, ldc);
  }
}

void transpose(std::int64_t k, std::int64_t rows, const float* from, std::int64_t ld, float* to, std::int64_t step) {
  std::int64_t p = 0;
  for (; p + 8 <= k; p += 8) {
    __m256 v[8];
#pragma GCC unroll 8
    for (int r = 0; r < 8; ++r) v[r] = r < rows ? _mm256_loadu_ps(from + r * ld + p) : _mm256_setzero_ps();
    transpose_8x8(v);
#pragma GCC unroll 8
    for (int q = 0; q < 8; ++q) _mm256_storeu_ps(to + (p + q) * step, v[q]);
  }
  for (; p < k; ++p)
    for (std::int64_t r = 0; r < 8; ++r) to[p * step + r] = r < rows ? from[r * ld + p] : 0.0f;
}

}  // namespace

const Avx2Leaves kAvx2 = {
    .ukernel = ukernel,
    .transpose = transpose,
};

}  // namespace pbgen::gemm_leaf
