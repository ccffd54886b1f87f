// The tiles of the products of transformed tiles, for the leaves of each instruction set.  V: its vector (core/base/vector_*.h).
// Unnamed: each leaf has a copy of its own, compiled for its set.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "core/conv/winograd_product_leaf.h"

namespace pbgen::winograd_product_leaf {
namespace {

template <class V, int rows, int columns>
[[gnu::always_inline]] inline void store_sums(const typename V::Vector (&sum)[rows][columns], float* sums, std::int64_t step, bool adds) {
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 2
    for (int n = 0; n < columns; ++n) {
      float* const to = sums + n * step + r * V::kLanes;
      V::store(to, adds ? V::add(V::load(to), sum[r][n]) : sum[r][n]);
    }
  }
}

template <class V, int rows, int columns>
[[gnu::always_inline]] inline void tile(const Product& p, std::int64_t column, int row) {
  typename V::Vector sum[rows][columns];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 2
    for (int n = 0; n < columns; ++n) sum[r][n] = V::zero();
  }
  const float* const x = p.x + column * p.x_step;
  const float* const weights = p.weights + row;
  const std::int64_t x_step = p.x_step;
#pragma GCC unroll 4
  for (std::int64_t k = 0; k < p.depth; ++k) {
    typename V::Vector v[columns];
#pragma GCC unroll 2
    for (int n = 0; n < columns; ++n) v[n] = V::load(x + n * x_step + k * V::kLanes);
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const typename V::Vector w = V::broadcast(weights + k * kPanel + r);
#pragma GCC unroll 2
      for (int n = 0; n < columns; ++n) sum[r][n] = V::multiply_add(w, v[n], sum[r][n]);
    }
  }
  store_sums<V>(sum, p.sums + column * p.sums_step + row * V::kLanes, p.sums_step, p.adds);
}

template <class V, int rows, int columns>
[[gnu::always_inline]] inline void adjoint_tile(const AdjointProduct& p, std::int64_t column, int row) {
  typename V::Vector sum[rows][columns];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 2
    for (int n = 0; n < columns; ++n) sum[r][n] = V::zero();
  }
  const float* x = p.x + column * p.x_step;
  const float* weights = p.weights + row * kPanel;
  const std::int64_t x_step = p.x_step;
  for (std::int64_t c = 0; c < p.channels; c += kPanel, x += kPanel * V::kLanes, weights += p.panel_step) {
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < kPanel; ++i) {
      typename V::Vector v[columns];
#pragma GCC unroll 2
      for (int n = 0; n < columns; ++n) v[n] = V::load(x + n * x_step + i * V::kLanes);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        const typename V::Vector w = V::broadcast(weights + r * kPanel + i);
#pragma GCC unroll 2
        for (int n = 0; n < columns; ++n) sum[r][n] = V::multiply_add(w, v[n], sum[r][n]);
      }
    }
  }
  store_sums<V>(sum, p.sums + column * p.sums_step + row * V::kLanes, p.sums_step, p.adds);
}

// ahead(n) is called before column n.
template <class V, int rows, class Ahead>
[[gnu::always_inline]] inline void gradient_tile(const GradientProduct& p, int row, Ahead ahead) {
  typename V::Vector sum[rows][2];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) sum[r][0] = sum[r][1] = V::zero();
  const float* small = p.small;
  const float* big = p.big + row * V::kLanes;
  for (std::int64_t n = 0; n < p.columns; ++n, small += p.small_step, big += p.big_step) {
    ahead(n);
#pragma GCC unroll 4
    for (std::int64_t lane = 0; lane < V::kLanes; ++lane) {
      const typename V::Vector first = V::load(small + lane * 2 * V::kLanes);
      const typename V::Vector second = V::load(small + lane * 2 * V::kLanes + V::kLanes);
#pragma GCC unroll 8
      for (int r = 0; r < rows; ++r) {
        const typename V::Vector b = V::broadcast(big + r * V::kLanes + lane);
        sum[r][0] = V::multiply_add(b, first, sum[r][0]);
        sum[r][1] = V::multiply_add(b, second, sum[r][1]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      float* const to = p.sums + (row + r) * p.sums_step + i * V::kLanes;
      V::store(to, p.adds ? V::add(V::load(to), sum[r][i]) : sum[r][i]);
    }
  }
}

// What the next call reads as weights, asked for in equal shares before the tiles: each panel's block is a run of its own, and the first
// tile would wait for it.
class NextWeights {
 public:
  [[gnu::always_inline]] NextWeights(const Product& p, const float* next)
      : share_((p.depth + p.columns - 1) / p.columns * kPanel), next_(next), end_(next + p.depth * kPanel) {}
  [[gnu::always_inline]] void prefetch_for_two_columns() {
    for (const float* const stop = next_ + 2 * share_ < end_ ? next_ + 2 * share_ : end_; next_ < stop; next_ += 16)
      _mm_prefetch(reinterpret_cast<const char*>(next_), _MM_HINT_T1);
  }

 private:
  std::int64_t share_;
  const float* next_;
  const float* end_;
};

[[gnu::always_inline]] inline void prefetch_panels(const AdjointProduct& p, const float* next) {
  for (std::int64_t c = 0; c < p.channels; c += kPanel, next += p.panel_step)
    for (std::int64_t line = 0; line < kPanel; ++line) _mm_prefetch(reinterpret_cast<const char*>(next + line * kPanel), _MM_HINT_T1);
}

}  // namespace
}  // namespace pbgen::winograd_product_leaf
