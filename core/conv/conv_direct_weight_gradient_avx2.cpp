#include <immintrin.h>

#include "core/conv/conv_direct_weight_gradient_leaf.h"
#include "core/gemm/transpose_avx2.h"

namespace pbgen::conv_weight_gradient_leaf {
namespace {

// With mr = 6 and two vectors of small channels:
//   registers  12 accumulators + 2 of small + 1 of big = 15 of 16 ymm
//   latency    12 independent FMAs >= 2 ports * 5 cycles
//   loads      2 of small and 6 broadcasts of big for 12 FMAs: 8 of the 12 slots
// The other tiles have 8, 6 and 4 chains: fewer than the latency asks for, but the padding that they spare costs more.
template <int mr, int vectors>
void tile(const TapPixels& pixels, bool accumulate, float* sums, std::int64_t row_step) {
  __m256 sum[mr][vectors];
#pragma GCC unroll 6
  for (int i = 0; i < mr; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sum[i][v] = _mm256_setzero_ps();
  for (std::int64_t slice = 0; slice < pixels.slices; ++slice) {
    for (std::int64_t row = 0; row < pixels.rows; ++row) {
      const float* big = pixels.big + slice * pixels.big_slice_step + row * pixels.big_row_step;
      const float* small = pixels.small + slice * pixels.small_slice_step + row * pixels.small_row_step;
      for (std::int64_t column = 0; column < pixels.columns; ++column) {
#pragma GCC unroll 8
        for (int lane = 0; lane < kLanes; ++lane) {
          __m256 b[vectors];
#pragma GCC unroll 2
          for (int v = 0; v < vectors; ++v) b[v] = _mm256_load_ps(small + (lane * vectors + v) * 8);
#pragma GCC unroll 6  // without it g++ 12 stores the accumulators to the stack every step
          for (int i = 0; i < mr; ++i) {
            const __m256 a = _mm256_broadcast_ss(big + i * kLanes + lane);
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v) sum[i][v] = _mm256_fmadd_ps(a, b[v], sum[i][v]);
          }
        }
        big += mr * kLanes;
        small += kLanes * vectors * 8;
      }
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < mr; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      float* const to = sums + i * row_step + v * 8;
      _mm256_store_ps(to, accumulate ? _mm256_add_ps(_mm256_load_ps(to), sum[i][v]) : sum[i][v]);
    }
}

void transpose_vectors(const float* from, float* to, std::int64_t step) {
  __m256 v[8];
#pragma GCC unroll 8
  for (int r = 0; r < 8; ++r) v[r] = _mm256_loadu_ps(from + r * 8);
  transpose_8x8(v);
#pragma GCC unroll 8
  for (int r = 0; r < 8; ++r) _mm256_store_ps(to + r * step, v[r]);
}

void store_transposed(std::int64_t count, const float* from, std::int64_t step, bool accumulate, float* to, std::int64_t ld) {
  std::int64_t p = 0;
  for (; p + 8 <= count; p += 8) {
    __m256 v[8];
#pragma GCC unroll 8
    for (int r = 0; r < 8; ++r) v[r] = _mm256_load_ps(from + (p + r) * step);
    transpose_8x8(v);
#pragma GCC unroll 8
    for (int r = 0; r < 8; ++r) {
      float* const row = to + r * ld + p;
      _mm256_storeu_ps(row, accumulate ? _mm256_add_ps(_mm256_loadu_ps(row), v[r]) : v[r]);
    }
  }
  for (; p < count; ++p)
    for (std::int64_t j = 0; j < 8; ++j) to[j * ld + p] = accumulate ? to[j * ld + p] + from[p * step + j] : from[p * step + j];
}

}  // namespace

const Leaves kAvx2 = {
    .mr = {6, 4, 0},
    .nr = 16,
    .few_nr = 8,
    .tiles = {tile<6, 2>, tile<4, 2>, nullptr},
    .few_tiles = {tile<6, 1>, tile<4, 1>, nullptr},
    .transpose_8x8 = transpose_vectors,
    .store_transposed = store_transposed,
};

}  // namespace pbgen::conv_weight_gradient_leaf
