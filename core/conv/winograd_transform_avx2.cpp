#include <immintrin.h>

#include "core/conv/winograd_transform.h"
#include "core/conv/winograd_transform_leaf.h"
#include "core/conv/winograd_transform_loops.h"
#include "core/gemm/transpose_avx2.h"

namespace pbgen::winograd_transform_leaf {
namespace {

// A channel of one slice in a vector.
struct Ymm {
  using Value = __m256;
  static constexpr std::int64_t kLanes = 8;
  // Floats of a pixel that are asked for before their turn: a tile's pixels are more streams than the processor follows by itself.
  static constexpr std::int64_t kAhead = 64;

  static constexpr float constant(winograd_transform::Ratio c) {
    return static_cast<float>(static_cast<double>(c.numerator) / static_cast<double>(c.denominator));
  }
  static Value zero() { return _mm256_setzero_ps(); }
  static Value add(Value x, Value y) { return _mm256_add_ps(x, y); }
  static Value subtract(Value x, Value y) { return _mm256_sub_ps(x, y); }
  static Value scaled(winograd_transform::Ratio c, Value x) { return _mm256_mul_ps(_mm256_set1_ps(constant(c)), x); }
  static Value scaled_sum(winograd_transform::Ratio c, Value x, Value y) { return _mm256_fmadd_ps(_mm256_set1_ps(constant(c)), x, y); }
  static Value load(const float* from) { return _mm256_load_ps(from); }
  static void store(float* to, Value x) { _mm256_store_ps(to, x); }
  static Value broadcast(const float* from) { return _mm256_broadcast_ss(from); }
  static void load_two(const float* from, std::int64_t, Value& even, Value& odd) {
    _mm_prefetch(reinterpret_cast<const char*>(from + kAhead), _MM_HINT_T1);
    even = _mm256_load_ps(from);
    odd = _mm256_load_ps(from + 8);
  }
  static void store_two(float* to, std::int64_t, Value even, Value odd) {
    _mm_prefetch(reinterpret_cast<const char*>(to + kAhead), _MM_HINT_T1);
    _mm256_store_ps(to, even);
    _mm256_store_ps(to + 8, odd);
  }
};

// Both halves of a panel: a line is written whole, or the stores past the caches would each wait for the other half's.
template <int py, int px>
[[gnu::always_inline]] inline float* stream_phase(const __m256 (&taps)[2][25], float* to, std::int64_t point_step) {
  constexpr int count = winograd_transform::points_of(py) * winograd_transform::points_of(px);
  __m256 points[2][count];
  for (int half = 0; half < 2; ++half) winograd_transform::taps_to_points<Ymm, py, px>(taps[half], points[half]);
#pragma GCC unroll 36
  for (int q = 0; q < count; ++q) {
    _mm256_stream_ps(to + q * point_step, points[0][q]);
    _mm256_stream_ps(to + q * point_step + 8, points[1][q]);
  }
  return to + count * point_step;
}

void taps_to_points(const float* taps, float* to, std::int64_t point_step) {
  __m256 tap[2][25];
  for (int half = 0; half < 2; ++half) {
    const float* const from = taps + half * 8 * 25;
    for (int t = 0; t < 24; t += 8) {
      __m256 rows[8];
#pragma GCC unroll 8
      for (int r = 0; r < 8; ++r) rows[r] = _mm256_loadu_ps(from + r * 25 + t);
      transpose_8x8(rows);
#pragma GCC unroll 8
      for (int i = 0; i < 8; ++i) tap[half][t + i] = rows[i];
    }
    tap[half][24] = _mm256_setr_ps(from[24], from[49], from[74], from[99], from[124], from[149], from[174], from[199]);
  }
  to = stream_phase<0, 0>(tap, to, point_step);
  to = stream_phase<0, 1>(tap, to, point_step);
  to = stream_phase<1, 0>(tap, to, point_step);
  stream_phase<1, 1>(tap, to, point_step);
}

void transpose(const float* from, std::int64_t from_step, float* to, std::int64_t to_step, bool adds) {
  __m256 rows[8];
#pragma GCC unroll 8
  for (int r = 0; r < 8; ++r) rows[r] = _mm256_load_ps(from + r * from_step);
  transpose_8x8(rows);
  if (adds) {
#pragma GCC unroll 8
    for (int r = 0; r < 8; ++r) rows[r] = _mm256_add_ps(_mm256_loadu_ps(to + r * to_step), rows[r]);
  }
#pragma GCC unroll 8
  for (int r = 0; r < 8; ++r) _mm256_storeu_ps(to + r * to_step, rows[r]);
}

}  // namespace

const Leaves kAvx2 = leaves_of<Ymm>(taps_to_points, transpose);

}  // namespace pbgen::winograd_transform_leaf
