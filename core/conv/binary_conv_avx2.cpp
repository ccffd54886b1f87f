#include <immintrin.h>

#include "core/conv/binary_conv_leaf.h"

namespace pbgen::binary_leaf {
namespace {

// All 2^count signed sums of x[0..count): sums[p] adds those whose bit in p is 1 and subtracts the others.
template <int count>
inline void signed_sums(const __m256* x, __m256* sums) {
  if constexpr (count == 0) {
    sums[0] = _mm256_setzero_ps();
  } else if constexpr (count == 1) {
    sums[0] = _mm256_sub_ps(_mm256_setzero_ps(), x[0]);
    sums[1] = x[0];
  } else {
    __m256 fewer[1 << (count - 1)];
    signed_sums<count - 1>(x, fewer);
#pragma GCC unroll 4
    for (int p = 0; p < 1 << (count - 1); ++p) {
      sums[p] = _mm256_sub_ps(fewer[p], x[count - 1]);
      sums[p + (1 << (count - 1))] = _mm256_add_ps(fewer[p], x[count - 1]);
    }
  }
}

// A row is the sum of two signed sums, of the first three channels and of the rest: one add and one store, no load.
//   registers  8 low sums + up to 4 high ones + 1
template <int count>
void build_table(const float* x, const float* scale, float* table) {
  constexpr int low_count = count < 3 ? count : 3;
  constexpr int high_count = count - low_count;
  __m256 channel[6];
#pragma GCC unroll 6
  for (int c = 0; c < count; ++c) {
    channel[c] = _mm256_loadu_ps(x + 8 * c);
    if (scale) channel[c] = _mm256_mul_ps(channel[c], _mm256_broadcast_ss(scale + c));
  }
  __m256 low[1 << low_count];
  __m256 high[1 << high_count];
  signed_sums<low_count>(channel, low);
  signed_sums<high_count>(channel + low_count, high);
#pragma GCC unroll 8
  for (int h = 0; h < 1 << high_count; ++h) {
#pragma GCC unroll 8
    for (int l = 0; l < 1 << low_count; ++l)
      _mm256_store_ps(table + 8 * ((h << low_count) + l), high_count == 0 ? low[l] : _mm256_add_ps(high[h], low[l]));
  }
}

constexpr std::int64_t kTableFloats = table_floats(1);

// One group's lookups for eight output channels: a word of eight row numbers, taken apart by byte registers, so that the load
// ports are left to the tables.  Compilers hoist the words and spill them, or extract each byte from memory; hence assembly.
#define PBGEN_LOOKUP_PAIR(op, even, odd)              \
  "movzbl %%al, %%ecx\n\tmovzbl %%ah, %%edx\n\t"      \
  op(even, "%%rcx") op(odd, "%%rdx")
#define PBGEN_MOVE(acc, number) "vmovaps %c[offset](%[tables]," number ",8), %[" acc "]\n\t"
#define PBGEN_ADD(acc, number) "vaddps %c[offset](%[tables]," number ",8), %[" acc "], %[" acc "]\n\t"
#define PBGEN_LOOKUP_GROUP(op)                                                              \
  "movq %[word], %%rax\n\t" PBGEN_LOOKUP_PAIR(op, "a0", "a1")                               \
  "shrq $16, %%rax\n\t" PBGEN_LOOKUP_PAIR(op, "a2", "a3")                                   \
  "shrq $16, %%rax\n\t" PBGEN_LOOKUP_PAIR(op, "a4", "a5")                                   \
  "shrq $16, %%rax\n\t" PBGEN_LOOKUP_PAIR(op, "a6", "a7")

struct Accumulators {
  __m256 a0, a1, a2, a3, a4, a5, a6, a7;
};

template <int group>
__attribute__((always_inline)) inline void look_up(const std::uint8_t* numbers, const float* tables, Accumulators& t) {
  const auto* word = reinterpret_cast<const char(*)[8]>(numbers + 8 * group);
  // Read through `tables`; named as well, so that no compiler thinks it unread.
  const auto* table = reinterpret_cast<const float(*)[kTableFloats]>(tables + group * kTableFloats);
  constexpr int offset = group * static_cast<int>(kTableFloats * sizeof(float));
  if constexpr (group == 0) {
    asm volatile(PBGEN_LOOKUP_GROUP(PBGEN_MOVE)
                 : [a0] "=&x"(t.a0), [a1] "=&x"(t.a1), [a2] "=&x"(t.a2), [a3] "=&x"(t.a3), [a4] "=&x"(t.a4), [a5] "=&x"(t.a5),
                   [a6] "=&x"(t.a6), [a7] "=&x"(t.a7)
                 : [word] "m"(*word), [table] "m"(*table), [tables] "r"(tables), [offset] "i"(offset)
                 : "rax", "rcx", "rdx", "cc");
  } else {
    asm volatile(PBGEN_LOOKUP_GROUP(PBGEN_ADD)
                 : [a0] "+x"(t.a0), [a1] "+x"(t.a1), [a2] "+x"(t.a2), [a3] "+x"(t.a3), [a4] "+x"(t.a4), [a5] "+x"(t.a5),
                   [a6] "+x"(t.a6), [a7] "+x"(t.a7)
                 : [word] "m"(*word), [table] "m"(*table), [tables] "r"(tables), [offset] "i"(offset)
                 : "rax", "rcx", "rdx", "cc");
  }
}

template <int groups>
__attribute__((always_inline)) inline void look_up_all(const std::uint8_t* numbers, const float* tables, Accumulators& t) {
  if constexpr (groups > 1) look_up_all<groups - 1>(numbers, tables, t);
  look_up<groups - 1>(numbers, tables, t);
}

template <bool first, bool last>
__attribute__((always_inline)) inline void finish_row(__m256 sum, const Lookup& k, int row) {
  if constexpr (!first) sum = _mm256_add_ps(sum, _mm256_loadu_ps(k.sums + 8 * row));
  if constexpr (last) sum = _mm256_fmadd_ps(sum, _mm256_broadcast_ss(k.scale + row), _mm256_broadcast_ss(k.bias + row));
  _mm256_storeu_ps((last ? k.out : k.sums) + 8 * row, sum);
}

// rows: of the eight output channels those that exist.  The others' numbers are 0: looked up, not stored.
//   registers  8 accumulators; the words of numbers and the tables are read from memory
template <int groups, bool first, bool last>
__attribute__((always_inline)) inline void look_up_tile(const Lookup& k, std::int64_t rows) {
  Accumulators t;
  look_up_all<groups>(k.numbers, k.tables, t);
  finish_row<first, last>(t.a0, k, 0);
  if (rows > 1) finish_row<first, last>(t.a1, k, 1);
  if (rows > 2) finish_row<first, last>(t.a2, k, 2);
  if (rows > 3) finish_row<first, last>(t.a3, k, 3);
  if (rows > 4) finish_row<first, last>(t.a4, k, 4);
  if (rows > 5) finish_row<first, last>(t.a5, k, 5);
  if (rows > 6) finish_row<first, last>(t.a6, k, 6);
  if (rows > 7) finish_row<first, last>(t.a7, k, 7);
}

template <int groups, bool first, bool last>
void look_up_rows(Lookup k) {
  for (; k.rows >= kTileRows; k.rows -= kTileRows) {
    look_up_tile<groups, first, last>(k, kTileRows);
    k.numbers += groups * kTileRows;
    k.sums += 8 * kTileRows;
    k.out += 8 * kTileRows;
    k.scale += kTileRows;
    k.bias += kTileRows;
  }
  if (k.rows > 0) look_up_tile<groups, first, last>(k, k.rows);
}

template <int groups>
void look_up_rows(bool first, bool last, const Lookup& k) {
  if (first) {
    last ? look_up_rows<groups, true, true>(k) : look_up_rows<groups, true, false>(k);
  } else {
    last ? look_up_rows<groups, false, true>(k) : look_up_rows<groups, false, false>(k);
  }
}

void build_tables(std::int64_t channels, std::int64_t groups, const float* x, std::int64_t, const float* scale, float* tables) {
  for (std::int64_t group = 0; group < groups; ++group) {
    const std::int64_t begin = group_begin(channels, groups, group);
    const float* const from = x + 8 * begin;
    const float* const factors = scale ? scale + begin : nullptr;
    float* const to = tables + group * kTableFloats;
    switch (group_begin(channels, groups, group + 1) - begin) {
      case 1: build_table<1>(from, factors, to); break;
      case 2: build_table<2>(from, factors, to); break;
      case 3: build_table<3>(from, factors, to); break;
      case 4: build_table<4>(from, factors, to); break;
      case 5: build_table<5>(from, factors, to); break;
      default: build_table<6>(from, factors, to); break;
    }
  }
}

void look_up(std::int64_t groups, bool first, bool last, const Lookup& lookup) {
  switch (groups) {
    case 1: look_up_rows<1>(first, last, lookup); break;
    case 2: look_up_rows<2>(first, last, lookup); break;
    case 3: look_up_rows<3>(first, last, lookup); break;
    case 4: look_up_rows<4>(first, last, lookup); break;
    case 5: look_up_rows<5>(first, last, lookup); break;
    case 6: look_up_rows<6>(first, last, lookup); break;
    case 7: look_up_rows<7>(first, last, lookup); break;
    case 8: look_up_rows<8>(first, last, lookup); break;
    case 9: look_up_rows<9>(first, last, lookup); break;
    case 10: look_up_rows<10>(first, last, lookup); break;
    default: look_up_rows<11>(first, last, lookup); break;
  }
  static_assert(kMaxGroups == 11);
}

}  // namespace

void sign_bytes_avx2(std::int64_t count, const float* w, std::uint8_t* signs) {
  const __m256 zero = _mm256_setzero_ps();
  const auto mask = [&](std::int64_t i) { return _mm256_castps_si256(_mm256_cmp_ps(_mm256_loadu_ps(w + i), zero, _CMP_GE_OQ)); };
  // The two packs interleave the 128-bit halves; this puts them in order.
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  std::int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    const __m256i low = _mm256_packs_epi32(mask(i), mask(i + 8));
    const __m256i high = _mm256_packs_epi32(mask(i + 16), mask(i + 24));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(signs + i), _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), order));
  }
  for (; i < count; ++i) signs[i] = w[i] >= 0.0f ? 255 : 0;
}

const SliceLeaves kAvx2 = {.slices = 1, .build_tables = build_tables, .look_up = look_up};

}  // namespace pbgen::binary_leaf
