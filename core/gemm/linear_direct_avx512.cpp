#include <immintrin.h>

#include "core/gemm/linear_direct_leaf.h"

namespace pbgen::linear_direct_leaf {
namespace {

constexpr std::int64_t kMostRows = 12;
constexpr std::int64_t kNear = 16;  // floats: a cache line

// base[index], which may lie outside the array: hence an address made of numbers.
void prefetch(const float* base, std::int64_t index) {
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(base) + static_cast<std::uintptr_t>(index) * sizeof(float);
  _mm_prefetch(reinterpret_cast<const char*>(address), _MM_HINT_T0);
}
constexpr std::int64_t kAhead = 12;  // terms

// Two slices side by side; or one, its neighbour 0.
template <bool kPair>
__m512 load(const float* x, std::int64_t x_step) {
  const __m256 first = _mm256_load_ps(x);
  return kPair ? _mm512_insertf32x8(_mm512_castps256_ps512(first), _mm256_load_ps(x + x_step), 1) : _mm512_zextps256_ps512(first);
}

//   registers  24 accumulators + 2 vectors + 1 weight = 27 of 32 zmm at 12 rows x 4 slices
//   loads      4 halves and 12 broadcasts for 24 FMAs: 16 of the 24 slots
//   ports      joining two halves is an operation of the ports that multiply: 2 for 24 FMAs
template <int kRows, int kSlices, bool kFar>
void product_tile(const TileWeights& weights, const TileStart& start, const float* x, std::int64_t x_step, float* y, std::int64_t y_step) {
  constexpr bool kPair = kSlices > 1;
  constexpr int kVectors = kSlices == 4 ? 2 : 1;
  constexpr int kChains = chains_of(kRows, kSlices);
  __m512 sum[kChains][kRows][kVectors];
#pragma GCC unroll 2
  for (int chain = 0; chain < kChains; ++chain)
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v)
        sum[chain][i][v] = chain > 0               ? _mm512_setzero_ps()
                           : start.accumulate      ? load<kPair>(y + 2 * v * y_step + i * 8, y_step)
                           : start.bias == nullptr ? _mm512_setzero_ps()
                                                   : _mm512_set1_ps(start.bias[i * start.bias_step]);
  // Three rows each are addressed from one pointer: twelve would not fit beside the rest.
  const std::int64_t row = weights.row_step;
  const std::int64_t inner_count = weights.inner_count;
  const std::int64_t inner_step = weights.inner_step;
  for (std::int64_t outer = 0; outer < weights.outer_count; ++outer) {
    const float* w[4];
#pragma GCC unroll 4
    for (int group = 0; group < 4; ++group) w[group] = weights.w + outer * weights.outer_step + (3 * group < kRows ? 3 * group * row : 0);
    std::int64_t inner = 0;
    for (; inner + kChains <= inner_count; inner += kChains) {
#pragma GCC unroll 2
      for (int chain = 0; chain < kChains; ++chain) {
        __m512 x_t[kVectors];
        if (kFar) {
          prefetch(w[0], kAhead * inner_step);
          prefetch(w[(kRows - 1) / 3], (kRows - 1) % 3 * row + kAhead * inner_step);
        }
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) x_t[v] = load<kPair>(x + 2 * v * x_step, x_step);
#pragma GCC unroll 12
        for (int i = 0; i < kRows; ++i) {
          const __m512 w_i = _mm512_set1_ps(w[i / 3][i % 3 * row]);
#pragma GCC unroll 2
          for (int v = 0; v < kVectors; ++v) sum[chain][i][v] = _mm512_fmadd_ps(w_i, x_t[v], sum[chain][i][v]);
        }
#pragma GCC unroll 4
        for (int group = 0; group < 4; ++group) w[group] += inner_step;
        x += 8;
      }
    }
    for (; inner < inner_count; ++inner) {
#pragma GCC unroll 12
      for (int i = 0; i < kRows; ++i) {
        const __m512 w_i = _mm512_set1_ps(w[i / 3][i % 3 * row]);
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; ++v) sum[0][i][v] = _mm512_fmadd_ps(w_i, load<kPair>(x + 2 * v * x_step, x_step), sum[0][i][v]);
      }
#pragma GCC unroll 4
      for (int group = 0; group < 4; ++group) w[group] += inner_step;
      x += 8;
    }
  }
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v)
#pragma GCC unroll 12
    for (int i = 0; i < kRows; ++i) {
      const __m512 total = kChains == 2 ? _mm512_add_ps(sum[0][i][v], sum[kChains - 1][i][v]) : sum[0][i][v];
      _mm256_store_ps(y + 2 * v * y_step + i * 8, _mm512_castps512_ps256(total));
      if (kPair) _mm256_store_ps(y + (2 * v + 1) * y_step + i * 8, _mm512_extractf32x8_ps(total, 1));
    }
}

// The columns below count, which is at least 1.
__mmask16 mask_of(std::int64_t count) { return static_cast<__mmask16>(count >= 16 ? 0xffff : (1 << count) - 1); }

//   registers  24 accumulators + 2 vectors + 1 broadcast = 27 of 32 zmm
//   loads      2 vectors and 12 broadcasts for 24 FMAs: 14 of the 24 slots
// Two chains where a row of dw ends in half a vector or less.
template <int kRows, int kBlocks, int kChains>
void gradient_tile(std::int64_t columns, std::int64_t slices, const float* dy, std::int64_t dy_step, const float* x, float beta, float* dw,
                   std::int64_t row_step) {
  __m512 sum[kRows][2];  // [row][block or chain]
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) sum[i][0] = sum[i][1] = _mm512_setzero_ps();
  const std::int64_t block_floats = slices * 8 * kColumns;
  for (std::int64_t n = 0; n < slices; ++n, dy += dy_step, x += 8 * kColumns) {
#pragma GCC unroll 8
    for (int image = 0; image < 8; ++image) {
      __m512 x_n[kBlocks];
#pragma GCC unroll 2
      for (int block = 0; block < kBlocks; ++block) x_n[block] = _mm512_loadu_ps(x + block * block_floats + image * kColumns);
#pragma GCC unroll 12
      for (int i = 0; i < kRows; ++i) {
        const __m512 d = _mm512_set1_ps(dy[i * 8 + image]);
#pragma GCC unroll 2
        for (int block = 0; block < kBlocks; ++block) {
          __m512& target = sum[i][kChains == 2 ? image % 2 : block];
          target = _mm512_fmadd_ps(d, x_n[block], target);
        }
      }
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
    float* const row = dw + i * row_step;
    if (kChains == 2) sum[i][0] = _mm512_add_ps(sum[i][0], sum[i][1]);
#pragma GCC unroll 2
    for (int block = 0; block < kBlocks; ++block) {
      const __mmask16 mask = mask_of(columns - block * kColumns);
      float* const to = row + block * kColumns;
      _mm512_mask_storeu_ps(to, mask, beta == 0.0f ? sum[i][block] : _mm512_add_ps(_mm512_maskz_loadu_ps(mask, to), sum[i][block]));
    }
  }
}

void product_tile(std::int64_t rows, std::int64_t slices, const TileWeights& weights, const TileStart& start, const float* x,
                  std::int64_t x_step, float* y, std::int64_t y_step) {
  using Instance = void (*)(const TileWeights&, const TileStart&, const float*, std::int64_t, float*, std::int64_t);
  static constexpr Instance kTiles[2][3][kMostRows] = {
      {
       {product_tile<1, 1, false>, product_tile<2, 1, false>, product_tile<3, 1, false>, product_tile<4, 1, false>, product_tile<5, 1,
        false>, product_tile<6, 1, false>, product_tile<7, 1, false>, product_tile<8, 1, false>, product_tile<9, 1, false>,
        product_tile<10, 1, false>, product_tile<11, 1, false>, product_tile<12, 1, false>},
       {product_tile<1, 2, false>, product_tile<2, 2, false>, product_tile<3, 2, false>, product_tile<4, 2, false>, product_tile<5, 2,
        false>, product_tile<6, 2, false>, product_tile<7, 2, false>, product_tile<8, 2, false>, product_tile<9, 2, false>,
        product_tile<10, 2, false>, product_tile<11, 2, false>, product_tile<12, 2, false>},
       {product_tile<1, 4, false>, product_tile<2, 4, false>, product_tile<3, 4, false>, product_tile<4, 4, false>, product_tile<5, 4,
        false>, product_tile<6, 4, false>, product_tile<7, 4, false>, product_tile<8, 4, false>, product_tile<9, 4, false>,
        product_tile<10, 4, false>, product_tile<11, 4, false>, product_tile<12, 4, false>},
      },
      {
       {product_tile<1, 1, true>, product_tile<2, 1, true>, product_tile<3, 1, true>, product_tile<4, 1, true>, product_tile<5, 1,
        true>, product_tile<6, 1, true>, product_tile<7, 1, true>, product_tile<8, 1, true>, product_tile<9, 1, true>,
        product_tile<10, 1, true>, product_tile<11, 1, true>, product_tile<12, 1, true>},
       {product_tile<1, 2, true>, product_tile<2, 2, true>, product_tile<3, 2, true>, product_tile<4, 2, true>, product_tile<5, 2,
        true>, product_tile<6, 2, true>, product_tile<7, 2, true>, product_tile<8, 2, true>, product_tile<9, 2, true>,
        product_tile<10, 2, true>, product_tile<11, 2, true>, product_tile<12, 2, true>},
       {product_tile<1, 4, true>, product_tile<2, 4, true>, product_tile<3, 4, true>, product_tile<4, 4, true>, product_tile<5, 4,
        true>, product_tile<6, 4, true>, product_tile<7, 4, true>, product_tile<8, 4, true>, product_tile<9, 4, true>,
        product_tile<10, 4, true>, product_tile<11, 4, true>, product_tile<12, 4, true>},
      },
  };
  // Rows of neighbouring weights lie in one or two lines; where the next term's lie far from them, no hardware looks ahead.
  const bool far = weights.row_step < kNear && weights.inner_step >= kNear;
  kTiles[far ? 1 : 0][slices / 2][rows - 1](weights, start, x, x_step, y, y_step);
}

void gradient_tile(std::int64_t rows, std::int64_t columns, std::int64_t slices, const float* dy, std::int64_t dy_step, const float* x,
                   float beta, float* dw, std::int64_t row_step) {
  using Instance = void (*)(std::int64_t, std::int64_t, const float*, std::int64_t, const float*, float, float*, std::int64_t);
  static constexpr Instance kTiles[3][kMostRows] = {
      {gradient_tile<1, 1, 2>, gradient_tile<2, 1, 2>, gradient_tile<3, 1, 2>, gradient_tile<4, 1, 2>, gradient_tile<5, 1, 2>,
       gradient_tile<6, 1, 2>, gradient_tile<7, 1, 2>, gradient_tile<8, 1, 2>, gradient_tile<9, 1, 2>, gradient_tile<10, 1, 2>,
       gradient_tile<11, 1, 2>, gradient_tile<12, 1, 2>},
      {gradient_tile<1, 1, 1>, gradient_tile<2, 1, 1>, gradient_tile<3, 1, 1>, gradient_tile<4, 1, 1>, gradient_tile<5, 1, 1>,
       gradient_tile<6, 1, 1>, gradient_tile<7, 1, 1>, gradient_tile<8, 1, 1>, gradient_tile<9, 1, 1>, gradient_tile<10, 1, 1>,
       gradient_tile<11, 1, 1>, gradient_tile<12, 1, 1>},
      {gradient_tile<1, 2, 1>, gradient_tile<2, 2, 1>, gradient_tile<3, 2, 1>, gradient_tile<4, 2, 1>, gradient_tile<5, 2, 1>,
       gradient_tile<6, 2, 1>, gradient_tile<7, 2, 1>, gradient_tile<8, 2, 1>, gradient_tile<9, 2, 1>, gradient_tile<10, 2, 1>,
       gradient_tile<11, 2, 1>, gradient_tile<12, 2, 1>},
  };
  kTiles[columns > kColumns ? 2 : columns > kColumns / 2 ? 1 : 0][rows - 1](columns, slices, dy, dy_step, x, beta, dw, row_step);
}

}  // namespace

const Leaves kAvx512 = {
    .most_rows = kMostRows,
    .most_slices = 4,
    .most_columns = 2 * kColumns,
    .product_tile = product_tile,
    .gradient_tile = gradient_tile,
};

}  // namespace pbgen::linear_direct_leaf
