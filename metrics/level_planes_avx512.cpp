#include <immintrin.h>

#include "metrics/level_planes_leaf.h"

namespace pbgen::level_planes_leaf {

void add_plane_avx512(const float* plane, std::int64_t side, const std::int32_t* weights, std::int64_t weight_stride, PlaneChains& chains) {
  __m512d sum = _mm512_loadu_pd(chains.sum);
  __m512d squares = _mm512_loadu_pd(chains.squares);
  __m256 low = _mm256_loadu_ps(chains.low);
  __m256 high = _mm256_loadu_ps(chains.high);
  for (std::int64_t y = 0; y < side; ++y) {
    const float* const row = plane + y * side;
    const std::int32_t* const row_weights = weights + y * weight_stride;
    for (std::int64_t x = 0; x < side; x += kChains) {
      const __m256 values = _mm256_loadu_ps(row + x);
      const __m512d value = _mm512_cvtps_pd(values);
      const __m512d weight = _mm512_cvtepi32_pd(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(row_weights + x)));
      const __m512d weighted = _mm512_mul_pd(weight, value);
      sum = _mm512_add_pd(sum, weighted);
      squares = _mm512_add_pd(squares, _mm512_mul_pd(weighted, value));
      low = _mm256_min_ps(values, low);
      high = _mm256_max_ps(values, high);
    }
  }
  _mm512_storeu_pd(chains.sum, sum);
  _mm512_storeu_pd(chains.squares, squares);
  _mm256_storeu_ps(chains.low, low);
  _mm256_storeu_ps(chains.high, high);
}

}  // namespace pbgen::level_planes_leaf
