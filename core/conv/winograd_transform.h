// Winograd's algorithm on one phase of a convolution of kernel 5 and stride 2: its derivation, its matrices, and the transforms of tiles.
// For the leaves and the test of the matrices alone.
//
// The pixels of the big side with one (y mod 2, x mod 2) form a phase.  Along an axis, output m of phase p of the deconvolution is
//
//   big[2m + p] = sum over j of small[m - 1 + j] * w[tap(p, j)],   j < 2 + p,   tap(p, j) = 3 + p - 2j   (padding 1 before)
//
// a correlation with two taps (p = 0) or three (p = 1).  A tile is the four outputs 4t .. 4t+3 of each phase, which read the same six
// pixels d = small[4t-1 .. 4t+4], so that one transform of d serves all four phases.
//
// One axis.  Let e(z) = sum y_m z^m be a polynomial of four coefficients and g(z) one of r = 2 + p taps.  Their product has 3 + r
// coefficients, and interpolation from as many points gives it (Toom and Cook): with p_i the points, product(p_i) = e(p_i) * g(p_i), and at
// infinity the product of the leading coefficients.  The map (e, g) -> product is bilinear; its transposition with respect to the product
// is the correlation above (Winograd, Arithmetic Complexity of Computations, 1980; Lavin and Gray, CVPR 2016):
//
//   y = A^T [ (G g) * (B^T d) ]         elementwise in the brackets
//   A    evaluates e:          row i is 1, p_i, p_i^2, p_i^3;  at infinity 0, 0, 0, 1                               6 x 4
//   G    evaluates g / N_i:    row i is 1, p_i, .. over N_i = product over l != i of (p_i - p_l);  infinity 0 .. 1   6 x r
//   B^T  row i holds the coefficients of product over l != i of (z - p_l); at infinity of the product over all       6 x 6
//
// Two axes nest: y = A^T [ (G g G^T) * (B^T d B) ] A.  With three taps there are six points; with two, five suffice, infinity is left out,
// and B^T's other rows stay as they are, for they do not know of infinity.  The four phases take 25 + 30 + 30 + 36 = 121 products for the
// 16 outputs of each, where direct sums take 400: 3.3 times fewer.
//
// The points are 0, 3/4, -3/4, 3/2, -3/2 and infinity.  Any 0, a, -a, 2a, -2a costs the same additions; magnitudes around 1 lose least to
// cancellation: half the error of 1 and 2 (PERF.md).  All constants of A and B are exact in float; those of G are thirds and are rounded.
//
// Adjoints.  With W = G g G^T and V = B^T d B, and the sums over phases, tiles and images understood, the gradient of <y, dy> is
//
//   dd = B [ W * (A dy A^T) ] B^T       the same W: one array of transformed weights serves both products
//   dg = G^T [ V * (A dy A^T) ] G
//
// where dd of neighbouring tiles overlap by two pixels and add up.
#pragma once

#include <cstdint>

namespace pbgen::winograd_transform {

inline constexpr int kOutputs = 4;  // of a tile and phase along an axis
inline constexpr int kInputs = 6;   // pixels of the small side along an axis; points, too
inline constexpr int kTile = kInputs * kInputs;
inline constexpr int kPhases = 4;

constexpr int points_of(int parity) { return 5 + parity; }  // along an axis
constexpr int taps_of(int parity) { return 2 + parity; }
constexpr int tap_of(int parity, int j) { return 3 + parity - 2 * j; }

struct Ratio {
  std::int64_t numerator;
  std::int64_t denominator;
};

inline constexpr Ratio kA{3, 4};  // the points are 0, a, -a, b, -b, infinity, in this order
inline constexpr Ratio kB{3, 2};
inline constexpr Ratio kA2{9, 16};  // a^2
inline constexpr Ratio kB2{9, 4};
inline constexpr Ratio kA3{27, 64};
inline constexpr Ratio kB3{27, 8};
inline constexpr Ratio kA2B2{81, 64};   // a^2 b^2
inline constexpr Ratio kSum{45, 16};    // a^2 + b^2
inline constexpr Ratio kAB2{27, 16};    // a b^2
inline constexpr Ratio kBA2{27, 32};    // b a^2
inline constexpr Ratio kG0{64, 81};     // 1 / N of the point 0; N = a^2 b^2
inline constexpr Ratio kGA{-128, 243};  // of a and -a;  N = 2 a^2 (a^2 - b^2)
inline constexpr Ratio kGB{32, 243};    // of b and -b;  N = 2 b^2 (b^2 - a^2)
inline constexpr Ratio kGA1{-32, 81};   // a / N
inline constexpr Ratio kGB1{16, 81};
inline constexpr Ratio kGA2{-8, 27};  // a^2 / N
inline constexpr Ratio kGB2{8, 27};

constexpr Ratio minus(Ratio r) { return {-r.numerator, r.denominator}; }

// The six matrices on one axis, over an arithmetic N: N::Value, N::add, N::subtract, N::scaled(c, x) = c*x, N::scaled_sum(c, x, y) =
// c*x + y.  Elements of both vectors lie `from` and `to` apart.

// v := B^T d
template <class N, int from, int to>
[[gnu::always_inline]] static inline void transform_input(const typename N::Value* d, typename N::Value* v) {
  using Value = typename N::Value;
  v[0] = N::scaled_sum(kA2B2, d[0], N::scaled_sum(minus(kSum), d[2 * from], d[4 * from]));
  const Value even_a = N::scaled_sum(minus(kB2), d[2 * from], d[4 * from]);
  const Value odd_a = N::scaled_sum(minus(kB2), d[from], d[3 * from]);
  v[to] = N::scaled_sum(kA, odd_a, even_a);
  v[2 * to] = N::scaled_sum(minus(kA), odd_a, even_a);
  const Value even_b = N::scaled_sum(minus(kA2), d[2 * from], d[4 * from]);
  const Value odd_b = N::scaled_sum(minus(kA2), d[from], d[3 * from]);
  v[3 * to] = N::scaled_sum(kB, odd_b, even_b);
  v[4 * to] = N::scaled_sum(minus(kB), odd_b, even_b);
  v[5 * to] = N::scaled_sum(kA2B2, d[from], N::scaled_sum(minus(kSum), d[3 * from], d[5 * from]));
}

// d := B v
template <class N, int from, int to>
[[gnu::always_inline]] static inline void transform_input_adjoint(const typename N::Value* v, typename N::Value* d) {
  using Value = typename N::Value;
  const Value sum_a = N::add(v[from], v[2 * from]);
  const Value difference_a = N::subtract(v[from], v[2 * from]);
  const Value sum_b = N::add(v[3 * from], v[4 * from]);
  const Value difference_b = N::subtract(v[3 * from], v[4 * from]);
  d[0] = N::scaled(kA2B2, v[0]);
  d[to] = N::scaled_sum(minus(kAB2), difference_a, N::scaled_sum(minus(kBA2), difference_b, N::scaled(kA2B2, v[5 * from])));
  d[2 * to] = N::scaled_sum(minus(kSum), v[0], N::scaled_sum(minus(kB2), sum_a, N::scaled(minus(kA2), sum_b)));
  d[3 * to] = N::scaled_sum(kA, difference_a, N::scaled_sum(kB, difference_b, N::scaled(minus(kSum), v[5 * from])));
  d[4 * to] = N::add(v[0], N::add(sum_a, sum_b));
  d[5 * to] = v[5 * from];
}

// y := A^T m
template <class N, int parity, int from, int to>
[[gnu::always_inline]] static inline void transform_output(const typename N::Value* m, typename N::Value* y) {
  using Value = typename N::Value;
  const Value sum_a = N::add(m[from], m[2 * from]);
  const Value difference_a = N::subtract(m[from], m[2 * from]);
  const Value sum_b = N::add(m[3 * from], m[4 * from]);
  const Value difference_b = N::subtract(m[3 * from], m[4 * from]);
  y[0] = N::add(m[0], N::add(sum_a, sum_b));
  y[to] = N::scaled_sum(kA, difference_a, N::scaled(kB, difference_b));
  y[2 * to] = N::scaled_sum(kA2, sum_a, N::scaled(kB2, sum_b));
  if constexpr (parity == 1) y[3 * to] = N::scaled_sum(kA3, difference_a, N::scaled_sum(kB3, difference_b, m[5 * from]));
  else y[3 * to] = N::scaled_sum(kA3, difference_a, N::scaled(kB3, difference_b));
}

// m := A y
template <class N, int parity, int from, int to>
[[gnu::always_inline]] static inline void transform_output_adjoint(const typename N::Value* y, typename N::Value* m) {
  using Value = typename N::Value;
  m[0] = y[0];
  const Value even_a = N::scaled_sum(kA2, y[2 * from], y[0]);
  const Value odd_a = N::scaled_sum(kA2, y[3 * from], y[from]);
  m[to] = N::scaled_sum(kA, odd_a, even_a);
  m[2 * to] = N::scaled_sum(minus(kA), odd_a, even_a);
  const Value even_b = N::scaled_sum(kB2, y[2 * from], y[0]);
  const Value odd_b = N::scaled_sum(kB2, y[3 * from], y[from]);
  m[3 * to] = N::scaled_sum(kB, odd_b, even_b);
  m[4 * to] = N::scaled_sum(minus(kB), odd_b, even_b);
  if constexpr (parity == 1) m[5 * to] = y[3 * from];
}

// w := G g
template <class N, int parity, int from, int to>
[[gnu::always_inline]] static inline void transform_taps(const typename N::Value* g, typename N::Value* w) {
  using Value = typename N::Value;
  w[0] = N::scaled(kG0, g[0]);
  Value even_a = N::scaled(kGA, g[0]);
  Value even_b = N::scaled(kGB, g[0]);
  if constexpr (parity == 1) {
    even_a = N::scaled_sum(kGA2, g[2 * from], even_a);
    even_b = N::scaled_sum(kGB2, g[2 * from], even_b);
    w[5 * to] = g[2 * from];
  }
  w[to] = N::scaled_sum(kGA1, g[from], even_a);
  w[2 * to] = N::scaled_sum(minus(kGA1), g[from], even_a);
  w[3 * to] = N::scaled_sum(kGB1, g[from], even_b);
  w[4 * to] = N::scaled_sum(minus(kGB1), g[from], even_b);
}

// g := G^T w
template <class N, int parity, int from, int to>
[[gnu::always_inline]] static inline void transform_taps_adjoint(const typename N::Value* w, typename N::Value* g) {
  using Value = typename N::Value;
  const Value sum_a = N::add(w[from], w[2 * from]);
  const Value difference_a = N::subtract(w[from], w[2 * from]);
  const Value sum_b = N::add(w[3 * from], w[4 * from]);
  const Value difference_b = N::subtract(w[3 * from], w[4 * from]);
  g[0] = N::scaled_sum(kG0, w[0], N::scaled_sum(kGA, sum_a, N::scaled(kGB, sum_b)));
  g[to] = N::scaled_sum(kGA1, difference_a, N::scaled(kGB1, difference_b));
  if constexpr (parity == 1) g[2 * to] = N::scaled_sum(kGA2, sum_a, N::scaled_sum(kGB2, sum_b, w[5 * from]));
}

// Tiles, over the vectors V of an instruction set: an arithmetic with V::kLanes, V::zero, V::load, V::store, V::broadcast, and V::load_two
// and V::store_two, which move two channels of a pixel: whole cache lines, for the pixels of a tile lie at strides that share a set of L1.
// The structures are those of winograd_transform_leaf.h.

// Two channels of 36 pixels: v := B^T d B.
template <class V, class Tile>
[[gnu::always_inline]] static inline void small_to_points(const Tile& tile) {
  using Value = typename V::Value;
  for (std::int64_t c = 0; c < tile.channels; c += 2) {
    Value pixels[2][kTile];
#pragma GCC unroll 36
    for (int q = 0; q < kTile; ++q) {
      if (tile.pixels[q]) V::load_two(tile.pixels[q] + c * 8, tile.slice_step, pixels[0][q], pixels[1][q]);
      else pixels[0][q] = pixels[1][q] = V::zero();
    }
    for (int i = 0; i < 2; ++i) {
      Value half[kTile];
      Value points[kTile];
#pragma GCC unroll 6
      for (int x = 0; x < kInputs; ++x) transform_input<V, kInputs, kInputs>(pixels[i] + x, half + x);
#pragma GCC unroll 6
      for (int y = 0; y < kInputs; ++y) transform_input<V, 1, 1>(half + y * kInputs, points + y * kInputs);
      float* const to = tile.points + (c + i) * V::kLanes;
#pragma GCC unroll 36
      for (int q = 0; q < kTile; ++q) V::store(to + q * tile.point_step, points[q]);
    }
  }
}

// d := bias + B v B^T, or d += B v B^T.
template <class V, class Tile>
[[gnu::always_inline]] static inline void points_to_small(const Tile& tile) {
  using Value = typename V::Value;
  for (std::int64_t c = 0; c < tile.channels; c += 2) {
    Value pixels[2][kTile];
    for (int i = 0; i < 2; ++i) {
      Value points[kTile];
      Value half[kTile];
      const float* const from = tile.points + (c + i) * V::kLanes;
#pragma GCC unroll 36
      for (int q = 0; q < kTile; ++q) points[q] = V::load(from + q * tile.point_step);
#pragma GCC unroll 6
      for (int x = 0; x < kInputs; ++x) transform_input_adjoint<V, kInputs, kInputs>(points + x, half + x);
#pragma GCC unroll 6
      for (int y = 0; y < kInputs; ++y) transform_input_adjoint<V, 1, 1>(half + y * kInputs, pixels[i] + y * kInputs);
    }
    const Value even_bias = tile.bias ? V::broadcast(tile.bias + c) : V::zero();
    const Value odd_bias = tile.bias ? V::broadcast(tile.bias + c + 1) : V::zero();
#pragma GCC unroll 36
    for (int q = 0; q < kTile; ++q) {
      float* const to = tile.pixels[q];
      if (!to) continue;
      Value even = even_bias;
      Value odd = odd_bias;
      if (tile.adds[q]) V::load_two(to + c * 8, tile.slice_step, even, odd);
      V::store_two(to + c * 8, tile.slice_step, V::add(even, pixels[0][q]), V::add(odd, pixels[1][q]));
    }
  }
}

// y := bias + A^T m A.
template <class V, int py, int px, class Tile>
[[gnu::always_inline]] static inline void points_to_phase(const Tile& tile) {
  using Value = typename V::Value;
  constexpr int ny = points_of(py);
  constexpr int nx = points_of(px);
  for (std::int64_t c = 0; c < tile.channels; c += 2) {
    Value pixels[2][kOutputs * kOutputs];
    for (int i = 0; i < 2; ++i) {
      Value points[ny * nx];
      Value half[kOutputs * nx];
      const float* const from = tile.points + (c + i) * V::kLanes;
#pragma GCC unroll 36
      for (int q = 0; q < ny * nx; ++q) points[q] = V::load(from + q * tile.point_step);
#pragma GCC unroll 6
      for (int x = 0; x < nx; ++x) transform_output<V, py, nx, nx>(points + x, half + x);
#pragma GCC unroll 4
      for (int y = 0; y < kOutputs; ++y) transform_output<V, px, 1, 1>(half + y * nx, pixels[i] + y * kOutputs);
      const Value bias = tile.bias ? V::broadcast(tile.bias + c + i) : V::zero();
#pragma GCC unroll 16
      for (int q = 0; q < kOutputs * kOutputs; ++q) pixels[i][q] = V::add(bias, pixels[i][q]);
    }
#pragma GCC unroll 16
    for (int q = 0; q < kOutputs * kOutputs; ++q)
      V::store_two(tile.pixels + q / kOutputs * tile.row_step + q % kOutputs * tile.column_step + c * 8, tile.slice_step, pixels[0][q],
                   pixels[1][q]);
  }
}

// m := A y A^T.
template <class V, int py, int px, class Tile>
[[gnu::always_inline]] static inline void phase_to_points(const Tile& tile) {
  using Value = typename V::Value;
  constexpr int ny = points_of(py);
  constexpr int nx = points_of(px);
  for (std::int64_t c = 0; c < tile.channels; c += 2) {
    Value pixels[2][kOutputs * kOutputs];
#pragma GCC unroll 16
    for (int q = 0; q < kOutputs * kOutputs; ++q)
      V::load_two(tile.pixels + q / kOutputs * tile.row_step + q % kOutputs * tile.column_step + c * 8, tile.slice_step, pixels[0][q],
                  pixels[1][q]);
    for (int i = 0; i < 2; ++i) {
      Value half[ny * kOutputs];
      Value points[ny * nx];
#pragma GCC unroll 4
      for (int x = 0; x < kOutputs; ++x) transform_output_adjoint<V, py, kOutputs, kOutputs>(pixels[i] + x, half + x);
#pragma GCC unroll 6
      for (int y = 0; y < ny; ++y) transform_output_adjoint<V, px, 1, 1>(half + y * kOutputs, points + y * nx);
      float* const to = tile.points + (c + i) * V::kLanes;
#pragma GCC unroll 36
      for (int q = 0; q < ny * nx; ++q) V::store(to + q * tile.point_step, points[q]);
    }
  }
}

// w := G g G^T of one phase, for a vector of output channels: taps[25] to the phase's points.
template <class V, int py, int px>
[[gnu::always_inline]] static inline void taps_to_points(const typename V::Value* taps, typename V::Value* points) {
  using Value = typename V::Value;
  constexpr int ny = points_of(py);
  constexpr int nx = points_of(px);
  Value phase[taps_of(py) * taps_of(px)];
  Value half[ny * taps_of(px)];
  for (int i = 0; i < taps_of(py); ++i)
    for (int j = 0; j < taps_of(px); ++j) phase[i * taps_of(px) + j] = taps[tap_of(py, i) * 5 + tap_of(px, j)];
  for (int j = 0; j < taps_of(px); ++j) transform_taps<V, py, taps_of(px), taps_of(px)>(phase + j, half + j);
#pragma GCC unroll 6
  for (int y = 0; y < ny; ++y) transform_taps<V, px, 1, 1>(half + y * taps_of(px), points + y * nx);
}

// g := G^T w G of one phase: its points to its taps among taps[25].
template <class V, int py, int px>
[[gnu::always_inline]] static inline void points_to_taps(const typename V::Value* points, typename V::Value* taps) {
  using Value = typename V::Value;
  constexpr int nx = points_of(px);
  Value half[taps_of(py) * nx];
  Value phase[taps_of(py) * taps_of(px)];
#pragma GCC unroll 6
  for (int x = 0; x < nx; ++x) transform_taps_adjoint<V, py, nx, nx>(points + x, half + x);
  for (int i = 0; i < taps_of(py); ++i) transform_taps_adjoint<V, px, 1, 1>(half + i * nx, phase + i * taps_of(px));
  for (int i = 0; i < taps_of(py); ++i)
    for (int j = 0; j < taps_of(px); ++j) taps[tap_of(py, i) * 5 + tap_of(px, j)] = phase[i * taps_of(px) + j];
}

}  // namespace pbgen::winograd_transform
