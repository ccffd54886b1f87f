#include <immintrin.h>

#include "core/conv/conv_direct_leaf.h"
#include "core/conv/lanes_avx512.h"

namespace pbgen::conv_direct_leaf {
namespace {

//   registers  24 accumulators + 2 of the input + 1 weight = 27 of 32 (24 x 1: 24 + 1, weights from memory)
//   latency    24 independent FMAs >= 2 ports * 4 cycles; 8 for a panel of four
//   loads      2 inputs and 12 broadcasts for 24 FMAs: 14 of the 24 slots (24 x 1: 25 of 24)
template <class Lanes, int panels, int rows, int vectors>
void run_tile(const PixelTile& tile, const float* bias) {
  constexpr int channels_out = panels * rows;
  constexpr int slices = vectors * Lanes::kSlices;
  typename Lanes::Vector sum[channels_out][vectors];
#pragma GCC unroll 24
  for (int r = 0; r < channels_out; ++r)
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sum[r][v] = Lanes::zero();
#pragma GCC unroll 4
  for (int s = 0; s < slices; ++s)
#pragma GCC unroll 12
    for (int r = 0; r < channels_out; r += 2)
      _mm_prefetch(reinterpret_cast<const char*>(tile.out + s * tile.out_slice + r * 8), _MM_HINT_T0);
  for (std::int64_t y = 0; y < tile.tap_rows; ++y) {
    for (std::int64_t x = 0; x < tile.tap_columns; ++x) {
      const float* const in = tile.in + y * tile.in_row + x * tile.in_column;
      const float* const weights = tile.weights + y * tile.weight_row + x * tile.weight_column;
      const std::int64_t weight_panel = tile.weight_panel;
      const std::int64_t channels = tile.channels;
#pragma GCC unroll 4
      for (std::int64_t c = 0; c < channels; ++c) {
        typename Lanes::Vector x_c[vectors];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) x_c[v] = Lanes::load(in + (c * vectors + v) * Lanes::kSlices * 8);
#pragma GCC unroll 24
        for (int r = 0; r < channels_out; ++r) {
          const typename Lanes::Vector w = Lanes::broadcast(weights + r / rows * weight_panel + c * rows + r % rows);
#pragma GCC unroll 2
          for (int v = 0; v < vectors; ++v) sum[r][v] = Lanes::multiply_add(w, x_c[v], sum[r][v]);
        }
      }
    }
  }
#pragma GCC unroll 4
  for (int s = 0; s < slices; ++s)
#pragma GCC unroll 24
    for (int r = 0; r < channels_out; ++r) {
      float* const out = tile.out + s * tile.out_slice + r * 8;
      const __m256 sums = Lanes::slice(sum[r][s / Lanes::kSlices], s % Lanes::kSlices);
      _mm256_store_ps(out, _mm256_add_ps(bias ? _mm256_broadcast_ss(bias + r) : _mm256_load_ps(out), sums));
    }
}

void pack_taps(std::int64_t height, std::int64_t valid, std::int64_t taps, const float* from, std::int64_t ld, float* to,
               std::int64_t step) {
  for (std::int64_t t = 0; t < taps; t += 8) {
    const std::int64_t count = taps - t < 8 ? taps - t : 8;
    const auto held = static_cast<__mmask8>((1U << count) - 1);
    for (std::int64_t first = 0; first < height; first += 4) {
      __m256 v[4];
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r)
        v[r] = first + r < valid ? _mm256_maskz_loadu_ps(held, from + (first + r) * ld + t) : _mm256_setzero_ps();
      const __m256 lo[2] = {_mm256_unpacklo_ps(v[0], v[1]), _mm256_unpacklo_ps(v[2], v[3])};
      const __m256 hi[2] = {_mm256_unpackhi_ps(v[0], v[1]), _mm256_unpackhi_ps(v[2], v[3])};
      // quads[q]: four rows of taps q and q + 4.
      const __m256 quads[4] = {_mm256_shuffle_ps(lo[0], lo[1], 0x44), _mm256_shuffle_ps(lo[0], lo[1], 0xee),
                               _mm256_shuffle_ps(hi[0], hi[1], 0x44), _mm256_shuffle_ps(hi[0], hi[1], 0xee)};
#pragma GCC unroll 4
      for (int q = 0; q < 4; ++q) {
        float* const at = to + (t + q) * step + first;
        if (q < count) _mm_storeu_ps(at, _mm256_castps256_ps128(quads[q]));
        if (q + 4 < count) _mm_storeu_ps(at + 4 * step, _mm256_extractf128_ps(quads[q], 1));
      }
    }
  }
}

template <int rows>
constexpr TileLeaf kTiles[3] = {run_tile<OneSlice, 1, rows, 1>, run_tile<TwoSlices, 1, rows, 1>, run_tile<TwoSlices, 1, rows, 2>};

}  // namespace

const Leaves kAvx512 = {
    .rows = {12, 8, 4},
    .slices = 4,
    .input_in_l2 = 512 * 1024 / 4,
    .tiles = {{kTiles<12>[0], kTiles<12>[1], kTiles<12>[2]},
              {kTiles<8>[0], kTiles<8>[1], kTiles<8>[2]},
              {kTiles<4>[0], kTiles<4>[1], kTiles<4>[2]}},
    .two_panels = {run_tile<OneSlice, 2, 12, 1>, run_tile<TwoSlices, 2, 12, 1>, nullptr},
    .copy_side_by_side = copy_side_by_side,
    .pack_taps = pack_taps,
};

}  // namespace pbgen::conv_direct_leaf
