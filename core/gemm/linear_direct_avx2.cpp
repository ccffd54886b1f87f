#include <immintrin.h>

#include "core/gemm/linear_direct_leaf.h"

namespace pbgen::linear_direct_leaf {
namespace {

float sum_of_lanes(__m256 v) {
  const __m128 halves = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 pairs = _mm_add_ps(halves, _mm_movehl_ps(halves, halves));
  return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehdup_ps(pairs)));
}

constexpr std::int64_t kMostRows = 6;

//   registers  12 accumulators + 2 vectors + 1 weight = 15 of 16 ymm at 6 x 2; 12 + 1 + 1 at 6 x 1 in two chains
//   loads      2 vectors and 6 broadcasts for 12 FMAs: 8 of the 12 slots
template <int kRows, int kSlices>
void product_tile(const TileWeights& weights, const TileStart& start, const float* x, std::int64_t x_step, float* y, std::int64_t y_step) {
  constexpr int kChains = chains_of(kRows, kSlices);
  __m256 sum[kChains][kRows][kSlices];
#pragma GCC unroll 2
  for (int chain = 0; chain < kChains; ++chain)
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
      for (int n = 0; n < kSlices; ++n)
        sum[chain][i][n] = chain > 0               ? _mm256_setzero_ps()
                           : start.accumulate      ? _mm256_load_ps(y + n * y_step + i * 8)
                           : start.bias == nullptr ? _mm256_setzero_ps()
                                                   : _mm256_broadcast_ss(start.bias + i * start.bias_step);
  // Rows 0, 1, 2 and 3, 4, 5 are addressed from two pointers: six would not fit beside the rest.
  const std::int64_t row = weights.row_step;
  const std::int64_t inner_count = weights.inner_count;
  const std::int64_t inner_step = weights.inner_step;
  for (std::int64_t outer = 0; outer < weights.outer_count; ++outer) {
    const float* w0 = weights.w + outer * weights.outer_step;
    const float* w3 = kRows > 3 ? w0 + 3 * row : w0;
    std::int64_t inner = 0;
    for (; inner + kChains <= inner_count; inner += kChains) {
#pragma GCC unroll 2
      for (int chain = 0; chain < kChains; ++chain) {
        __m256 x_t[kSlices];
#pragma GCC unroll 4
        for (int n = 0; n < kSlices; ++n) x_t[n] = _mm256_load_ps(x + n * x_step);
#pragma GCC unroll 6
        for (int i = 0; i < kRows; ++i) {
          const __m256 w_i = _mm256_broadcast_ss(i < 3 ? w0 + i * row : w3 + (i - 3) * row);
#pragma GCC unroll 4
          for (int n = 0; n < kSlices; ++n) sum[chain][i][n] = _mm256_fmadd_ps(w_i, x_t[n], sum[chain][i][n]);
        }
        w0 += inner_step;
        w3 += inner_step;
        x += 8;
      }
    }
    for (; inner < inner_count; ++inner) {
#pragma GCC unroll 6
      for (int i = 0; i < kRows; ++i) {
        const __m256 w_i = _mm256_broadcast_ss(i < 3 ? w0 + i * row : w3 + (i - 3) * row);
#pragma GCC unroll 4
        for (int n = 0; n < kSlices; ++n) sum[0][i][n] = _mm256_fmadd_ps(w_i, _mm256_load_ps(x + n * x_step), sum[0][i][n]);
      }
      w0 += inner_step;
      w3 += inner_step;
      x += 8;
    }
  }
#pragma GCC unroll 4
  for (int n = 0; n < kSlices; ++n)
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i) {
      const __m256 total = kChains == 2 ? _mm256_add_ps(sum[0][i][n], sum[kChains - 1][i][n]) : sum[0][i][n];
      _mm256_store_ps(y + n * y_step + i * 8, total);
    }
}

// The lanes below count.
__m256i mask_of(std::int64_t count) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lane);
}

//   registers  12 accumulators + 2 vectors + 1 broadcast = 15 of 16 ymm
//   loads      2 vectors and 6 broadcasts for 12 FMAs: 8 of the 12 slots
// One vector a row is the rest of a row of dw: two chains then hide the latency.
template <int kRows, int kVectors>
void gradient_tile(std::int64_t columns, std::int64_t slices, const float* dy, std::int64_t dy_step, const float* x, float beta, float* dw,
                   std::int64_t row_step) {
  constexpr int kChains = kVectors == 1 ? 2 : 1;
  __m256 sum[kRows][2];  // [row][vector or chain]
#pragma GCC unroll 6
  for (int i = 0; i < kRows; ++i) sum[i][0] = sum[i][1] = _mm256_setzero_ps();
  for (std::int64_t n = 0; n < slices; ++n, dy += dy_step, x += 8 * kColumns) {
#pragma GCC unroll 8
    for (int image = 0; image < 8; ++image) {
      __m256 x_n[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) x_n[v] = _mm256_load_ps(x + image * kColumns + v * 8);
#pragma GCC unroll 6
      for (int i = 0; i < kRows; ++i) {
        const __m256 d = _mm256_broadcast_ss(dy + i * 8 + image);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) {
          __m256& target = sum[i][kChains == 2 ? image % 2 : v];
          target = _mm256_fmadd_ps(d, x_n[v], target);
        }
      }
    }
  }
  if (columns == kVectors * 8) {
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i) {
      float* const row = dw + i * row_step;
      if (kChains == 2) sum[i][0] = _mm256_add_ps(sum[i][0], sum[i][1]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v)
        _mm256_storeu_ps(row + v * 8, beta == 0.0f ? sum[i][v] : _mm256_add_ps(_mm256_loadu_ps(row + v * 8), sum[i][v]));
    }
    return;
  }
#pragma GCC unroll 6
  for (int i = 0; i < kRows; ++i) {
    float* const row = dw + i * row_step;
    if (kChains == 2) sum[i][0] = _mm256_add_ps(sum[i][0], sum[i][1]);
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const __m256i mask = mask_of(columns - v * 8);
      _mm256_maskstore_ps(row + v * 8, mask, beta == 0.0f ? sum[i][v] : _mm256_add_ps(_mm256_maskload_ps(row + v * 8, mask), sum[i][v]));
    }
  }
}

void product_tile(std::int64_t rows, std::int64_t slices, const TileWeights& weights, const TileStart& start, const float* x,
                  std::int64_t x_step, float* y, std::int64_t y_step) {
  using Instance = void (*)(const TileWeights&, const TileStart&, const float*, std::int64_t, float*, std::int64_t);
  static constexpr Instance kTiles[3][kMostRows] = {
      {product_tile<1, 1>, product_tile<2, 1>, product_tile<3, 1>, product_tile<4, 1>, product_tile<5, 1>, product_tile<6, 1>},
      {product_tile<1, 2>, product_tile<2, 2>, product_tile<3, 2>, product_tile<4, 2>, product_tile<5, 2>, product_tile<6, 2>},
      {product_tile<1, 4>, product_tile<2, 4>, product_tile<3, 4>, nullptr, nullptr, nullptr},
  };
  kTiles[slices / 2][rows - 1](weights, start, x, x_step, y, y_step);
}

void gradient_tile(std::int64_t rows, std::int64_t columns, std::int64_t slices, const float* dy, std::int64_t dy_step, const float* x,
                        float beta, float* dw, std::int64_t row_step) {
  using Instance = void (*)(std::int64_t, std::int64_t, const float*, std::int64_t, const float*, float, float*, std::int64_t);
  static constexpr Instance kTiles[2][kMostRows] = {
      {gradient_tile<1, 1>, gradient_tile<2, 1>, gradient_tile<3, 1>, gradient_tile<4, 1>, gradient_tile<5, 1>, gradient_tile<6, 1>},
      {gradient_tile<1, 2>, gradient_tile<2, 2>, gradient_tile<3, 2>, gradient_tile<4, 2>, gradient_tile<5, 2>, gradient_tile<6, 2>},
  };
  kTiles[columns <= 8 ? 0 : 1][rows - 1](columns, slices, dy, dy_step, x, beta, dw, row_step);
}

void add_lane_sums(std::int64_t rows, std::int64_t slices, const float* dy, std::int64_t dy_step, float* db, std::int64_t db_step) {
  for (std::int64_t i = 0; i < rows; ++i) {
    __m256 sum = _mm256_load_ps(dy + i * 8);
    for (std::int64_t n = 1; n < slices; ++n) sum = _mm256_add_ps(sum, _mm256_load_ps(dy + n * dy_step + i * 8));
    db[i * db_step] += sum_of_lanes(sum);
  }
}

void lane_sums(std::int64_t slices, const float* dy, std::int64_t dy_step, const float* x, std::int64_t x_step, float* sums) {
  __m256 sum[kLaneSums];
#pragma GCC unroll 8
  for (int j = 0; j < kLaneSums; ++j) sum[j] = _mm256_setzero_ps();
  for (std::int64_t n = 0; n < slices; ++n) {
    const __m256 d = _mm256_load_ps(dy + n * dy_step);
#pragma GCC unroll 8
    for (int j = 0; j < kLaneSums; ++j) sum[j] = _mm256_fmadd_ps(d, _mm256_load_ps(x + n * x_step + j * 8), sum[j]);
  }
  // Sums of neighbouring lanes, then of their sums: quarter[h] holds four lanes' sums of vectors 4h .. 4h + 3 in each half.
  __m256 quarter[2];
#pragma GCC unroll 2
  for (int h = 0; h < 2; ++h)
    quarter[h] = _mm256_hadd_ps(_mm256_hadd_ps(sum[4 * h], sum[4 * h + 1]), _mm256_hadd_ps(sum[4 * h + 2], sum[4 * h + 3]));
  const __m256 low = _mm256_permute2f128_ps(quarter[0], quarter[1], 0x20);
  const __m256 high = _mm256_permute2f128_ps(quarter[0], quarter[1], 0x31);
  _mm256_storeu_ps(sums, _mm256_add_ps(low, high));
}

}  // namespace

const Leaves kAvx2 = {
    .most_rows = kMostRows,
    .most_slices = 2,
    .most_columns = kColumns,
    .product_tile = product_tile,
    .gradient_tile = gradient_tile,
};
const SumLeaves kSumsAvx2 = {
    .add_lane_sums = add_lane_sums,
    .lane_sums = lane_sums,
};

}  // namespace pbgen::linear_direct_leaf
