#include <immintrin.h>

#include "core/base/vector_avx2.h"
#include "core/conv/binary_conv_leaf.h"
#include "core/conv/binary_conv_loops.h"

namespace pbgen::binary_leaf {
namespace {

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

struct OneSlice : Ymm {
  static constexpr std::int64_t kRowFloats = 8;
  struct Constants {};

  static Vector load_channel(const float* x, std::int64_t) { return _mm256_loadu_ps(x); }

  template <int group>
  [[gnu::always_inline]] static void look_up(const std::uint8_t* numbers, const float* tables, const Constants&,
                                             Accumulators<OneSlice>& t) {
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

  template <bool first, bool last>
  [[gnu::always_inline]] static void finish(Vector sum, const Lookup& k, int row) {
    if constexpr (!first) sum = _mm256_add_ps(sum, _mm256_loadu_ps(k.sums + 8 * row));
    if constexpr (last) sum = _mm256_fmadd_ps(sum, _mm256_broadcast_ss(k.scale + row), _mm256_broadcast_ss(k.bias + row));
    _mm256_storeu_ps((last ? k.out : k.sums) + 8 * row, sum);
  }
};

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

const SliceLeaves kAvx2 = {.slices = 1, .build_tables = build_tables<OneSlice>, .look_up = look_up<OneSlice>};

}  // namespace pbgen::binary_leaf
