#include <immintrin.h>

#include "core/conv/conv_direct_weight_gradient_leaf.h"
#include "core/gemm/transpose_avx512.h"

namespace pbgen::conv_weight_gradient_leaf {
namespace {

// With mr = 8 and two vectors of small channels:
//   registers  16 accumulators + 2 of small + 1 of big = 19 of 32
//   latency    16 independent FMAs >= 2 ports * 4 cycles; 8 for the tiles of half as many
//   loads      2 of small and 8 broadcasts of big for 16 FMAs: 10 of the 16 slots
template <int mr, int vectors>
void tile(const TapPixels& pixels, bool accumulate, float* sums, std::int64_t row_step) {
  __m512 sum[mr][vectors];
#pragma GCC unroll 12
  for (int i = 0; i < mr; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sum[i][v] = _mm512_setzero_ps();
  for (std::int64_t slice = 0; slice < pixels.slices; ++slice) {
    for (std::int64_t row = 0; row < pixels.rows; ++row) {
      const float* big = pixels.big + slice * pixels.big_slice_step + row * pixels.big_row_step;
      const float* small = pixels.small + slice * pixels.small_slice_step + row * pixels.small_row_step;
      for (std::int64_t column = 0; column < pixels.columns; ++column) {
        for (int first = 0; first < kLanes; first += 2) {
#pragma GCC unroll 2  // unrolled further, g++ 12 moves accumulators about
          for (int lane = first; lane < first + 2; ++lane) {
            __m512 b[vectors];
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v) b[v] = _mm512_load_ps(small + (lane * vectors + v) * 16);
#pragma GCC unroll 12
            for (int i = 0; i < mr; ++i) {
              const __m512 a = _mm512_set1_ps(big[i * kLanes + lane]);
#pragma GCC unroll 2
              for (int v = 0; v < vectors; ++v) sum[i][v] = _mm512_fmadd_ps(a, b[v], sum[i][v]);
            }
          }
        }
        big += mr * kLanes;
        small += kLanes * vectors * 16;
      }
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < mr; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      float* const to = sums + i * row_step + v * 16;
      _mm512_store_ps(to, accumulate ? _mm512_add_ps(_mm512_load_ps(to), sum[i][v]) : sum[i][v]);
    }
}

void transpose_vectors(const float* from, float* to, std::int64_t step) {
  __m512 v[4];
  transpose_8x8(from, 8, v);
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q) {
    _mm256_store_ps(to + q * step, _mm512_castps512_ps256(v[q]));
    _mm256_store_ps(to + (q + 4) * step, _mm512_extractf32x8_ps(v[q], 1));
  }
}

void store_transposed(std::int64_t count, const float* from, std::int64_t step, bool accumulate, float* to, std::int64_t ld) {
  const auto store = [accumulate](float* at, __m256 sums) {
    _mm256_storeu_ps(at, accumulate ? _mm256_add_ps(_mm256_loadu_ps(at), sums) : sums);
  };
  std::int64_t p = 0;
  for (; p + 8 <= count; p += 8) {
    __m512 v[4];
    transpose_8x8(from + p * step, step, v);
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) {
      store(to + q * ld + p, _mm512_castps512_ps256(v[q]));
      store(to + (q + 4) * ld + p, _mm512_extractf32x8_ps(v[q], 1));
    }
  }
  for (; p < count; ++p)
    for (std::int64_t j = 0; j < 8; ++j) to[j * ld + p] = accumulate ? to[j * ld + p] + from[p * step + j] : from[p * step + j];
}

}  // namespace

const Leaves kAvx512 = {
    .mr = {8, 4, 0},
    .nr = 32,
    .few_nr = 16,
    .tiles = {tile<8, 2>, tile<4, 2>, nullptr},
    .few_tiles = {tile<8, 1>, tile<4, 1>, nullptr},
    .transpose_8x8 = transpose_vectors,
    .store_transposed = store_transposed,
};

}  // namespace pbgen::conv_weight_gradient_leaf
