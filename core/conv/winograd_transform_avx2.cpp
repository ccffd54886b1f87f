#include <immintrin.h>

#include "core/conv/winograd_transform.h"
#include "core/conv/winograd_transform_leaf.h"
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

void small_to_points(const SmallTile& tile) { winograd_transform::small_to_points<Ymm>(tile); }
void points_to_small(const SmallTileGradient& tile) { winograd_transform::points_to_small<Ymm>(tile); }

template <int py, int px>
void points_to_phase(const PhaseOutput& tile) {
  winograd_transform::points_to_phase<Ymm, py, px>(tile);
}

template <int py, int px>
void phase_to_points(const PhaseGradient& tile) {
  winograd_transform::phase_to_points<Ymm, py, px>(tile);
}

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

void stores_done() { _mm_sfence(); }

template <int py, int px>
void points_to_taps(std::int64_t width, const float* points, std::int64_t point_step, float* taps, std::int64_t tap_step) {
  using namespace winograd_transform;
  constexpr int count = points_of(py) * points_of(px);
  for (std::int64_t k = 0; k < width; k += Ymm::kLanes) {
    __m256 v[count];
    __m256 tap[25];
#pragma GCC unroll 36
    for (int q = 0; q < count; ++q) v[q] = _mm256_load_ps(points + q * point_step + k);
    winograd_transform::points_to_taps<Ymm, py, px>(v, tap);
    for (int i = 0; i < taps_of(py); ++i)
      for (int j = 0; j < taps_of(px); ++j) {
        const int t = tap_of(py, i) * 5 + tap_of(px, j);
        _mm256_store_ps(taps + t * tap_step + k, tap[t]);
      }
  }
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

const Leaves kAvx2 = {
    .lanes = Ymm::kLanes,
    .small_to_points = small_to_points,
    .points_to_small = points_to_small,
    .points_to_phase = {points_to_phase<0, 0>, points_to_phase<0, 1>, points_to_phase<1, 0>, points_to_phase<1, 1>},
    .phase_to_points = {phase_to_points<0, 0>, phase_to_points<0, 1>, phase_to_points<1, 0>, phase_to_points<1, 1>},
    .taps_to_points = taps_to_points,
    .stores_done = stores_done,
    .points_to_taps = {points_to_taps<0, 0>, points_to_taps<0, 1>, points_to_taps<1, 0>, points_to_taps<1, 1>},
    .transpose = transpose,
};

}  // namespace pbgen::winograd_transform_leaf
