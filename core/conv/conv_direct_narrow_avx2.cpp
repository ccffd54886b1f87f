#include <immintrin.h>

#include "core/conv/conv_direct_narrow_leaf.h"

namespace pbgen::conv_direct_narrow_leaf {
namespace {

//   registers  at 3 channels and 4 pixels: 12 accumulators + 3 weights + 1 vector = 16 ymm
//   loads      4 vectors and 3 broadcasts for 12 FMAs: 7 of the 12 slots
template <int kChannels, int kPixels>
void to_big_tile(std::int64_t taps, const float* const* from, std::int64_t from_step, const float* const* weights, std::int64_t c_small,
                 const float* bias, float* to, std::int64_t to_step, Ahead ahead) {
  __m256 sum[kPixels][kChannels];
#pragma GCC unroll 8
  for (int j = 0; j < kPixels; ++j)
#pragma GCC unroll 4
    for (int b = 0; b < kChannels; ++b) sum[j][b] = bias == nullptr ? _mm256_setzero_ps() : _mm256_broadcast_ss(bias + b);
  for (std::int64_t t = 0; t < taps; ++t) {
    const float* x[kPixels];
#pragma GCC unroll 8
    for (int j = 0; j < kPixels; ++j) x[j] = from[t] + j * from_step;
    const float* w = weights[t];
    for (std::int64_t s = 0; s < c_small; ++s, w += kChannels, ahead.from += ahead.step) {
      _mm_prefetch(reinterpret_cast<const char*>(ahead.from), _MM_HINT_T1);
      __m256 w_s[kChannels];
#pragma GCC unroll 4
      for (int b = 0; b < kChannels; ++b) w_s[b] = _mm256_broadcast_ss(w + b);
#pragma GCC unroll 8
      for (int j = 0; j < kPixels; ++j) {
        const __m256 x_s = _mm256_load_ps(x[j] + s * 8);
#pragma GCC unroll 4
        for (int b = 0; b < kChannels; ++b) sum[j][b] = _mm256_fmadd_ps(x_s, w_s[b], sum[j][b]);
      }
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < kPixels; ++j)
#pragma GCC unroll 4
    for (int b = 0; b < kChannels; ++b) _mm256_store_ps(to + j * to_step + b * 8, sum[j][b]);
}

//   registers  12 accumulators + 2 vectors + 1 weight = 15 of 16 ymm
//   loads      2 vectors and 6 broadcasts for 12 FMAs: 8 of the 12 slots
template <int kRows, int kColumns>
void to_small_tile(std::int64_t lines, const float* const* lines_of, std::int64_t values, std::int64_t step, const float* w,
                   const float* bias, float* to, std::int64_t to_step) {
  __m256 sum[kRows][kColumns];
#pragma GCC unroll 6
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < kColumns; ++j) sum[i][j] = bias == nullptr ? _mm256_setzero_ps() : _mm256_broadcast_ss(bias + i);
  for (std::int64_t r = 0; r < lines; ++r) {
    const float* x = lines_of[r];
    for (std::int64_t v = 0; v < values; ++v, x += 8, w += kRows) {
      __m256 x_v[kColumns];
#pragma GCC unroll 2
      for (int j = 0; j < kColumns; ++j) x_v[j] = _mm256_load_ps(x + j * step * 8);
#pragma GCC unroll 6
      for (int i = 0; i < kRows; ++i) {
        const __m256 w_i = _mm256_broadcast_ss(w + i);
#pragma GCC unroll 2
        for (int j = 0; j < kColumns; ++j) sum[i][j] = _mm256_fmadd_ps(w_i, x_v[j], sum[i][j]);
      }
    }
  }
#pragma GCC unroll 2
  for (int j = 0; j < kColumns; ++j)
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i) _mm256_store_ps(to + j * to_step + i * 8, sum[i][j]);
}

//   registers  at 5 values: 10 accumulators + 2 vectors + 1 broadcast = 13 of 16 ymm
//   loads      2 vectors and 5 broadcasts for 10 FMAs: 7 of the 10 slots
template <int kValues>
void gradient_tile(std::int64_t pixels, const float* small, const float* line, std::int64_t step, float* sums, Ahead ahead) {
  __m256 sum[kValues][2];
#pragma GCC unroll 6
  for (int v = 0; v < kValues; ++v) {
    sum[v][0] = _mm256_load_ps(sums + v * 16);
    sum[v][1] = _mm256_load_ps(sums + v * 16 + 8);
  }
  for (std::int64_t p = 0; p < pixels; ++p, small += 8 * 16, line += step * 8) {
#pragma GCC unroll 8
    for (int image = 0; image < 8; ++image, ahead.from += ahead.step) {
      _mm_prefetch(reinterpret_cast<const char*>(ahead.from), _MM_HINT_T1);
      const __m256 s0 = _mm256_load_ps(small + image * 16);
      const __m256 s1 = _mm256_load_ps(small + image * 16 + 8);
#pragma GCC unroll 6
      for (int v = 0; v < kValues; ++v) {
        const __m256 x = _mm256_broadcast_ss(line + v * 8 + image);
        sum[v][0] = _mm256_fmadd_ps(x, s0, sum[v][0]);
        sum[v][1] = _mm256_fmadd_ps(x, s1, sum[v][1]);
      }
    }
  }
#pragma GCC unroll 6
  for (int v = 0; v < kValues; ++v) {
    _mm256_store_ps(sums + v * 16, sum[v][0]);
    _mm256_store_ps(sums + v * 16 + 8, sum[v][1]);
  }
}

void copy_side_by_side(std::int64_t, std::int64_t vectors, const float* from, std::int64_t, float* to) {
  for (std::int64_t v = 0; v < vectors; ++v) _mm256_store_ps(to + v * 8, _mm256_load_ps(from + v * 8));
}

void to_big_tile(std::int64_t, std::int64_t c_big, std::int64_t pixels, std::int64_t taps, const float* const* from,
                 std::int64_t from_step, const float* const* weights, std::int64_t c_small, const float* bias, float* to,
                 std::int64_t to_step, std::int64_t, Ahead ahead) {
  using Instance = void (*)(std::int64_t, const float* const*, std::int64_t, const float* const*, std::int64_t, const float*, float*,
                            std::int64_t, Ahead);
  // [channels][binary logarithm of the pixels]
  static constexpr Instance kTiles[kMostBigChannels][4] = {
      {to_big_tile<1, 1>, to_big_tile<1, 2>, to_big_tile<1, 4>, to_big_tile<1, 8>},
      {to_big_tile<2, 1>, to_big_tile<2, 2>, to_big_tile<2, 4>, nullptr},
      {to_big_tile<3, 1>, to_big_tile<3, 2>, to_big_tile<3, 4>, nullptr},
      {to_big_tile<4, 1>, to_big_tile<4, 2>, nullptr, nullptr},
  };
  kTiles[c_big - 1][pixels == 8 ? 3 : pixels / 2](taps, from, from_step, weights, c_small, bias, to, to_step, ahead);
}

constexpr std::int64_t kMostRows = 6;
constexpr std::int64_t kMostColumns = 2;

void to_small_tile(std::int64_t, std::int64_t rows, std::int64_t columns, std::int64_t lines, const float* const* lines_of,
                   std::int64_t values, std::int64_t step, const float* w, const float* bias, float* to, std::int64_t to_step,
                   std::int64_t) {
  using Instance = void (*)(std::int64_t, const float* const*, std::int64_t, std::int64_t, const float*, const float*, float*,
                            std::int64_t);
  static constexpr Instance kTiles[kMostColumns][kMostRows] = {
      {to_small_tile<1, 1>, to_small_tile<2, 1>, to_small_tile<3, 1>, to_small_tile<4, 1>, to_small_tile<5, 1>, to_small_tile<6, 1>},
      {to_small_tile<1, 2>, to_small_tile<2, 2>, to_small_tile<3, 2>, to_small_tile<4, 2>, to_small_tile<5, 2>, to_small_tile<6, 2>},
  };
  kTiles[columns - 1][rows - 1](lines, lines_of, values, step, w, bias, to, to_step);
}

constexpr std::int64_t kMostValues = 6;

void gradient_tile(std::int64_t, std::int64_t values, std::int64_t pixels, const float* small, std::int64_t, const float* line,
                   std::int64_t step, float* sums, std::int64_t, Ahead ahead) {
  using Instance = void (*)(std::int64_t, const float*, const float*, std::int64_t, float*, Ahead);
  static constexpr Instance kTiles[kMostValues] = {gradient_tile<1>, gradient_tile<2>, gradient_tile<3>,
                                                   gradient_tile<4>, gradient_tile<5>, gradient_tile<6>};
  kTiles[values - 1](pixels, small, line, step, sums, ahead);
}

}  // namespace

const Leaves kAvx2 = {
    .slices = 1,
    .most_pixels = {8, 4, 4, 2},
    .most_rows = kMostRows,
    .most_columns = kMostColumns,
    .most_blocks = 1,
    .most_values = kMostValues,
    .copy_side_by_side = copy_side_by_side,
    .to_big_tile = to_big_tile,
    .to_small_tile = to_small_tile,
    .gradient_tile = gradient_tile,
};

}  // namespace pbgen::conv_direct_narrow_leaf
