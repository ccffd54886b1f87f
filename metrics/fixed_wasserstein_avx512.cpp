#include <immintrin.h>

#include "metrics/fixed_wasserstein_leaf.h"

namespace pbgen::fixed_wasserstein_leaf {

// Marks are gathered as words, of which the lowest byte counts: that of the bin.
std::int64_t collect_marked_avx512(const std::int32_t* values, const std::uint8_t* weights, std::int64_t n, Bins bins,
                                   const std::uint8_t* marks, std::int32_t sign, Entry* entries) {
  const __m512i low = _mm512_set1_epi32(bins.low);
  const __m512i end = _mm512_set1_epi32(static_cast<int>(((static_cast<std::int64_t>(bins.last_bin) + 1) << bins.shift) - 1));
  const __m128i shift = _mm_cvtsi32_si128(bins.shift);
  const __m512i one = _mm512_set1_epi32(1);
  const __m512i signs = _mm512_set1_epi32(sign);
  const __m512i front = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i back = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  std::int64_t found = 0;
  for (std::int64_t i = 0; i < n; i += 16) {
    const __m512i value = _mm512_loadu_si512(values + i);
    const __m512i x = _mm512_max_epi32(_mm512_min_epi32(_mm512_sub_epi32(value, low), end), _mm512_setzero_si512());
    const __m512i mark = _mm512_i32gather_epi32(_mm512_srl_epi32(x, shift), marks, 1);
    const __mmask16 marked = _mm512_test_epi32_mask(mark, one);
    if (marked == 0) continue;
    const __m512i weight = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(weights + i)));
    const __m512i kept = _mm512_maskz_compress_epi32(marked, value);
    const __m512i kept_weight = _mm512_maskz_compress_epi32(marked, _mm512_mullo_epi32(weight, signs));
    _mm512_storeu_si512(entries + found, _mm512_permutex2var_epi32(kept, front, kept_weight));
    _mm512_storeu_si512(entries + found + 8, _mm512_permutex2var_epi32(kept, back, kept_weight));
    found += __builtin_popcount(marked);
  }
  return found;
}

}  // namespace pbgen::fixed_wasserstein_leaf
