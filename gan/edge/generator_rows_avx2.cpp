// AVX2, FMA and F16C leaves of linear layers whose weights stay as they were exported, row by row.
#include <immintrin.h>

#include "gan/edge/generator_leaf.h"

namespace pbgen::edge {
namespace avx2 {
namespace {

using Vec = __m256;

// Four weights of a row in the low half, of another one in the high half.  Halves are converted exactly, whatever the processor does to
// subnormal floats.
inline Vec load_weights(const float* low, const float* high) {
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high), 1);
}
[[gnu::target("avx2,fma,f16c")]] inline Vec load_weights(const std::uint16_t* low, const std::uint16_t* high) {
  const __m128 first = _mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(low)));
  return _mm256_cvtph_ps(_mm_castps_si128(_mm_loadh_pi(first, reinterpret_cast<const __m64*>(high))));
}

// Columns [skip, 4) of four columns of eight rows, each eight weights that meet one component of z.
template <class Weight>
[[gnu::target("avx2,fma,f16c")]] inline Vec add_columns(const Weight* rows, std::ptrdiff_t z_dim, const float* z, int skip, Vec sum) {
  Vec row[kRowColumns];
#pragma GCC unroll 4
  for (int i = 0; i < kRowColumns; ++i) row[i] = load_weights(rows + i * z_dim, rows + (i + kRowColumns) * z_dim);
  const Vec low01 = _mm256_unpacklo_ps(row[0], row[1]);
  const Vec low23 = _mm256_unpacklo_ps(row[2], row[3]);
  const Vec high01 = _mm256_unpackhi_ps(row[0], row[1]);
  const Vec high23 = _mm256_unpackhi_ps(row[2], row[3]);
  if (skip < 1) sum = _mm256_fmadd_ps(_mm256_broadcast_ss(z), _mm256_shuffle_ps(low01, low23, 0x44), sum);
  if (skip < 2) sum = _mm256_fmadd_ps(_mm256_broadcast_ss(z + 1), _mm256_shuffle_ps(low01, low23, 0xee), sum);
  if (skip < 3) sum = _mm256_fmadd_ps(_mm256_broadcast_ss(z + 2), _mm256_shuffle_ps(high01, high23, 0x44), sum);
  return _mm256_fmadd_ps(_mm256_broadcast_ss(z + 3), _mm256_shuffle_ps(high01, high23, 0xee), sum);
}

// What eight rows of four columns take of the weights that follow, which may end before: hence an address made of numbers.
template <class Weight>
inline void prefetch_rows(const Weight* base, std::ptrdiff_t index) {
  constexpr std::uintptr_t kBytes = kLanes * kRowColumns * sizeof(Weight);
  constexpr std::uintptr_t kLine = 64;
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(base) + static_cast<std::uintptr_t>(index) * sizeof(Weight);
  for (std::uintptr_t byte = 0; byte < kBytes; byte += kLine) _mm_prefetch(reinterpret_cast<const char*>(address + byte), _MM_HINT_T0);
}

// registers  4 sums, and 4 rows with their unpacked pairs of one group at a time
// latency    a sum waits for itself at every component of z: four groups side by side
// prefetch   the groups that stand `ahead` weights behind these, as long as these take
template <int kGroups, class Weight>
[[gnu::target("avx2,fma,f16c")]] void sum_groups(const Weight* const* rows, const float* z, int z_dim, std::ptrdiff_t ahead, float* sums) {
  Vec sum[kGroups];
#pragma GCC unroll 4
  for (int group = 0; group < kGroups; ++group) sum[group] = _mm256_setzero_ps();
  int i = 0;
  for (; i + kRowColumns <= z_dim; i += kRowColumns)
#pragma GCC unroll 4
    for (int group = 0; group < kGroups; ++group) {
      prefetch_rows(rows[group], ahead + i * kLanes);
      sum[group] = add_columns(rows[group] + i, z_dim, z + i, 0, sum[group]);
    }
  if (i < z_dim) {  // the last four columns, without those that were
    const int last = z_dim - kRowColumns;
#pragma GCC unroll 4
    for (int group = 0; group < kGroups; ++group)
      sum[group] = add_columns(rows[group] + last, z_dim, z + last, i - last, sum[group]);
  }
#pragma GCC unroll 4
  for (int group = 0; group < kGroups; ++group) _mm256_storeu_ps(sums + group * kLanes, sum[group]);
}

template <class Weight>
[[gnu::target("avx2,fma,f16c")]] void sum_rows(const Weight* const* rows, int groups, const float* z, int z_dim, float* sums) {
  constexpr int kTogether = 4;
  const std::ptrdiff_t ahead = groups > 1 ? kTogether * (rows[1] - rows[0]) : 0;
  int group = 0;
  for (; group + kTogether <= groups; group += kTogether) sum_groups<kTogether>(rows + group, z, z_dim, ahead, sums + group * kLanes);
  for (; group < groups; ++group) sum_groups<1>(rows + group, z, z_dim, ahead, sums + group * kLanes);
}

}  // namespace

void sum_float_rows(const float* const* rows, int groups, const float* z, int z_dim, float* sums) {
  sum_rows(rows, groups, z, z_dim, sums);
}
void sum_half_rows(const std::uint16_t* const* rows, int groups, const float* z, int z_dim, float* sums) {
  sum_rows(rows, groups, z, z_dim, sums);
}

}  // namespace avx2
}  // namespace pbgen::edge
