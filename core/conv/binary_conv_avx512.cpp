#include <immintrin.h>

#include "core/conv/binary_conv_leaf.h"

namespace pbgen::binary_leaf {
namespace {

constexpr std::int64_t kSlices = 2;
constexpr std::int64_t kRowFloats = 8 * kSlices;
constexpr std::int64_t kTableFloats = table_floats(kSlices);

// The eight images of a slice and those of the slice behind it.
inline __m512 load_pair(const float* x, std::int64_t slice_step) {
  return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(x)), _mm256_loadu_ps(x + slice_step), 1);
}

// All 2^count signed sums of x[0..count): sums[p] adds those whose bit in p is 1 and subtracts the others.
template <int count>
inline void signed_sums(const __m512* x, __m512* sums) {
  if constexpr (count == 0) {
    sums[0] = _mm512_setzero_ps();
  } else if constexpr (count == 1) {
    sums[0] = _mm512_sub_ps(_mm512_setzero_ps(), x[0]);
    sums[1] = x[0];
  } else {
    __m512 fewer[1 << (count - 1)];
    signed_sums<count - 1>(x, fewer);
#pragma GCC unroll 4
    for (int p = 0; p < 1 << (count - 1); ++p) {
      sums[p] = _mm512_sub_ps(fewer[p], x[count - 1]);
      sums[p + (1 << (count - 1))] = _mm512_add_ps(fewer[p], x[count - 1]);
    }
  }
}

// A row is the sum of two signed sums, of the first three channels and of the rest: one add and one store, no load.
//   registers  8 low sums + 8 high ones + 1
template <int count>
void build_table(const float* x, std::int64_t slice_step, const float* scale, float* table) {
  constexpr int low_count = count < 3 ? count : 3;
  constexpr int high_count = count - low_count;
  __m512 channel[6];
#pragma GCC unroll 6
  for (int c = 0; c < count; ++c) {
    channel[c] = load_pair(x + 8 * c, slice_step);
    if (scale) channel[c] = _mm512_mul_ps(channel[c], _mm512_set1_ps(scale[c]));
  }
  __m512 low[1 << low_count];
  __m512 high[1 << high_count];
  signed_sums<low_count>(channel, low);
  signed_sums<high_count>(channel + low_count, high);
#pragma GCC unroll 8
  for (int h = 0; h < 1 << high_count; ++h) {
#pragma GCC unroll 8
    for (int l = 0; l < 1 << low_count; ++l)
      _mm512_store_ps(table + kRowFloats * ((h << low_count) + l), high_count == 0 ? low[l] : _mm512_add_ps(high[h], low[l]));
  }
}

// One group's lookups for eight output channels.  A stored number is a byte and the addressing mode scales by 8 at most, which a row of 64
// bytes is not: twice a stored number is wanted, nine bits.  So pdep spreads four bytes over words of sixteen bits, doubled, and the
// four are taken apart by a move, two pext and a shift: on four ports, two of which the vectors leave idle, and no load beside the word's.
#define PBGEN_LOOKUP_FOUR(op, four, a, b, c, d)                \
  "movzwl %%" four ", %%ecx\n\t" op(a, "%%rcx")                \
  "pextq %[second], %%r" four ", %%rsi\n\t"                    \
  "pextq %[third], %%r" four ", %%rcx\n\t"                     \
  "shrq $48, %%r" four "\n\t"                                  \
  op(b, "%%rsi") op(c, "%%rcx") op(d, "%%r" four)
#define PBGEN_MOVE(acc, number) "vmovaps %c[offset](%[tables]," number ",8), %[" acc "]\n\t"
#define PBGEN_ADD(acc, number) "vaddps %c[offset](%[tables]," number ",8), %[" acc "], %[" acc "]\n\t"
#define PBGEN_LOOKUP_GROUP(op)                                 \
  "movq %[word], %%rax\n\t"                                    \
  "pdepq %[doubled], %%rax, %%rdx\n\t"                         \
  "shrq $32, %%rax\n\t"                                        \
  "pdepq %[doubled], %%rax, %%rax\n\t"                         \
  PBGEN_LOOKUP_FOUR(op, "dx", "a0", "a1", "a2", "a3")          \
  PBGEN_LOOKUP_FOUR(op, "ax", "a4", "a5", "a6", "a7")

struct Accumulators {
  __m512 a0, a1, a2, a3, a4, a5, a6, a7;
};

// Bits of four words of sixteen: where pdep puts a byte doubled, and where pext takes the second and the third from.
struct Masks {
  std::uint64_t doubled = 0x01fe01fe01fe01fe;
  std::uint64_t second = 0x01ffull << 16;
  std::uint64_t third = 0x01ffull << 32;
};

template <int group>
__attribute__((always_inline)) inline void look_up(const std::uint8_t* numbers, const float* tables, const Masks& masks, Accumulators& t) {
  const auto* word = reinterpret_cast<const char(*)[8]>(numbers + 8 * group);
  // Read through `tables`; named as well, so that no compiler thinks it unread.
  const auto* table = reinterpret_cast<const float(*)[kTableFloats]>(tables + group * kTableFloats);
  constexpr int offset = group * static_cast<int>(kTableFloats * sizeof(float));
  if constexpr (group == 0) {
    asm volatile(PBGEN_LOOKUP_GROUP(PBGEN_MOVE)
                 : [a0] "=&v"(t.a0), [a1] "=&v"(t.a1), [a2] "=&v"(t.a2), [a3] "=&v"(t.a3), [a4] "=&v"(t.a4), [a5] "=&v"(t.a5),
                   [a6] "=&v"(t.a6), [a7] "=&v"(t.a7)
                 : [word] "m"(*word), [table] "m"(*table), [tables] "r"(tables), [offset] "i"(offset), [doubled] "r"(masks.doubled),
                   [second] "r"(masks.second), [third] "r"(masks.third)
                 : "rax", "rcx", "rdx", "rsi", "cc");
  } else {
    asm volatile(PBGEN_LOOKUP_GROUP(PBGEN_ADD)
                 : [a0] "+v"(t.a0), [a1] "+v"(t.a1), [a2] "+v"(t.a2), [a3] "+v"(t.a3), [a4] "+v"(t.a4), [a5] "+v"(t.a5),
                   [a6] "+v"(t.a6), [a7] "+v"(t.a7)
                 : [word] "m"(*word), [table] "m"(*table), [tables] "r"(tables), [offset] "i"(offset), [doubled] "r"(masks.doubled),
                   [second] "r"(masks.second), [third] "r"(masks.third)
                 : "rax", "rcx", "rdx", "rsi", "cc");
  }
}

template <int groups>
__attribute__((always_inline)) inline void look_up_all(const std::uint8_t* numbers, const float* tables, const Masks& masks,
                                                       Accumulators& t) {
  if constexpr (groups > 1) look_up_all<groups - 1>(numbers, tables, masks, t);
  look_up<groups - 1>(numbers, tables, masks, t);
}

template <bool first, bool last>
__attribute__((always_inline)) inline void finish_row(__m512 sum, const Lookup& k, int row) {
  float* const sums = k.sums + kRowFloats * row;
  if constexpr (!first) sum = _mm512_add_ps(sum, _mm512_load_ps(sums));
  if constexpr (last) {
    sum = _mm512_fmadd_ps(sum, _mm512_set1_ps(k.scale[row]), _mm512_set1_ps(k.bias[row]));
    // By mask, all of it: g++ 12 warns of the others' undefined source.
    _mm256_storeu_ps(k.out + 8 * row, _mm512_maskz_extractf32x8_ps(0xff, sum, 0));
    _mm256_storeu_ps(k.out + k.out_step + 8 * row, _mm512_maskz_extractf32x8_ps(0xff, sum, 1));
  } else {
    _mm512_store_ps(sums, sum);
  }
}

// rows: of the eight output channels those that exist.  The others' numbers are 0: looked up, not stored.
//   registers  8 accumulators; the words of numbers and the tables are read from memory
template <int groups, bool first, bool last>
__attribute__((always_inline)) inline void look_up_tile(const Lookup& k, const Masks& masks, std::int64_t rows) {
  Accumulators t;
  look_up_all<groups>(k.numbers, k.tables, masks, t);
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
  const Masks masks;
  for (; k.rows >= kTileRows; k.rows -= kTileRows) {
    look_up_tile<groups, first, last>(k, masks, kTileRows);
    k.numbers += groups * kTileRows;
    k.sums += kRowFloats * kTileRows;
    k.out += 8 * kTileRows;
    k.scale += kTileRows;
    k.bias += kTileRows;
  }
  if (k.rows > 0) look_up_tile<groups, first, last>(k, masks, k.rows);
}

template <int groups>
void look_up_rows(bool first, bool last, const Lookup& k) {
  if (first) {
    last ? look_up_rows<groups, true, true>(k) : look_up_rows<groups, true, false>(k);
  } else {
    last ? look_up_rows<groups, false, true>(k) : look_up_rows<groups, false, false>(k);
  }
}

void build_tables(std::int64_t channels, std::int64_t groups, const float* x, std::int64_t slice_step, const float* scale, float* tables) {
  for (std::int64_t group = 0; group < groups; ++group) {
    const std::int64_t begin = group_begin(channels, groups, group);
    const float* const from = x + 8 * begin;
    const float* const factors = scale ? scale + begin : nullptr;
    float* const to = tables + group * kTableFloats;
    switch (group_begin(channels, groups, group + 1) - begin) {
      case 1: build_table<1>(from, slice_step, factors, to); break;
      case 2: build_table<2>(from, slice_step, factors, to); break;
      case 3: build_table<3>(from, slice_step, factors, to); break;
      case 4: build_table<4>(from, slice_step, factors, to); break;
      case 5: build_table<5>(from, slice_step, factors, to); break;
      default: build_table<6>(from, slice_step, factors, to); break;
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

const SliceLeaves kAvx512 = {.slices = kSlices, .build_tables = build_tables, .look_up = look_up};

}  // namespace pbgen::binary_leaf
