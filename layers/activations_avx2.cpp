// core/base/math.h's formulas, operation for operation: no multiplication is fused with an addition, so the bits are the same.
#include <immintrin.h>

#include "layers/activations_leaf.h"

namespace pbgen::activations_leaf {
namespace {

// Intrinsics in the guise of numbers, so that the formulas can be held against their originals.
struct Vec {
  __m256 v;
  Vec(__m256 vector) : v(vector) {}
  Vec(float value) : v(_mm256_set1_ps(value)) {}
};

inline Vec operator+(Vec a, Vec b) { return _mm256_add_ps(a.v, b.v); }
inline Vec operator-(Vec a, Vec b) { return _mm256_sub_ps(a.v, b.v); }
inline Vec operator*(Vec a, Vec b) { return _mm256_mul_ps(a.v, b.v); }
inline Vec operator/(Vec a, Vec b) { return _mm256_div_ps(a.v, b.v); }

// exp_of for x in [-infinity, 0] or NaN.  vmaxps returns its second operand where one is NaN.
inline Vec exp_of_negative(Vec x) {
  x = _mm256_max_ps(Vec(-87.0f).v, x.v);
  const Vec shifted = x * 1.44269504088896341f + 12582912.0f;
  const Vec n = shifted - 12582912.0f;
  const Vec r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Vec p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  // Without subtracting 12582912's bits: the lowest nine, all that the shift leaves, are 0.
  const __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(shifted.v), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p.v), exponent));
}

inline Vec tanh_of(Vec x) {
  const __m256 sign_bit = _mm256_set1_ps(-0.0f);
  const Vec magnitude = _mm256_andnot_ps(sign_bit, x.v);
  const Vec z = x * x;
  Vec p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const Vec near_zero = p * z * x + x;
  const Vec e = exp_of_negative(magnitude * -2.0f);
  const Vec far = (Vec(1.0f) - e) / (Vec(1.0f) + e);
  const Vec signed_far = _mm256_or_ps(far.v, _mm256_and_ps(sign_bit, x.v));
  return _mm256_blendv_ps(near_zero.v, signed_far.v, _mm256_cmp_ps(magnitude.v, Vec(0.625f).v, _CMP_GT_OQ));
}

}  // namespace

void tanh_avx2(const float* x, float* y, std::int64_t vectors) {
  for (std::int64_t i = 0; i < vectors * kWidth; i += kWidth) _mm256_storeu_ps(y + i, tanh_of(Vec(_mm256_loadu_ps(x + i))).v);
}

}  // namespace pbgen::activations_leaf
