#include <immintrin.h>

#include "core/conv/conv_direct_narrow_leaf.h"
#include "core/conv/lanes_avx512.h"

namespace pbgen::conv_direct_narrow_leaf {
namespace {

//   registers  at 3 channels and 8 pixels: 24 accumulators + 3 weights + 1 vector = 28 of 32
//   loads      8 vectors and 3 broadcasts for 24 FMAs: 11 of the 24 slots
template <class Lanes, int kChannels, int kPixels>
void to_big_tile(std::int64_t taps, const float* const* from, std::int64_t from_step, const float* const* weights, std::int64_t c_small,
                 const float* bias, float* to, std::int64_t to_step, std::int64_t to_slice, Ahead ahead) {
  using Vector = typename Lanes::Vector;
  Vector sum[kPixels][kChannels];
#pragma GCC unroll 8
  for (int j = 0; j < kPixels; ++j)
#pragma GCC unroll 4
    for (int b = 0; b < kChannels; ++b) sum[j][b] = bias == nullptr ? Lanes::zero() : Lanes::broadcast(bias + b);
  for (std::int64_t t = 0; t < taps; ++t) {
    const float* x[kPixels];
#pragma GCC unroll 8
    for (int j = 0; j < kPixels; ++j) x[j] = from[t] + j * from_step;
    const float* w = weights[t];
    for (std::int64_t s = 0; s < c_small; ++s, w += kChannels, ahead.from += ahead.step) {
      _mm_prefetch(reinterpret_cast<const char*>(ahead.from), _MM_HINT_T1);
      Vector w_s[kChannels];
#pragma GCC unroll 4
      for (int b = 0; b < kChannels; ++b) w_s[b] = Lanes::broadcast(w + b);
#pragma GCC unroll 8
      for (int j = 0; j < kPixels; ++j) {
        Vector x_s = Lanes::load(x[j] + s * Lanes::kSlices * 8);
        asm("" : "+v"(x_s));  // else g++ 12 loads it anew for each FMA
#pragma GCC unroll 4
        for (int b = 0; b < kChannels; ++b) sum[j][b] = Lanes::multiply_add(x_s, w_s[b], sum[j][b]);
      }
    }
  }
#pragma GCC unroll 2
  for (int i = 0; i < Lanes::kSlices; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < kPixels; ++j)
#pragma GCC unroll 4
      for (int b = 0; b < kChannels; ++b) _mm256_store_ps(to + i * to_slice + j * to_step + b * 8, Lanes::slice(sum[j][b], i));
}

//   registers  24 accumulators + 2 vectors + 1 weight = 27 of 32
//   loads      2 vectors and 12 broadcasts for 24 FMAs: 14 of the 24 slots
template <class Lanes, int kRows, int kColumns>
void to_small_tile(std::int64_t lines, const float* const* lines_of, std::int64_t values, std::int64_t step, const float* w,
                   const float* bias, float* to, std::int64_t to_step, std::int64_t to_slice) {
  using Vector = typename Lanes::Vector;
  constexpr int kFloats = Lanes::kSlices * 8;
#pragma GCC unroll 2
  for (int k = 0; k < Lanes::kSlices; ++k)
#pragma GCC unroll 2
    for (int j = 0; j < kColumns; ++j)
#pragma GCC unroll 6
      for (int i = 0; i < kRows; i += 2) _mm_prefetch(reinterpret_cast<const char*>(to + k * to_slice + j * to_step + i * 8), _MM_HINT_T0);
  Vector sum[kRows][kColumns];
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 2
    for (int j = 0; j < kColumns; ++j) sum[i][j] = bias == nullptr ? Lanes::zero() : Lanes::broadcast(bias + i);
  for (std::int64_t r = 0; r < lines; ++r) {
    const float* x = lines_of[r];
    for (std::int64_t v = 0; v < values; ++v, x += kFloats, w += kRows) {
      Vector x_v[kColumns];
#pragma GCC unroll 2
      for (int j = 0; j < kColumns; ++j) x_v[j] = Lanes::load(x + j * step * kFloats);
#pragma GCC unroll 12
      for (int i = 0; i < kRows; ++i) {
        const Vector w_i = Lanes::broadcast(w + i);
#pragma GCC unroll 2
        for (int j = 0; j < kColumns; ++j) sum[i][j] = Lanes::multiply_add(w_i, x_v[j], sum[i][j]);
      }
    }
  }
#pragma GCC unroll 2
  for (int k = 0; k < Lanes::kSlices; ++k)
#pragma GCC unroll 2
    for (int j = 0; j < kColumns; ++j)
#pragma GCC unroll 12
      for (int i = 0; i < kRows; ++i) _mm256_store_ps(to + k * to_slice + j * to_step + i * 8, Lanes::slice(sum[i][j], k));
}

//   registers  at 8 values and 2 blocks: 16 accumulators + 2 vectors + 1 broadcast = 19 of 32
//   loads      2 vectors and 8 broadcasts for 16 FMAs: 10 of the 16 slots
template <int kBlocks, int kValues>
void gradient_tile(std::int64_t pixels, const float* small, std::int64_t small_block, const float* line, std::int64_t step, float* sums,
                   std::int64_t sums_block, Ahead ahead) {
  __m512 sum[kValues][kBlocks];
#pragma GCC unroll 8
  for (int v = 0; v < kValues; ++v)
#pragma GCC unroll 2
    for (int k = 0; k < kBlocks; ++k) sum[v][k] = _mm512_load_ps(sums + k * sums_block + v * 16);
  for (std::int64_t p = 0; p < pixels; ++p, small += 8 * 16, line += step * 8) {
#pragma GCC unroll 8
    for (int image = 0; image < 8; ++image, ahead.from += ahead.step) {
      _mm_prefetch(reinterpret_cast<const char*>(ahead.from), _MM_HINT_T1);
      __m512 s[kBlocks];
#pragma GCC unroll 2
      for (int k = 0; k < kBlocks; ++k) s[k] = _mm512_load_ps(small + k * small_block + image * 16);
#pragma GCC unroll 8
      for (int v = 0; v < kValues; ++v) {
        const __m512 x = _mm512_set1_ps(line[v * 8 + image]);
#pragma GCC unroll 2
        for (int k = 0; k < kBlocks; ++k) sum[v][k] = _mm512_fmadd_ps(x, s[k], sum[v][k]);
      }
    }
  }
#pragma GCC unroll 8
  for (int v = 0; v < kValues; ++v)
#pragma GCC unroll 2
    for (int k = 0; k < kBlocks; ++k) _mm512_store_ps(sums + k * sums_block + v * 16, sum[v][k]);
}

using ToBig = void (*)(std::int64_t, const float* const*, std::int64_t, const float* const*, std::int64_t, const float*, float*,
                       std::int64_t, std::int64_t, Ahead);
// [channels][binary logarithm of the pixels]
template <class Lanes>
constexpr ToBig kToBig[kMostBigChannels][4] = {
    {to_big_tile<Lanes, 1, 1>, to_big_tile<Lanes, 1, 2>, to_big_tile<Lanes, 1, 4>, to_big_tile<Lanes, 1, 8>},
    {to_big_tile<Lanes, 2, 1>, to_big_tile<Lanes, 2, 2>, to_big_tile<Lanes, 2, 4>, to_big_tile<Lanes, 2, 8>},
    {to_big_tile<Lanes, 3, 1>, to_big_tile<Lanes, 3, 2>, to_big_tile<Lanes, 3, 4>, to_big_tile<Lanes, 3, 8>},
    {to_big_tile<Lanes, 4, 1>, to_big_tile<Lanes, 4, 2>, to_big_tile<Lanes, 4, 4>, nullptr},
};

void to_big_tile(std::int64_t slices, std::int64_t c_big, std::int64_t pixels, std::int64_t taps, const float* const* from,
                 std::int64_t from_step, const float* const* weights, std::int64_t c_small, const float* bias, float* to,
                 std::int64_t to_step, std::int64_t to_slice, Ahead ahead) {
  const auto& tiles = slices == 2 ? kToBig<TwoSlices> : kToBig<OneSlice>;
  tiles[c_big - 1][pixels == 8 ? 3 : pixels / 2](taps, from, from_step, weights, c_small, bias, to, to_step, to_slice, ahead);
}

constexpr std::int64_t kMostRows = 12;
constexpr std::int64_t kMostColumns = 2;

using ToSmall = void (*)(std::int64_t, const float* const*, std::int64_t, std::int64_t, const float*, const float*, float*, std::int64_t,
                         std::int64_t);
template <class Lanes, int columns>
constexpr ToSmall kToSmall[kMostRows] = {
    to_small_tile<Lanes, 1, columns>,  to_small_tile<Lanes, 2, columns>,  to_small_tile<Lanes, 3, columns>,
    to_small_tile<Lanes, 4, columns>,  to_small_tile<Lanes, 5, columns>,  to_small_tile<Lanes, 6, columns>,
    to_small_tile<Lanes, 7, columns>,  to_small_tile<Lanes, 8, columns>,  to_small_tile<Lanes, 9, columns>,
    to_small_tile<Lanes, 10, columns>, to_small_tile<Lanes, 11, columns>, to_small_tile<Lanes, 12, columns>};

void to_small_tile(std::int64_t slices, std::int64_t rows, std::int64_t columns, std::int64_t lines, const float* const* lines_of,
                   std::int64_t values, std::int64_t step, const float* w, const float* bias, float* to, std::int64_t to_step,
                   std::int64_t to_slice) {
  const ToSmall* const tiles = slices == 2 ? (columns == 2 ? kToSmall<TwoSlices, 2> : kToSmall<TwoSlices, 1>)
                                           : (columns == 2 ? kToSmall<OneSlice, 2> : kToSmall<OneSlice, 1>);
  tiles[rows - 1](lines, lines_of, values, step, w, bias, to, to_step, to_slice);
}

constexpr std::int64_t kMostValues = 8;

void gradient_tile(std::int64_t blocks, std::int64_t values, std::int64_t pixels, const float* small, std::int64_t small_block,
                   const float* line, std::int64_t step, float* sums, std::int64_t sums_block, Ahead ahead) {
  using Instance = void (*)(std::int64_t, const float*, std::int64_t, const float*, std::int64_t, float*, std::int64_t, Ahead);
  static constexpr Instance kTiles[2][kMostValues] = {
      {gradient_tile<1, 1>, gradient_tile<1, 2>, gradient_tile<1, 3>, gradient_tile<1, 4>, gradient_tile<1, 5>, gradient_tile<1, 6>,
       gradient_tile<1, 7>, gradient_tile<1, 8>},
      {gradient_tile<2, 1>, gradient_tile<2, 2>, gradient_tile<2, 3>, gradient_tile<2, 4>, gradient_tile<2, 5>, gradient_tile<2, 6>,
       gradient_tile<2, 7>, gradient_tile<2, 8>},
  };
  kTiles[blocks - 1][values - 1](pixels, small, small_block, line, step, sums, sums_block, ahead);
}

}  // namespace

const Leaves kAvx512 = {
    .slices = 2,
    .most_pixels = {8, 8, 8, 4},
    .most_rows = kMostRows,
    .most_columns = kMostColumns,
    .most_blocks = 2,
    .most_values = kMostValues,
    .copy_side_by_side = copy_side_by_side,
    .to_big_tile = to_big_tile,
    .to_small_tile = to_small_tile,
    .gradient_tile = gradient_tile,
};

}  // namespace pbgen::conv_direct_narrow_leaf
