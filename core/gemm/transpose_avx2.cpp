#include <immintrin.h>

#include "core/gemm/transpose_avx2.h"
#include "core/gemm/transpose_leaf.h"

namespace pbgen::transpose_leaf {
namespace {

void transpose_blocks(std::int64_t blocks, std::int64_t vectors, const float* from, std::int64_t from_step, std::int64_t vector_step,
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
      transpose_8x8(rows);
#pragma GCC unroll 8
      for (int q = 0; q < 8; ++q) _mm256_store_ps(to + block * to_step + half * 8 + q * kBlock, rows[q]);
    }
}

}  // namespace

const Leaves kAvx2 = {.transpose_blocks = transpose_blocks};

}  // namespace pbgen::transpose_leaf
