#include <immintrin.h>

#include "core/conv/winograd_product_leaf.h"

namespace pbgen::winograd_product_leaf {
namespace {

constexpr std::int64_t kLanes = 16;

template <int rows, int columns>
[[gnu::always_inline]] inline void store_sums(const __m512 (&sum)[rows][columns], float* sums, std::int64_t step, bool adds) {
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 2
    for (int n = 0; n < columns; ++n) {
      float* const to = sums + n * step + r * kLanes;
      _mm512_store_ps(to, adds ? _mm512_add_ps(_mm512_load_ps(to), sum[r][n]) : sum[r][n]);
    }
  }
}

//   registers  16 accumulators + 2 of the input + 1 weight = 19 of 32 zmm
//   latency    16 independent FMAs >= 2 ports * 4 cycles
//   loads      2 inputs and 8 broadcasts for 16 FMAs: 10 of the 16 slots
template <int columns>
[[gnu::always_inline]] inline void tile(const Product& p, std::int64_t column, int row) {
  constexpr int rows = 8;
  __m512 sum[rows][columns];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 2
    for (int n = 0; n < columns; ++n) sum[r][n] = _mm512_setzero_ps();
  }
  const float* const x = p.x + column * p.x_step;
  const float* const weights = p.weights + row;
  const std::int64_t x_step = p.x_step;
#pragma GCC unroll 4
  for (std::int64_t k = 0; k < p.depth; ++k) {
    __m512 v[columns];
#pragma GCC unroll 2
    for (int n = 0; n < columns; ++n) v[n] = _mm512_load_ps(x + n * x_step + k * kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const __m512 w = _mm512_set1_ps(weights[k * kPanel + r]);
#pragma GCC unroll 2
      for (int n = 0; n < columns; ++n) sum[r][n] = _mm512_fmadd_ps(w, v[n], sum[r][n]);
    }
  }
  store_sums<rows, columns>(sum, p.sums + column * p.sums_step + row * kLanes, p.sums_step, p.adds);
}

// The same over the rows of the panels.
template <int columns>
[[gnu::always_inline]] inline void adjoint_tile(const AdjointProduct& p, std::int64_t column, int row) {
  constexpr int rows = 8;
  __m512 sum[rows][columns];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 2
    for (int n = 0; n < columns; ++n) sum[r][n] = _mm512_setzero_ps();
  }
  const float* x = p.x + column * p.x_step;
  const float* weights = p.weights + row * kPanel;
  const std::int64_t x_step = p.x_step;
  for (std::int64_t c = 0; c < p.channels; c += kPanel, x += kPanel * kLanes, weights += p.panel_step) {
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < kPanel; ++i) {
      __m512 v[columns];
#pragma GCC unroll 2
      for (int n = 0; n < columns; ++n) v[n] = _mm512_load_ps(x + n * x_step + i * kLanes);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        const __m512 w = _mm512_set1_ps(weights[r * kPanel + i]);
#pragma GCC unroll 2
        for (int n = 0; n < columns; ++n) sum[r][n] = _mm512_fmadd_ps(w, v[n], sum[r][n]);
      }
    }
  }
  store_sums<rows, columns>(sum, p.sums + column * p.sums_step + row * kLanes, p.sums_step, p.adds);
}

void multiply(const Product& p, const float* next) {
  // In equal shares before the tiles: each panel's block is a run of its own, and the first tile would wait for it.
  const std::int64_t share = (p.depth + p.columns - 1) / p.columns * kPanel;
  const float* const end = next + p.depth * kPanel;
  for (std::int64_t n = 0; n < p.columns; n += 2) {
    for (const float* const stop = next + 2 * share < end ? next + 2 * share : end; next < stop; next += 16)
      _mm_prefetch(reinterpret_cast<const char*>(next), _MM_HINT_T1);
    for (int row = 0; row < kPanel; row += 8) {
      if (n + 1 < p.columns) tile<2>(p, n, row);
      else tile<1>(p, n, row);
    }
  }
}

void multiply_adjoint(const AdjointProduct& p, const float* next) {
  for (std::int64_t c = 0; c < p.channels; c += kPanel, next += p.panel_step)
    for (std::int64_t line = 0; line < kPanel; ++line) _mm_prefetch(reinterpret_cast<const char*>(next + line * kPanel), _MM_HINT_T1);
  for (int row = 0; row < kPanel; row += 8)
    for (std::int64_t n = 0; n < p.columns; n += 2) {
      if (n + 1 < p.columns) adjoint_tile<2>(p, n, row);
      else adjoint_tile<1>(p, n, row);
    }
}

void multiply_gradient(const GradientProduct& p, const float* next_big, const float* next_small) {
  constexpr int rows = 8;
  for (int row = 0; row < kPanel; row += rows) {
    __m512 sum[rows][2];
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) sum[r][0] = sum[r][1] = _mm512_setzero_ps();
    const float* small = p.small;
    const float* big = p.big + row * kLanes;
    for (std::int64_t n = 0; n < p.columns; ++n, small += p.small_step, big += p.big_step) {
      for (std::int64_t r = row; r < row + rows; ++r)
        _mm_prefetch(reinterpret_cast<const char*>(next_big + n * p.big_step + r * kLanes), _MM_HINT_T0);
      for (std::int64_t line = row / 2; line < row / 2 + rows / 2; ++line)
        _mm_prefetch(reinterpret_cast<const char*>(next_small + (n * 8 + line) * 16), _MM_HINT_T1);
#pragma GCC unroll 4
      for (std::int64_t lane = 0; lane < kLanes; ++lane) {
        const __m512 first = _mm512_load_ps(small + lane * 2 * kLanes);
        const __m512 second = _mm512_load_ps(small + lane * 2 * kLanes + kLanes);
#pragma GCC unroll 8
        for (int r = 0; r < rows; ++r) {
          const __m512 b = _mm512_set1_ps(big[r * kLanes + lane]);
          sum[r][0] = _mm512_fmadd_ps(b, first, sum[r][0]);
          sum[r][1] = _mm512_fmadd_ps(b, second, sum[r][1]);
        }
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 2
      for (int i = 0; i < 2; ++i) {
        float* const to = p.sums + (row + r) * p.sums_step + i * kLanes;
        _mm512_store_ps(to, p.adds ? _mm512_add_ps(_mm512_load_ps(to), sum[r][i]) : sum[r][i]);
      }
    }
  }
}

}  // namespace

const Leaves kAvx512 = {.multiply = multiply, .multiply_adjoint = multiply_adjoint, .multiply_gradient = multiply_gradient};

}  // namespace pbgen::winograd_product_leaf
