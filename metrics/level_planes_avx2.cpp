#include <immintrin.h>

#include "metrics/level_planes_leaf.h"

namespace pbgen::level_planes_leaf {

// Eight pixels are 24 bytes, loaded as the first and the last 16 of them: each channel is put together from both.
void split_rgb_avx2(const std::uint8_t* bytes, std::int64_t pixels, float* planes) {
  const __m128i front[3] = {_mm_setr_epi8(0, 3, 6, 9, 12, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
                            _mm_setr_epi8(1, 4, 7, 10, 13, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1),
                            _mm_setr_epi8(2, 5, 8, 11, 14, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1)};
  const __m128i back[3] = {_mm_setr_epi8(-1, -1, -1, -1, -1, -1, 10, 13, -1, -1, -1, -1, -1, -1, -1, -1),
                           _mm_setr_epi8(-1, -1, -1, -1, -1, 8, 11, 14, -1, -1, -1, -1, -1, -1, -1, -1),
                           _mm_setr_epi8(-1, -1, -1, -1, -1, 9, 12, 15, -1, -1, -1, -1, -1, -1, -1, -1)};
  for (std::int64_t i = 0; i < pixels; i += 8) {
    const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 3 * i));
    const __m128i last = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 3 * i + 8));
#pragma GCC unroll 3
    for (int c = 0; c < 3; ++c) {
      const __m128i values = _mm_or_si128(_mm_shuffle_epi8(first, front[c]), _mm_shuffle_epi8(last, back[c]));
      _mm256_storeu_ps(planes + c * pixels + i, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(values)));
    }
  }
}

}  // namespace pbgen::level_planes_leaf
