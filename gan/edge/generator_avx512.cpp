// AVX-512 leaves of the one-image generator: two vectors of pixels in one, or sixteen output channels.  Each call adds as those of AVX2
// do, to the bit; leaves that would not gain are theirs.
#include <immintrin.h>

#include "gan/edge/generator_leaf.h"

namespace pbgen::edge {
namespace avx512 {
namespace {

// base[index], which may lie outside the array: hence an address made of numbers.
inline void prefetch(const float* base, std::ptrdiff_t index) {
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(base) + static_cast<std::uintptr_t>(index) * sizeof(float);
  _mm_prefetch(reinterpret_cast<const char*>(address), _MM_HINT_T0);
}

using Vec = __m512;
constexpr int kWideLanes = 2 * kLanes;

inline Vec join(__m256 low, __m256 high) { return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1); }
inline Vec load_pair(const float* low, const float* high) { return join(_mm256_load_ps(low), _mm256_load_ps(high)); }
// By mask, all of it: g++ 12 warns of the others' undefined source.
template <int half>
inline __m256 half_of(Vec x) {
  return _mm512_maskz_extractf32x8_ps(0xff, x, half);
}

// registers  5 taps of a pair of vectors, x
// latency    5 chains: 5 FMAs in 4 cycles
// loads      7 for 5 FMAs
// prefetch   as multiply_floats of generator_avx2.cpp
void multiply_floats(const float* w, int c_in, const float* x0, const float* x1, float* p0, float* p1) {
  constexpr int kAhead = 512;
  const std::ptrdiff_t next = 2 * static_cast<std::ptrdiff_t>(c_in) * kLanes;
  Vec sum[kKernel];
#pragma GCC unroll 5
  for (int kx = 0; kx < kKernel; ++kx) sum[kx] = _mm512_setzero_ps();
  for (int c = 0; c < c_in; ++c, w += kKernel, x0 += kLanes, x1 += kLanes) {
    if (c % 2 == 0) {
      prefetch(w, kAhead);
      prefetch(x0, next);
      prefetch(x1, next);
    }
    const Vec x = load_pair(x0, x1);
#pragma GCC unroll 5
    for (int kx = 0; kx < kKernel; ++kx) sum[kx] = _mm512_fmadd_ps(_mm512_set1_ps(w[kx]), x, sum[kx]);
  }
#pragma GCC unroll 5
  for (int kx = 0; kx < kKernel; ++kx) {
    _mm256_store_ps(p0 + kx * kLanes, half_of<0>(sum[kx]));
    _mm256_store_ps(p1 + kx * kLanes, half_of<1>(sum[kx]));
  }
}

// As fill_table of generator_avx2.cpp.
//   registers  8 low sums, 8 high ones
void fill_table(const float* x0, const float* x1, int count, float* table) {
  const auto channel = [&](int b) { return b < count ? load_pair(x0 + b * kLanes, x1 + b * kLanes) : _mm512_setzero_ps(); };
  constexpr int kHalf = 3;
  constexpr int kHalfRows = 1 << kHalf;
  const auto doubled_sums = [&](int first, Vec(&sums)[kHalfRows]) {
    sums[0] = _mm512_sub_ps(_mm512_sub_ps(_mm512_setzero_ps(), channel(first)), _mm512_add_ps(channel(first + 1), channel(first + 2)));
#pragma GCC unroll 3
    for (int b = 0; b < kHalf; ++b) {
      const Vec twice = _mm512_add_ps(channel(first + b), channel(first + b));
#pragma GCC unroll 4
      for (int p = 0; p < 1 << b; ++p) sums[p + (1 << b)] = _mm512_add_ps(sums[p], twice);
    }
  };
  Vec low[kHalfRows];
  Vec high[kHalfRows];
  doubled_sums(0, low);
  doubled_sums(kHalf, high);
#pragma GCC unroll 8
  for (int h = 0; h < kHalfRows; ++h)
#pragma GCC unroll 8
    for (int p = 0; p < kHalfRows; ++p)
      _mm512_store_ps(table + (h * kHalfRows + p) * kWideLanes, _mm512_add_ps(low[p], high[h]));
}

constexpr int kWideTableFloats = kTableRows * kWideLanes;

struct Sums {
  Vec a0, a1, a2, a3, a4, a5, a6, a7;
};

// Bits of four words of sixteen: where pdep puts a byte doubled, and where pext takes the second and the third from.
struct Masks {
  std::uint64_t doubled = 0x01fe01fe01fe01fe;
  std::uint64_t second = 0x01ffull << 16;
  std::uint64_t third = 0x01ffull << 32;
};

// A word is eight table rows of one group.  A number is a byte and the addressing mode scales by 8 at most, which a row of 64 bytes is not:
// twice a number is wanted, nine bits.  So pdep spreads four bytes over words of sixteen bits, doubled, and the four are taken apart by
// a move, two pext and a shift: on four ports, two of which the vectors leave idle, and no load beside the word's.
#define PBGEN_LOOKUP_FOUR(op, four, a, b, c, d)                \
  "movzwl %%" four ", %%ecx\n\t" op(a, "%%rcx")                \
  "pextq %[second], %%r" four ", %%rsi\n\t"                    \
  "pextq %[third], %%r" four ", %%rcx\n\t"                     \
  "shrq $48, %%r" four "\n\t"                                  \
  op(b, "%%rsi") op(c, "%%rcx") op(d, "%%r" four)
#define PBGEN_MOVE(sum, number) "vmovaps (%[table]," number ",8), %[" sum "]\n\t"
#define PBGEN_ADD(sum, number) "vaddps (%[table]," number ",8), %[" sum "], %[" sum "]\n\t"
#define PBGEN_LOOKUP_GROUP(op)                                 \
  "movq %[word], %%rax\n\t"                                    \
  "pdepq %[doubled], %%rax, %%rdx\n\t"                         \
  "shrq $32, %%rax\n\t"                                        \
  "pdepq %[doubled], %%rax, %%rax\n\t"                         \
  PBGEN_LOOKUP_FOUR(op, "dx", "a0", "a1", "a2", "a3")          \
  PBGEN_LOOKUP_FOUR(op, "ax", "a4", "a5", "a6", "a7")

template <bool kFirst>
__attribute__((always_inline)) inline void look_up(const std::uint8_t* numbers, const float* table, const Masks& masks, Sums& t) {
  const auto* word = reinterpret_cast<const char(*)[kRowBlock]>(numbers);
  // Read through `table`; named as well, so that no compiler thinks it unread.
  const auto* rows = reinterpret_cast<const float(*)[kWideTableFloats]>(table);
  if (kFirst) {
    asm volatile(PBGEN_LOOKUP_GROUP(PBGEN_MOVE)
                 : [a0] "=&v"(t.a0), [a1] "=&v"(t.a1), [a2] "=&v"(t.a2), [a3] "=&v"(t.a3), [a4] "=&v"(t.a4), [a5] "=&v"(t.a5),
                   [a6] "=&v"(t.a6), [a7] "=&v"(t.a7)
                 : [word] "m"(*word), [rows] "m"(*rows), [table] "r"(table), [doubled] "r"(masks.doubled), [second] "r"(masks.second),
                   [third] "r"(masks.third)
                 : "rax", "rcx", "rdx", "rsi", "cc");
  } else {
    asm volatile(PBGEN_LOOKUP_GROUP(PBGEN_ADD)
                 : [a0] "+v"(t.a0), [a1] "+v"(t.a1), [a2] "+v"(t.a2), [a3] "+v"(t.a3), [a4] "+v"(t.a4), [a5] "+v"(t.a5),
                   [a6] "+v"(t.a6), [a7] "+v"(t.a7)
                 : [word] "m"(*word), [rows] "m"(*rows), [table] "r"(table), [doubled] "r"(masks.doubled), [second] "r"(masks.second),
                   [third] "r"(masks.third)
                 : "rax", "rcx", "rdx", "rsi", "cc");
  }
}

// Where the sums of a pair of vectors go: those of a vector whose mask is 0 go nowhere, and add to nothing.
struct Places {
  float* low;
  float* high;
  __mmask8 writes_low;
  __mmask8 writes_high;
  __mmask8 adds_low;
  __mmask8 adds_high;
};

__attribute__((always_inline)) inline void store_row(const Places& places, int row, Vec sum) {
  const Vec before = join(_mm256_maskz_load_ps(places.adds_low, places.low + row * kLanes),
                          _mm256_maskz_load_ps(places.adds_high, places.high + row * kLanes));
  if (places.adds_low != 0 || places.adds_high != 0) sum = _mm512_add_ps(sum, before);
  _mm256_mask_store_ps(places.low + row * kLanes, places.writes_low, half_of<0>(sum));
  _mm256_mask_store_ps(places.high + row * kLanes, places.writes_high, half_of<1>(sum));
}

// kGroups: of them all; 0: task.groups.
template <int kGroups>
void look_up_rows(const SignTask& task, const Masks& masks, Places places) {
  const int groups = kGroups > 0 ? kGroups : task.groups;
  const std::uint8_t* numbers = task.numbers;
  for (std::ptrdiff_t block = 0; block < task.row_blocks; ++block) {
    Sums sums;
    look_up<true>(numbers, task.tables, masks, sums);
#pragma GCC unroll 16
    for (int group = 1; group < groups; ++group)
      look_up<false>(numbers + group * kRowBlock, task.tables + group * kWideTableFloats, masks, sums);
    numbers += groups * kRowBlock;
    store_row(places, 0, sums.a0);
    store_row(places, 1, sums.a1);
    store_row(places, 2, sums.a2);
    store_row(places, 3, sums.a3);
    store_row(places, 4, sums.a4);
    store_row(places, 5, sums.a5);
    store_row(places, 6, sums.a6);
    store_row(places, 7, sums.a7);
    places.low += kRowBlock * kLanes;
    places.high += kRowBlock * kLanes;
  }
}

// Eight product rows at a time: one add stands for sixteen pixels and up to six weights.
// registers  8 sums, the word and what is taken from it
void multiply_sign_pairs(const SignPairTask& pair) {
  const SignTask& task = pair.first;
  for (int group = 0; group < task.groups && task.fill_tables; ++group) {
    const int begin = group_begin(task.c_in, task.first_group + group);
    const int end = group_begin(task.c_in, task.first_group + group + 1);
    fill_table(task.x + begin * kLanes, pair.x + begin * kLanes, end - begin, task.tables + group * kWideTableFloats);
  }
  const auto mask = [](const float* p, bool is) { return static_cast<__mmask8>(p != nullptr && is ? 0xff : 0); };
  const Places places{task.p != nullptr ? task.p : pair.p, pair.p != nullptr ? pair.p : task.p,
                      mask(task.p, true),                  mask(pair.p, true),
                      mask(task.p, task.accumulate),       mask(pair.p, pair.accumulate)};
  switch (task.groups) {
    case kBlockGroups: look_up_rows<kBlockGroups>(task, {}, places); break;
    case kBlockGroups - 1: look_up_rows<kBlockGroups - 1>(task, {}, places); break;
    default: look_up_rows<0>(task, {}, places); break;
  }
}

constexpr int kWideVectors = kChannelLanes / kWideLanes;

// registers  6 pixels * 2 vectors of channels = 12 sums, 2 w, x from memory
// latency    12 independent FMAs >= 2 ports * 4 cycles
// loads      8 for 12 FMAs
// prefetch   as multiply_pixels of generator_avx2.cpp
template <int kPixels>
void multiply_pixels(const ChannelTask& task) {
  const float* w = task.w;
  const std::ptrdiff_t next = static_cast<std::ptrdiff_t>(task.c_in) * kChannelLanes;
  Vec sum[kPixels][kWideVectors];
#pragma GCC unroll 6
  for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 2
    for (int v = 0; v < kWideVectors; ++v) sum[p][v] = task.accumulate ? _mm512_loadu_ps(task.y[p] + v * kWideLanes) : _mm512_setzero_ps();
  for (std::ptrdiff_t c = 0; c < task.c_in; ++c, w += kChannelLanes) {
    prefetch(w, next);
    prefetch(w, next + kChannelLanes / 2);
    Vec weight[kWideVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kWideVectors; ++v) weight[v] = _mm512_loadu_ps(w + v * kWideLanes);
#pragma GCC unroll 6
    for (int p = 0; p < kPixels; ++p) {
      const Vec value = _mm512_set1_ps(task.x[p][c * task.x_stride]);
#pragma GCC unroll 2
      for (int v = 0; v < kWideVectors; ++v) sum[p][v] = _mm512_fmadd_ps(weight[v], value, sum[p][v]);
    }
  }
#pragma GCC unroll 6
  for (int p = 0; p < kPixels; ++p)
#pragma GCC unroll 2
    for (int v = 0; v < kWideVectors; ++v) _mm512_storeu_ps(task.y[p] + v * kWideLanes, sum[p][v]);
}

void multiply_channels(const ChannelTask& task) {
  switch (task.pixels) {
    case 1: multiply_pixels<1>(task); break;
    case 2: multiply_pixels<2>(task); break;
    case 3: multiply_pixels<3>(task); break;
    case 4: multiply_pixels<4>(task); break;
    case 5: multiply_pixels<5>(task); break;
    default: multiply_pixels<6>(task); break;
  }
  static_assert(kMaxChannelPixels == 6, "a case for each");
}

}  // namespace
}  // namespace avx512

const Leaves kAvx512Leaves = {avx2::linear_floats,         avx2::linear_signs,        avx512::multiply_floats, avx2::multiply_signs,
                              avx2::assemble,              avx512::multiply_channels, avx2::finish_channels,   avx2::combine,
                              avx2::sum_float_rows,        avx2::sum_half_rows,
                              avx512::multiply_sign_pairs, kMaxChannelPixels};

}  // namespace pbgen::edge
