#include <immintrin.h>

#include "core/base/vector_avx512.h"
#include "layers/activations_leaf.h"
#include "layers/activations_loops.h"

namespace pbgen::activations_leaf {
namespace {

struct Lanes : Zmm {
  static Vector max(Vector a, Vector b) { return _mm512_max_ps(a, b); }
  // x * 2^n where n stands in the lowest bits of `shifted`.
  static Vector times_power_of_two(Vector x, Vector shifted) {
    const __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(shifted), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(x), exponent));
  }
  static Vector magnitude(Vector x) { return _mm512_andnot_ps(of(-0.0f), x); }
  static Vector with_sign(Vector positive, Vector x) { return _mm512_or_ps(positive, _mm512_and_ps(of(-0.0f), x)); }
  static Vector where_greater(Vector a, Vector b, Vector yes, Vector no) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_GT_OQ), no, yes);
  }
};

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
    _mm512_mask_storeu_ps(y + i, lanes, tanh_of<Lanes>(_mm512_maskz_loadu_ps(lanes, x + i)).v);
  });
}

void tanh_backward_avx512(const float* y, const float* dy, float* dx, std::int64_t vectors) {
  for_each_pair(vectors, [=](std::int64_t i, __mmask16 lanes) {
    const Number<Lanes> v = _mm512_maskz_loadu_ps(lanes, y + i);
    const Number<Lanes> gradient = _mm512_maskz_loadu_ps(lanes, dy + i);
    _mm512_mask_storeu_ps(dx + i, lanes, (gradient * ((Number<Lanes>(1.0f) - v) * (Number<Lanes>(1.0f) + v))).v);
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
