// NEON leaves of linear layers whose weights stay as they were exported, row by row.
#include <arm_neon.h>

#include "gan/edge/generator_leaf.h"

namespace pbgen::edge {
namespace neon {
namespace {

using Quad = float32x4_t;

// Halves are converted exactly.
inline Quad load_weights(const float* p) { return vld1q_f32(p); }
inline Quad load_weights(const std::uint16_t* p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }

inline Quad first_pairs(Quad a, Quad b) { return vreinterpretq_f32_f64(vtrn1q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b))); }
inline Quad last_pairs(Quad a, Quad b) { return vreinterpretq_f32_f64(vtrn2q_f64(vreinterpretq_f64_f32(a), vreinterpretq_f64_f32(b))); }

// Columns [skip, 4) of four columns of four rows, each four weights that meet one component of z.
template <class Weight>
inline Quad add_columns(const Weight* rows, std::ptrdiff_t z_dim, const float* z, int skip, Quad sum) {
  const Quad row0 = load_weights(rows);
  const Quad row1 = load_weights(rows + z_dim);
  const Quad row2 = load_weights(rows + 2 * z_dim);
  const Quad row3 = load_weights(rows + 3 * z_dim);
  const Quad even01 = vtrn1q_f32(row0, row1);
  const Quad even23 = vtrn1q_f32(row2, row3);
  const Quad odd01 = vtrn2q_f32(row0, row1);
  const Quad odd23 = vtrn2q_f32(row2, row3);
  if (skip < 1) sum = vfmaq_n_f32(sum, first_pairs(even01, even23), z[0]);
  if (skip < 2) sum = vfmaq_n_f32(sum, first_pairs(odd01, odd23), z[1]);
  if (skip < 3) sum = vfmaq_n_f32(sum, last_pairs(even01, even23), z[2]);
  return vfmaq_n_f32(sum, last_pairs(odd01, odd23), z[3]);
}

// registers  2 sums a group, and 4 rows with their pairs of half a group at a time
// latency    a sum waits for itself at every component of z: four groups, eight sums side by side
template <int kGroups, class Weight>
void sum_groups(const Weight* const* rows, const float* z, int z_dim, float* sums) {
  constexpr int kHalves = 2 * kGroups;
  const auto half_of = [&](int half) { return rows[half / 2] + half % 2 * 4 * static_cast<std::ptrdiff_t>(z_dim); };
  Quad sum[kHalves] = {};
  int i = 0;
  for (; i + kRowColumns <= z_dim; i += kRowColumns)
#pragma GCC unroll 8
    for (int half = 0; half < kHalves; ++half) sum[half] = add_columns(half_of(half) + i, z_dim, z + i, 0, sum[half]);
  if (i < z_dim) {  // the last four columns, without those that were
    const int last = z_dim - kRowColumns;
#pragma GCC unroll 8
    for (int half = 0; half < kHalves; ++half) sum[half] = add_columns(half_of(half) + last, z_dim, z + last, i - last, sum[half]);
  }
#pragma GCC unroll 8
  for (int half = 0; half < kHalves; ++half) vst1q_f32(sums + half * 4, sum[half]);
}

template <class Weight>
void sum_rows(const Weight* const* rows, int groups, const float* z, int z_dim, float* sums) {
  constexpr int kTogether = 4;
  int group = 0;
  for (; group + kTogether <= groups; group += kTogether) sum_groups<kTogether>(rows + group, z, z_dim, sums + group * kLanes);
  for (; group < groups; ++group) sum_groups<1>(rows + group, z, z_dim, sums + group * kLanes);
}

}  // namespace

void sum_float_rows(const float* const* rows, int groups, const float* z, int z_dim, float* sums) {
  sum_rows(rows, groups, z, z_dim, sums);
}
void sum_half_rows(const std::uint16_t* const* rows, int groups, const float* z, int z_dim, float* sums) {
  sum_rows(rows, groups, z, z_dim, sums);
}

}  // namespace neon
}  // namespace pbgen::edge
