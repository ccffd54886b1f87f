#include <immintrin.h>

#include "core/conv/winograd_transform.h"
#include "core/conv/winograd_transform_leaf.h"
#include "core/conv/winograd_transform_loops.h"

namespace pbgen::winograd_transform_leaf {
namespace {

// A channel of two slices in a vector.
struct Zmm {
  using Value = __m512;
  static constexpr std::int64_t kLanes = 16;
  // Floats of a pixel that are asked for before their turn: a tile's pixels are more streams than the processor follows by itself.
  static constexpr std::int64_t kAhead = 64;

  static constexpr float constant(winograd_transform::Ratio c) {
    return static_cast<float>(static_cast<double>(c.numerator) / static_cast<double>(c.denominator));
  }
  static Value zero() { return _mm512_setzero_ps(); }
  static Value add(Value x, Value y) { return _mm512_add_ps(x, y); }
  static Value subtract(Value x, Value y) { return _mm512_sub_ps(x, y); }
  static Value scaled(winograd_transform::Ratio c, Value x) { return _mm512_mul_ps(_mm512_set1_ps(constant(c)), x); }
  static Value scaled_sum(winograd_transform::Ratio c, Value x, Value y) { return _mm512_fmadd_ps(_mm512_set1_ps(constant(c)), x, y); }
  static Value load(const float* from) { return _mm512_load_ps(from); }
  static void store(float* to, Value x) { _mm512_store_ps(to, x); }
  static void stream(float* to, Value x) { _mm512_stream_ps(to, x); }
  static Value broadcast(const float* from) { return _mm512_set1_ps(*from); }

  // Memory holds even and odd channel side by side, the slices far apart; vectors hold the slices side by side.
  static __mmask16 second_slice(std::int64_t slice_step) { return slice_step ? 0xffff : 0; }
  static void prefetch(const float* pixel, std::int64_t slice_step) {
    _mm_prefetch(reinterpret_cast<const char*>(pixel + kAhead), _MM_HINT_T1);
    _mm_prefetch(reinterpret_cast<const char*>(pixel + slice_step + kAhead), _MM_HINT_T1);
  }
  static void load_two(const float* from, std::int64_t slice_step, Value& even, Value& odd) {
    prefetch(from, slice_step);
    const Value first = _mm512_load_ps(from);
    const Value second = _mm512_maskz_load_ps(second_slice(slice_step), from + slice_step);
    even = _mm512_shuffle_f32x4(first, second, 0x44);
    odd = _mm512_shuffle_f32x4(first, second, 0xee);
  }
  static void store_two(float* to, std::int64_t slice_step, Value even, Value odd) {
    prefetch(to, slice_step);
    _mm512_store_ps(to, _mm512_shuffle_f32x4(even, odd, 0x44));
    _mm512_mask_store_ps(to + slice_step, second_slice(slice_step), _mm512_shuffle_f32x4(even, odd, 0xee));
  }
};

// Element q of v[r] becomes element r of v[q].
[[gnu::always_inline]] inline void transpose_16x16(__m512 (&v)[16]) {
  __m512 t[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(v[i], v[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(v[i], v[i + 1]);
  }
  // v[4i + q]: elements q, q + 4, q + 8, q + 12 of rows 4i .. 4i + 3.
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    v[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
    v[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
    v[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    v[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int q = 0; q < 4; ++q) {
    const __m512 even_low = _mm512_shuffle_f32x4(v[q], v[q + 4], 0x88);
    const __m512 odd_low = _mm512_shuffle_f32x4(v[q], v[q + 4], 0xdd);
    const __m512 even_high = _mm512_shuffle_f32x4(v[q + 8], v[q + 12], 0x88);
    const __m512 odd_high = _mm512_shuffle_f32x4(v[q + 8], v[q + 12], 0xdd);
    t[q] = _mm512_shuffle_f32x4(even_low, even_high, 0x88);
    t[q + 8] = _mm512_shuffle_f32x4(even_low, even_high, 0xdd);
    t[q + 4] = _mm512_shuffle_f32x4(odd_low, odd_high, 0x88);
    t[q + 12] = _mm512_shuffle_f32x4(odd_low, odd_high, 0xdd);
  }
#pragma GCC unroll 16
  for (int q = 0; q < 16; ++q) v[q] = t[q];
}

template <int py, int px>
[[gnu::always_inline]] inline float* stream_phase(const __m512* taps, float* to, std::int64_t point_step) {
  constexpr int count = winograd_transform::points_of(py) * winograd_transform::points_of(px);
  __m512 points[count];
  winograd_transform::taps_to_points<Zmm, py, px>(taps, points);
#pragma GCC unroll 36
  for (int q = 0; q < count; ++q) Zmm::stream(to + q * point_step, points[q]);
  return to + count * point_step;
}

void taps_to_points(const float* taps, float* to, std::int64_t point_step) {
  // 25 taps as 16 and 16 of which seven were had already.
  __m512 tap[25];
  __m512 rows[16];
#pragma GCC unroll 16
  for (int r = 0; r < 16; ++r) rows[r] = _mm512_loadu_ps(taps + r * 25 + 9);
  transpose_16x16(rows);
#pragma GCC unroll 16
  for (int t = 0; t < 16; ++t) tap[9 + t] = rows[t];
#pragma GCC unroll 16
  for (int r = 0; r < 16; ++r) rows[r] = _mm512_loadu_ps(taps + r * 25);
  transpose_16x16(rows);
#pragma GCC unroll 9
  for (int t = 0; t < 9; ++t) tap[t] = rows[t];
  to = stream_phase<0, 0>(tap, to, point_step);
  to = stream_phase<0, 1>(tap, to, point_step);
  to = stream_phase<1, 0>(tap, to, point_step);
  stream_phase<1, 1>(tap, to, point_step);
}

void transpose(const float* from, std::int64_t from_step, float* to, std::int64_t to_step, bool adds) {
  __m512 rows[16];
#pragma GCC unroll 16
  for (int r = 0; r < 16; ++r) rows[r] = _mm512_load_ps(from + r * from_step);
  transpose_16x16(rows);
  if (adds) {
#pragma GCC unroll 16
    for (int r = 0; r < 16; ++r) rows[r] = _mm512_add_ps(_mm512_loadu_ps(to + r * to_step), rows[r]);
  }
#pragma GCC unroll 16
  for (int r = 0; r < 16; ++r) _mm512_storeu_ps(to + r * to_step, rows[r]);
}

}  // namespace

const Leaves kAvx512 = leaves_of<Zmm>(taps_to_points, transpose);

}  // namespace pbgen::winograd_transform_leaf
