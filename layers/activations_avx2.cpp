#include <immintrin.h>

#include "core/base/vector_avx2.h"
#include "layers/activations_leaf.h"
#include "layers/activations_loops.h"

namespace pbgen::activations_leaf {
namespace {

struct Lanes : Ymm {
  static Vector max(Vector a, Vector b) { return _mm256_max_ps(a, b); }
  // x * 2^n where n stands in the lowest bits of `shifted`.
  static Vector times_power_of_two(Vector x, Vector shifted) {
    const __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), exponent));
  }
  static Vector magnitude(Vector x) { return _mm256_andnot_ps(of(-0.0f), x); }
  static Vector with_sign(Vector positive, Vector x) { return _mm256_or_ps(positive, _mm256_and_ps(of(-0.0f), x)); }
  static Vector where_greater(Vector a, Vector b, Vector yes, Vector no) {
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_GT_OQ));
  }
};

}  // namespace

void tanh_avx2(const float* x, float* y, std::int64_t vectors) {
  for (std::int64_t i = 0; i < vectors * kWidth; i += kWidth) _mm256_storeu_ps(y + i, tanh_of<Lanes>(_mm256_loadu_ps(x + i)).v);
}

}  // namespace pbgen::activations_leaf
