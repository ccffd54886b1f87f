// AVX2 and FMA leaves of the one-image generator.
#include <immintrin.h>

#include "gan/edge/generator_leaf.h"

namespace pbgen::edge {
namespace avx2 {
namespace {

// base[index], which may lie outside the array: hence an address made of numbers.
inline void prefetch(const float* base, std::ptrdiff_t index) {
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(base) + static_cast<std::uintptr_t>(index) * sizeof(float);
  _mm_prefetch(reinterpret_cast<const char*>(address), _MM_HINT_T0);  // NOLINT(performance-no-int-to-ptr)
}

using Vec = __m256;

// e^x as generator_leaf.h has it.
Vec exp_of(Vec x) {
  x = _mm256_max_ps(_mm256_set1_ps(kExpLowest), x);
  const Vec magic = _mm256_set1_ps(kRoundingMagic);
  const Vec shifted = _mm256_fmadd_ps(x, _mm256_set1_ps(kLog2E), magic);
  const Vec n = _mm256_sub_ps(shifted, magic);
  Vec r = _mm256_fnmadd_ps(n, _mm256_set1_ps(kLn2High), x);
  r = _mm256_fmadd_ps(n, _mm256_set1_ps(kMinusLn2Low), r);
  Vec p = _mm256_set1_ps(kExpFirst);
  for (const float coefficient : kExpOthers) p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(coefficient));
  p = _mm256_add_ps(_mm256_fmadd_ps(_mm256_mul_ps(p, r), r, r), _mm256_set1_ps(1.0f));
  const __m256i exponent = _mm256_sub_epi32(_mm256_castps_si256(shifted), _mm256_castps_si256(magic));
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), _mm256_slli_epi32(exponent, 23)));
}

Vec tanh_of(Vec x) {
  const Vec sign_bit = _mm256_set1_ps(-0.0f);
  const Vec one = _mm256_set1_ps(1.0f);
  const Vec sign = _mm256_and_ps(x, sign_bit);
  const Vec magnitude = _mm256_andnot_ps(sign_bit, x);
  const Vec e = exp_of(_mm256_mul_ps(magnitude, _mm256_set1_ps(-2.0f)));
  const Vec far = _mm256_or_ps(_mm256_div_ps(_mm256_sub_ps(one, e), _mm256_add_ps(one, e)), sign);
  const Vec z = _mm256_mul_ps(x, x);
  Vec p = _mm256_set1_ps(kTanhFirst);
  for (const float coefficient : kTanhOthers) p = _mm256_fmadd_ps(p, z, _mm256_set1_ps(coefficient));
  const Vec near_zero = _mm256_fmadd_ps(_mm256_mul_ps(p, z), x, x);
  return _mm256_blendv_ps(near_zero, far, _mm256_cmp_ps(magnitude, _mm256_set1_ps(kTanhNear), _CMP_GT_OQ));
}

// NaN stays NaN: max returns its second operand.
Vec activate(Vec x, Activation activation) {
  if (activation == Activation::relu) return _mm256_max_ps(_mm256_setzero_ps(), x);
  if (activation == Activation::tanh) return tanh_of(x);
  return x;
}

void finish_linear(const LinearTask& task, std::ptrdiff_t vector, const Vec* sums, int count) {
  std::ptrdiff_t channel = vector % task.channels;
  for (int i = 0; i < count; ++i) {
    const std::ptrdiff_t at = (vector + i) * kLanes;
    const Vec y = _mm256_fmadd_ps(_mm256_broadcast_ss(task.scale + channel), sums[i], _mm256_loadu_ps(task.shift + at));
    _mm256_storeu_ps(task.out + at, activate(y, task.activation));
    if (++channel == task.channels) channel = 0;
  }
}

}  // namespace

// One stream of weights, as fast as memory gives them.
void linear_floats(const float* w, const LinearTask& task) {
  for (std::ptrdiff_t tile = task.first; tile < task.last; ++tile) {
    const float* row = w + (tile - task.weights_first) * task.z_dim * kLinearVectors * kLanes;
    Vec sums[kLinearVectors] = {};
    for (int i = 0; i < task.z_dim; ++i, row += kLinearVectors * kLanes) {
      const Vec z = _mm256_broadcast_ss(task.z + i);
      for (int v = 0; v < kLinearVectors; ++v) sums[v] = _mm256_fmadd_ps(z, _mm256_loadu_ps(row + v * kLanes), sums[v]);
    }
    finish_linear(task, tile * kLinearVectors, sums, kLinearVectors);
  }
}

// A table of eight sums lies in one register: a permutation is eight lookups, each for three weights.
void linear_signs(const std::uint32_t* words, const LinearTask& task) {
  const int groups = (task.z_dim + kWordInputs - 1) / kWordInputs;
  for (int group = 0; group < groups; ++group)
    for (int number = 0; number < kLanes; ++number) {
      float sum = 0.0f;
      for (int b = 0; b < kWordInputs && group * kWordInputs + b < task.z_dim; ++b) {
        const float z = task.z[group * kWordInputs + b];
        sum += (number >> b & 1) != 0 ? z : -z;
      }
      task.tables[group * kLanes + number] = sum;
    }
  const int count = (groups + kWordGroups - 1) / kWordGroups;
  constexpr int kTiles = kLinearVectors / kWordVectors;
  for (std::ptrdiff_t tile = task.first * kTiles; tile < task.last * kTiles; ++tile) {
    const std::uint32_t* word = words + tile * count * kWordVectors * kLanes;
    Vec sums[kWordVectors] = {};
    for (int first = 0; first < groups; first += kWordGroups, word += kWordVectors * kLanes) {
      __m256i number[kWordVectors];
      for (int v = 0; v < kWordVectors; ++v) number[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(word + v * kLanes));
      const int last = first + kWordGroups < groups ? first + kWordGroups : groups;
      for (int group = first; group < last; ++group) {
        const Vec table = _mm256_loadu_ps(task.tables + group * kLanes);
        for (int v = 0; v < kWordVectors; ++v) {
          sums[v] = _mm256_add_ps(sums[v], _mm256_permutevar8x32_ps(table, number[v]));  // looks at the lowest three bits
          number[v] = _mm256_srli_epi32(number[v], kWordInputs);
        }
      }
    }
    finish_linear(task, tile * kWordVectors, sums, kWordVectors);
  }
}

namespace {

// One input channel: five taps of a row on two vectors of pixels.
void multiply_channel(const float* w, const float* x0, const float* x1, Vec (&a)[kKernel], Vec (&b)[kKernel]) {
  const Vec xa = _mm256_load_ps(x0);
  const Vec xb = _mm256_load_ps(x1);
#pragma GCC unroll 5
  for (int kx = 0; kx < kKernel; ++kx) {
    const Vec weight = _mm256_broadcast_ss(w + kx);
    a[kx] = _mm256_fmadd_ps(weight, xa, a[kx]);
    b[kx] = _mm256_fmadd_ps(weight, xb, b[kx]);
  }
}

// registers  5 taps * 2 vectors of pixels = 10 accumulators, 2 x, 1 w
// latency    10 independent FMAs >= 2 ports * 4 or 5 cycles
// loads      7 for 10 FMAs; the weights of a row of taps stand together: one stream
// prefetch   weights 2 KB ahead, over the ends of pages, and the pixels of the next call, which usually follow these; a line
//            every other channel, since prefetches take the place of loads
void multiply_floats(const float* w, int c_in, const float* x0, const float* x1, float* p0, float* p1) {
  constexpr int kAhead = 512;
  const std::ptrdiff_t next = 2 * static_cast<std::ptrdiff_t>(c_in) * kLanes;
  Vec a[kKernel] = {};
  Vec b[kKernel] = {};
  int c = 0;
  for (; c + 2 <= c_in; c += 2, w += 2 * kKernel, x0 += 2 * kLanes, x1 += 2 * kLanes) {
    prefetch(w, kAhead);
    prefetch(x0, next);
    prefetch(x1, next);
    multiply_channel(w, x0, x1, a, b);
    multiply_channel(w + kKernel, x0 + kLanes, x1 + kLanes, a, b);
  }
  if (c < c_in) multiply_channel(w, x0, x1, a, b);
#pragma GCC unroll 5
  for (int kx = 0; kx < kKernel; ++kx) {
    _mm256_store_ps(p0 + kx * kLanes, a[kx]);
    _mm256_store_ps(p1 + kx * kLanes, b[kx]);
  }
}

// All signed sums of a group's rows of x.  The eight of the first three channels stay in registers; each sum of the others,
// by doubling, is added to all of them.  Of fewer channels only the rows in use matter, so missing ones count as zeros.
void fill_table(const float* x, int count, float* table) {
  const auto channel = [&](int b) { return b < count ? _mm256_load_ps(x + b * kLanes) : _mm256_setzero_ps(); };
  constexpr int kLow = 3;
  constexpr int kLowRows = 1 << kLow;
  Vec low[kLowRows];
  low[0] = _mm256_sub_ps(_mm256_sub_ps(_mm256_setzero_ps(), channel(0)), _mm256_add_ps(channel(1), channel(2)));
  for (int b = 0; b < kLow; ++b) {
    const Vec twice = _mm256_add_ps(channel(b), channel(b));
    for (int p = 0; p < 1 << b; ++p) low[p + (1 << b)] = _mm256_add_ps(low[p], twice);
  }
  Vec high[kLowRows];
  high[0] = _mm256_sub_ps(_mm256_sub_ps(_mm256_setzero_ps(), channel(3)), _mm256_add_ps(channel(4), channel(5)));
  for (int b = 0; b < kLow; ++b) {
    const Vec twice = _mm256_add_ps(channel(b + kLow), channel(b + kLow));
    for (int p = 0; p < 1 << b; ++p) high[p + (1 << b)] = _mm256_add_ps(high[p], twice);
  }
  for (int h = 0; h < kLowRows; ++h, table += kLowRows * kLanes) {
    const Vec sum = high[h];
#pragma GCC unroll 8
    for (int p = 0; p < kLowRows; ++p) _mm256_store_ps(table + p * kLanes, _mm256_add_ps(low[p], sum));
  }
}

using Word [[gnu::may_alias, gnu::aligned(1)]] = std::uint64_t;  // of a file, which lies at a multiple of 4

// A number times 4, times the size of two floats, is the byte offset of a table row.
Vec table_row(const float* table, std::uint64_t number) {
  return _mm256_load_ps(reinterpret_cast<const float*>(reinterpret_cast<const char*>(table) + number * 8));
}

// A word is eight table rows of one group: sum[row] = or += table row.  It is taken apart by moves of its two lowest bytes
// and shifts, since eight loads of a byte would compete with the eight of table rows.
template <bool kFirst>
void look_up(std::uint64_t word, const float* table, Vec (&sum)[kRowBlock]) {
#pragma GCC unroll 4
  for (int row = 0; row < kRowBlock; row += 2) {
    const Vec even = table_row(table, word & 0xff);
    const Vec odd = table_row(table, word >> 8 & 0xff);
    sum[row] = kFirst ? even : _mm256_add_ps(sum[row], even);
    sum[row + 1] = kFirst ? odd : _mm256_add_ps(sum[row + 1], odd);
    word >>= 16;
    asm("" : "+Q"(word));  // without it the compiler makes eight shifts of the whole word and spills them
  }
}

}  // namespace

// Eight product rows at a time: one add stands for eight pixels and up to six weights.
// registers  8 sums, the word
// order      the first lookup is a move, and what was in p is added last: 4% over loading it first
void multiply_signs(const SignTask& task) {
  for (int group = 0; group < task.groups && task.fill_tables; ++group) {
    const int begin = group_begin(task.c_in, task.first_group + group);
    const int end = group_begin(task.c_in, task.first_group + group + 1);
    fill_table(task.x + begin * kLanes, end - begin, task.tables + group * kTableFloats);
  }
  const Word* numbers = reinterpret_cast<const Word*>(task.numbers);
  float* p = task.p;
  for (std::ptrdiff_t block = 0; block < task.row_blocks; ++block, p += kRowBlock * kLanes) {
    Vec sum[kRowBlock];
    const float* table = task.tables;
    look_up<true>(*numbers++, table, sum);
    for (int group = 1; group < task.groups; ++group) look_up<false>(*numbers++, table += kTableFloats, sum);
    if (task.accumulate)
      for (int row = 0; row < kRowBlock; ++row) sum[row] = _mm256_add_ps(sum[row], _mm256_load_ps(p + row * kLanes));
    for (int row = 0; row < kRowBlock; ++row) _mm256_store_ps(p + row * kLanes, sum[row]);
  }
}

namespace {

// [before's last lane, x's first seven]
Vec shift_right(Vec before, Vec x) {
  const __m256i middle = _mm256_castps_si256(_mm256_permute2f128_ps(before, x, 0x21));
  return _mm256_castsi256_ps(_mm256_alignr_epi8(_mm256_castps_si256(x), middle, 12));
}

// [x's last seven lanes, after's first]
Vec shift_left(Vec x, Vec after) {
  const __m256i middle = _mm256_castps_si256(_mm256_permute2f128_ps(x, after, 0x21));
  return _mm256_castsi256_ps(_mm256_alignr_epi8(middle, _mm256_castps_si256(x), 4));
}

// The first `count` lanes, at most eight.
__m256i first_lanes(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

// One output row of all channels: up to three rows of the product, left to right, neighbours kept in registers.
// kWidth: 8 for rows of whole vectors, 4 for a row of four pixels, 1 for fewer; neither more lanes than the row's pixels
// nor more than its output may be touched.
template <int kWidth>
void assemble_row(const AssembleTask& task, const float* same, const float* below, const float* above, float* row) {
  const auto load = [&](const float* p) {
    if (kWidth == 8) return _mm256_load_ps(p);
    if (kWidth == 4) return _mm256_zextps128_ps256(_mm_load_ps(p));
    return _mm256_maskload_ps(p, first_lanes(task.side));
  };
  const auto column = [&](std::ptrdiff_t at) {
    Vec sum = load(same + at);
    if (above != nullptr) sum = _mm256_add_ps(sum, load(above + at));
    if (below != nullptr) sum = _mm256_add_ps(sum, load(below + at));
    return sum;
  };
  const Vec zero = _mm256_setzero_ps();
  const int vectors = kWidth == 8 ? task.side / kLanes : 1;
  const std::ptrdiff_t vector_stride = task.vector_stride;
  const std::ptrdiff_t out_vector_stride = task.out_vector_stride;
  const Activation activation = task.activation;
  for (int o = 0; o < task.channels; ++o) {
    const Vec scale = _mm256_broadcast_ss(task.scale + o);
    const Vec shift = _mm256_broadcast_ss(task.shift + o);
    float* out = row + o * task.out_channel_stride;
    std::ptrdiff_t at = o * task.channel_stride;
    Vec before3 = zero;
    Vec before4 = zero;
    Vec column0 = column(at);
    for (int v = 0; v < vectors; ++v, at += vector_stride) {
      const Vec column3 = column(at + 3 * kLanes);
      const Vec column4 = column(at + 4 * kLanes);
      const Vec after0 = v + 1 < vectors ? column(at + vector_stride) : zero;
      Vec left = _mm256_add_ps(column(at + kLanes), shift_right(before3, column3));
      Vec right = _mm256_add_ps(_mm256_add_ps(shift_left(column0, after0), column(at + 2 * kLanes)), shift_right(before4, column4));
      left = activate(_mm256_fmadd_ps(left, scale, shift), activation);
      right = activate(_mm256_fmadd_ps(right, scale, shift), activation);
      const Vec low = _mm256_unpacklo_ps(left, right);
      const Vec high = _mm256_unpackhi_ps(left, right);
      const Vec first = _mm256_permute2f128_ps(low, high, 0x20);
      if (kWidth == 1) {
        _mm256_maskstore_ps(out, first_lanes(2 * task.side), first);
      } else {
        _mm256_storeu_ps(out, first);
        if (kWidth == 8) _mm256_storeu_ps(out + out_vector_stride, _mm256_permute2f128_ps(low, high, 0x31));
      }
      out += 2 * out_vector_stride;
      before3 = column3;
      before4 = column4;
      column0 = after0;
    }
  }
}

template <int kWidth>
void assemble_rows(const AssembleTask& task) {
  assemble_row<kWidth>(task, task.row[1], nullptr, task.row[3], task.even);
  assemble_row<kWidth>(task, task.row[2], task.row[0], task.row[4], task.odd);
}

}  // namespace

void assemble(const AssembleTask& task) {
  if (task.side >= kLanes) assemble_rows<8>(task);
  else if (task.side == 4) assemble_rows<4>(task);
  else assemble_rows<1>(task);
}

namespace {

// registers  3 pixels * 4 vectors of channels = 12 accumulators, 3 x, 1 w
// latency    12 independent FMAs >= 2 ports * 4 or 5 cycles; of two pixels 8
// loads      7 for 12 FMAs
// prefetch   the panel of the next tap, while this one lies in the first-level cache
template <int kPixels>
void multiply_pixels(const ChannelTask& task) {
  const float* w = task.w;
  const std::ptrdiff_t next = static_cast<std::ptrdiff_t>(task.c_in) * kChannelLanes;
  Vec sum[kPixels][kChannelVectors];
#pragma GCC unroll 3
  for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 4
    for (int v = 0; v < kChannelVectors; ++v) sum[p][v] = task.accumulate ? _mm256_load_ps(task.y[p] + v * kLanes) : _mm256_setzero_ps();
  for (std::ptrdiff_t c = 0; c < task.c_in; ++c, w += kChannelLanes) {
    prefetch(w, next);
    prefetch(w, next + kChannelLanes / 2);
    Vec value[kPixels];
#pragma GCC unroll 3
    for (int p = 0; p < kPixels; ++p) value[p] = _mm256_broadcast_ss(task.x[p] + c * task.x_stride);
#pragma GCC unroll 4
    for (int v = 0; v < kChannelVectors; ++v) {
      const Vec weight = _mm256_loadu_ps(w + v * kLanes);
#pragma GCC unroll 3
      for (int p = 0; p < kPixels; ++p) sum[p][v] = _mm256_fmadd_ps(weight, value[p], sum[p][v]);
    }
  }
#pragma GCC unroll 3
  for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 4
    for (int v = 0; v < kChannelVectors; ++v) _mm256_store_ps(task.y[p] + v * kLanes, sum[p][v]);
}

void multiply_channels(const ChannelTask& task) {
  if (task.pixels == 3) multiply_pixels<3>(task);
  else if (task.pixels == 2) multiply_pixels<2>(task);
  else multiply_pixels<1>(task);
}

// Rows become columns.
void transpose(Vec (&r)[kLanes]) {
  Vec pairs[kLanes];
  for (int i = 0; i < kLanes; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  Vec fours[kLanes];
  for (int i = 0; i < kLanes; i += 4)
    for (int j = 0; j < 2; ++j) {
      fours[i + 2 * j] = _mm256_shuffle_ps(pairs[i + j], pairs[i + j + 2], 0x44);
      fours[i + 2 * j + 1] = _mm256_shuffle_ps(pairs[i + j], pairs[i + j + 2], 0xee);
    }
  for (int i = 0; i < kLanes / 2; ++i) {
    r[i] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
    r[i + 4] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
  }
}

}  // namespace

void finish_channels(const FinishTask& task) {
  for (int first = 0; first < task.channels; first += kLanes) {
    Vec rows[kLanes];
    for (int pixel = 0; pixel < kLanes; ++pixel) rows[pixel] = _mm256_load_ps(task.sums + pixel * kChannelLanes + first);
    transpose(rows);
    for (int o = first; o < first + kLanes && o < task.channels; ++o) {
      const Vec y = _mm256_fmadd_ps(rows[o - first], _mm256_broadcast_ss(task.scale + o), _mm256_broadcast_ss(task.shift + o));
      _mm256_storeu_ps(task.out + o * task.out_channel_stride, activate(y, task.activation));
    }
  }
}

// registers  4 sums, a factor
// loads      a value for each multiplication; the pointers once for 32 values
void combine(const CombineTask& task) {
  for (std::ptrdiff_t n = 0; n < task.count; ++n)
    for (int lane = 0; lane < task.lanes; lane += kChannelLanes) {
      const std::ptrdiff_t at = n * task.from_stride + lane;
      Vec sum[kChannelVectors];
      const Vec first = _mm256_broadcast_ss(task.factor);
#pragma GCC unroll 4
      for (int v = 0; v < kChannelVectors; ++v) sum[v] = _mm256_mul_ps(first, _mm256_load_ps(task.from[0] + at + v * kLanes));
      for (int term = 1; term < task.terms; ++term) {
        const Vec factor = _mm256_broadcast_ss(task.factor + term);
#pragma GCC unroll 4
        for (int v = 0; v < kChannelVectors; ++v)
          sum[v] = _mm256_fmadd_ps(factor, _mm256_load_ps(task.from[term] + at + v * kLanes), sum[v]);
      }
#pragma GCC unroll 4
      for (int v = 0; v < kChannelVectors; ++v) _mm256_store_ps(task.to + n * task.to_stride + lane + v * kLanes, sum[v]);
    }
}

}  // namespace avx2

const Leaves kAvx2Leaves = {avx2::linear_floats,   avx2::linear_signs,      avx2::multiply_floats, avx2::multiply_signs,
                            avx2::assemble,        avx2::multiply_channels, avx2::finish_channels, avx2::combine,
                            avx2::sum_float_rows,  avx2::sum_half_rows};

}  // namespace pbgen::edge
