#include <immintrin.h>

#include "core/base/vector_avx512.h"
#include "core/conv/binary_conv_leaf.h"
#include "core/conv/binary_conv_loops.h"

namespace pbgen::binary_leaf {
namespace {

constexpr std::int64_t kSlices = 2;
constexpr std::int64_t kTableFloats = table_floats(kSlices);

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

struct TwoSlices : Zmm {
  static constexpr std::int64_t kRowFloats = 8 * kSlices;
  // Bits of four words of sixteen: where pdep puts a byte doubled, and where pext takes the second and the third from.
  struct Constants {
    std::uint64_t doubled = 0x01fe01fe01fe01fe;
    std::uint64_t second = 0x01ffull << 16;
    std::uint64_t third = 0x01ffull << 32;
  };

  // The eight images of a slice and those of the slice behind it.
  static Vector load_channel(const float* x, std::int64_t slice_step) {
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(x)), _mm256_loadu_ps(x + slice_step), 1);
  }

  template <int group>
  [[gnu::always_inline]] static void look_up(const std::uint8_t* numbers, const float* tables, const Constants& masks,
                                               Accumulators<TwoSlices>& t) {
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

  template <bool first, bool last>
  [[gnu::always_inline]] static void finish(Vector sum, const Lookup& k, int row) {
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
};

}  // namespace

const SliceLeaves kAvx512 = {.slices = kSlices, .build_tables = build_tables<TwoSlices>, .look_up = look_up<TwoSlices>};

}  // namespace pbgen::binary_leaf
