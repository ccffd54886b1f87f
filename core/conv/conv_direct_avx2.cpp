#include <immintrin.h>

#include "core/conv/conv_direct_leaf.h"

namespace pbgen::conv_direct_leaf {
namespace {

//   registers  12 accumulators + 2 of the input + 1 weight = 15 of 16 ymm (12x1: 12 + 1 + 1)
//   latency    12 independent FMAs >= 2 ports * 5 cycles; 8 for a panel of four, which is enough for 4 cycles (Zen)
//   loads      2 inputs and 6 broadcasts for 12 FMAs: 8 of the 12 slots (12x1: 13 of 12)
template <int panels, int rows, int slices>
void run_tile(const PixelTile& tile, const float* bias) {
  constexpr int channels_out = panels * rows;
  __m256 sum[channels_out][slices];
#pragma GCC unroll 12
  for (int r = 0; r < channels_out; ++r) {
#pragma GCC unroll 2
    for (int s = 0; s < slices; ++s) {
      sum[r][s] = _mm256_setzero_ps();
      if (r % 2 == 0) _mm_prefetch(reinterpret_cast<const char*>(tile.out + s * tile.out_slice + r * 8), _MM_HINT_T0);
    }
  }
  for (std::int64_t y = 0; y < tile.tap_rows; ++y) {
    for (std::int64_t x = 0; x < tile.tap_columns; ++x) {
      const float* const in = tile.in + y * tile.in_row + x * tile.in_column;
      const float* const weights = tile.weights + y * tile.weight_row + x * tile.weight_column;
      const std::int64_t weight_panel = tile.weight_panel;
      const std::int64_t channels = tile.channels;
#pragma GCC unroll 4
      for (std::int64_t c = 0; c < channels; ++c) {
        __m256 v[slices];
#pragma GCC unroll 2
        for (int s = 0; s < slices; ++s) v[s] = _mm256_load_ps(in + (c * slices + s) * 8);
#pragma GCC unroll 12
        for (int r = 0; r < channels_out; ++r) {
          const __m256 w = _mm256_broadcast_ss(weights + r / rows * weight_panel + c * rows + r % rows);
#pragma GCC unroll 2
          for (int s = 0; s < slices; ++s) sum[r][s] = _mm256_fmadd_ps(w, v[s], sum[r][s]);
        }
      }
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < channels_out; ++r) {
#pragma GCC unroll 2
    for (int s = 0; s < slices; ++s) {
      float* const out = tile.out + s * tile.out_slice + r * 8;
      _mm256_store_ps(out, _mm256_add_ps(bias ? _mm256_broadcast_ss(bias + r) : _mm256_load_ps(out), sum[r][s]));
    }
  }
}

void copy_side_by_side(std::int64_t slices, std::int64_t vectors, const float* from, std::int64_t slice_step, float* to) {
  for (std::int64_t v = 0; v < vectors; ++v)
    for (std::int64_t s = 0; s < slices; ++s)
      _mm256_store_ps(to + (v * slices + s) * 8, _mm256_load_ps(from + s * slice_step + v * 8));
}

void pack_taps(std::int64_t height, std::int64_t valid, std::int64_t taps, const float* from, std::int64_t ld, float* to,
               std::int64_t step) {
  std::int64_t t = 0;
  for (; t + 8 <= taps; t += 8) {
    __m256 v[6];
#pragma GCC unroll 6
    for (int r = 0; r < 6; ++r) v[r] = r < valid ? _mm256_loadu_ps(from + r * ld + t) : _mm256_setzero_ps();
    // pairs: rows 2i and 2i + 1 side by side, of taps 0 1 4 5 (lo) and 2 3 6 7 (hi).
    __m256 lo[3];
    __m256 hi[3];
#pragma GCC unroll 3
    for (int i = 0; i < 3; ++i) {
      lo[i] = _mm256_unpacklo_ps(v[2 * i], v[2 * i + 1]);
      hi[i] = _mm256_unpackhi_ps(v[2 * i], v[2 * i + 1]);
    }
    // quads[q]: rows 0 to 3 of taps q and q + 4; the pairs of rows 4 and 5 lie in lo[2] and hi[2].
    const __m256 quads[4] = {_mm256_shuffle_ps(lo[0], lo[1], 0x44), _mm256_shuffle_ps(lo[0], lo[1], 0xee),
                             _mm256_shuffle_ps(hi[0], hi[1], 0x44), _mm256_shuffle_ps(hi[0], hi[1], 0xee)};
    const __m256 rest[2] = {lo[2], hi[2]};
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) {
      float* const low = to + (t + q) * step;
      float* const high = to + (t + q + 4) * step;
      _mm_storeu_ps(low, _mm256_castps256_ps128(quads[q]));
      _mm_storeu_ps(high, _mm256_extractf128_ps(quads[q], 1));
      if (height == 6) {
        const __m128 rest_low = _mm256_castps256_ps128(rest[q / 2]);
        const __m128 rest_high = _mm256_extractf128_ps(rest[q / 2], 1);
        if (q % 2 == 0) {
          _mm_storel_pi(reinterpret_cast<__m64*>(low + 4), rest_low);
          _mm_storel_pi(reinterpret_cast<__m64*>(high + 4), rest_high);
        } else {
          _mm_storeh_pi(reinterpret_cast<__m64*>(low + 4), rest_low);
          _mm_storeh_pi(reinterpret_cast<__m64*>(high + 4), rest_high);
        }
      }
    }
  }
  for (; t < taps; ++t)
    for (std::int64_t r = 0; r < height; ++r) to[t * step + r] = r < valid ? from[r * ld + t] : 0.0f;
}

}  // namespace

const Leaves kAvx2 = {
    .rows = {6, 4, 0},
    .slices = 2,
    .input_in_l2 = 256 * 1024 / 4,
    .tiles = {{run_tile<1, 6, 1>, run_tile<1, 6, 2>, nullptr}, {run_tile<1, 4, 1>, run_tile<1, 4, 2>, nullptr}, {}},
    .two_panels = {run_tile<2, 6, 1>, nullptr, nullptr},
    .copy_side_by_side = copy_side_by_side,
    .pack_taps = pack_taps,
};

}  // namespace pbgen::conv_direct_leaf
