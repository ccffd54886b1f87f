#include <immintrin.h>

#include "core/gemm/transpose_avx512.h"
#include "core/gemm/transpose_leaf.h"

namespace pbgen::transpose_leaf {
namespace {

void transpose_blocks(std::int64_t blocks, std::int64_t vectors, const float* from, std::int64_t from_step, std::int64_t vector_step,
                      float* to, std::int64_t to_step) {
  for (std::int64_t block = 0; block < blocks; ++block) {
    const float* const x = from + block * from_step;
    const auto vector = [&](std::int64_t r) { return r < vectors ? _mm256_load_ps(x + r * vector_step) : _mm256_setzero_ps(); };
    __m512 rows[8];
#pragma GCC unroll 8
    for (int r = 0; r < 8; ++r) {
      const int low = r / 4 * 8 + r % 4;
      rows[r] = _mm512_insertf32x8(_mm512_castps256_ps512(vector(low)), vector(low + 4), 1);
    }
    __m512 lanes[8];
    transpose_16x8(rows, lanes);
#pragma GCC unroll 8
    for (int q = 0; q < 8; ++q) _mm512_storeu_ps(to + block * to_step + q * kBlock, lanes[q]);
  }
}

}  // namespace

const Leaves kAvx512 = {.transpose_blocks = transpose_blocks};

}  // namespace pbgen::transpose_leaf
