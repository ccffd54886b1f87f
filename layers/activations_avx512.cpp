// core/base/math.h's formulas, operation for operation: no multiplication is fused with an addition, so the bits are the same.
#include <immintrin.h>

#include "layers/activations_leaf.h"

namespace pbgen::activations_leaf {
namespace {

// Intrinsics in the guise of numbers, so that the formulas can be held against their originals.
struct Vec {
  __m512 v;
  Vec(__m512 vector) : v(vector) {}
  Vec(float value) : v(_mm512_set1_ps(value)) {}
};

inline Vec operator+(Vec a, Vec b) { return _mm512_add_ps(a.v, b.v); }
inline Vec operator-(Vec a, Vec b) { return _mm512_sub_ps(a.v, b.v); }
inline Vec operator*(Vec a, Vec b) { return _mm512_mul_ps(a.v, b.v); }
inline Vec operator/(Vec a, Vec b) { return _mm512_div_ps(a.v, b.v); }

// exp_of for x in [-infinity, 0] or NaN.  vmaxps returns its second operand where one is NaN.
inline Vec exp_of_negative(Vec x) {
  x = _mm512_max_ps(Vec(-87.0f).v, x.v);
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
  const __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(shifted.v), 23);
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(p.v), exponent));
}

inline Vec tanh_of(Vec x) {
  const __m512 sign_bit = _mm512_set1_ps(-0.0f);
  const Vec magnitude = _mm512_andnot_ps(sign_bit, x.v);
  const Vec z = x * x;
  Vec p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const Vec near_zero = p * z * x + x;
  const Vec e = exp_of_negative(magnitude * -2.0f);
  const Vec far = (Vec(1.0f) - e) / (Vec(1.0f) + e);
  const Vec signed_far = _mm512_or_ps(far.v, _mm512_and_ps(sign_bit, x.v));
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(magnitude.v, Vec(0.625f).v, _CMP_GT_OQ), near_zero.v, signed_far.v);
}

// Calls body(first float, its mask) for two vectors of kWidth at a time and for a last one.
template <class Body>
void for_each_pair(std::int64_t vectors, Body body) {
  std::int64_t i = 0;
  for (; i + 2 * kWidth <= vectors * kWidth; i += 2 * kWidth) body(i, static_cast<__mmask16>(0xffff));
  if (vectors % 2 == 1) body(i, static_cast<__mmask16>(0xff));
}

}  // namespace

void tanh_avx512(const float* x, float* y, std::int64_t vectors) {
  for_each_pair(vectors, [=](std::int64_t i, __mmask16 lanes) {
    _mm512_mask_storeu_ps(y + i, lanes, tanh_of(Vec(_mm512_maskz_loadu_ps(lanes, x + i))).v);
  });
}

void tanh_backward_avx512(const float* y, const float* dy, float* dx, std::int64_t vectors) {
  for_each_pair(vectors, [=](std::int64_t i, __mmask16 lanes) {
    const Vec v = _mm512_maskz_loadu_ps(lanes, y + i);
    const Vec gradient = _mm512_maskz_loadu_ps(lanes, dy + i);
    _mm512_mask_storeu_ps(dx + i, lanes, (gradient * ((Vec(1.0f) - v) * (Vec(1.0f) + v))).v);
  });
}

// vmaxps returns its second operand where they are equal or one is NaN.
void rectify_avx512(const float* x, float* y, std::int64_t vectors, float slope) {
  const bool leaks = slope != 0.0f;
  const __m512 slopes = _mm512_set1_ps(slope);
  for_each_pair(vectors, [=](std::int64_t i, __mmask16 lanes) {
    const __m512 v = _mm512_maskz_loadu_ps(lanes, x + i);
    _mm512_mask_storeu_ps(y + i, lanes, _mm512_max_ps(leaks ? _mm512_mul_ps(slopes, v) : _mm512_setzero_ps(), v));
  });
}

void rectify_backward_avx512(const float* y, const float* dy, float* dx, std::int64_t vectors, float slope) {
  const bool leaks = slope != 0.0f;
  const __m512 slopes = _mm512_set1_ps(slope);
  for_each_pair(vectors, [=](std::int64_t i, __mmask16 lanes) {
    const __m512 gradient = _mm512_maskz_loadu_ps(lanes, dy + i);
    const __mmask16 passes = _mm512_cmp_ps_mask(_mm512_maskz_loadu_ps(lanes, y + i), _mm512_setzero_ps(), _CMP_GT_OQ);
    const __m512 held = leaks ? _mm512_mul_ps(slopes, gradient) : _mm512_setzero_ps();
    _mm512_mask_storeu_ps(dx + i, lanes, _mm512_mask_blend_ps(passes, held, gradient));
  });
}

}  // namespace pbgen::activations_leaf
