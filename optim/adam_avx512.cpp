#include <immintrin.h>

#include "optim/adam_leaf.h"

namespace pbgen::adam_leaf {

bool adam_update_avx512(std::int64_t count, const Rates& rates, float* weight, float* gradient, float* first, float* second) {
  const __m512 rate = _mm512_set1_ps(rates.rate);
  const __m512 share1 = _mm512_set1_ps(rates.share1);
  const __m512 share2 = _mm512_set1_ps(rates.share2);
  const __m512 eps = _mm512_set1_ps(rates.eps);
  const __m512 zero = _mm512_setzero_ps();
  __m512 zeros = zero;  // 0 * every weight: NaN from the first that is not finite on
  for (std::int64_t i = 0; i < count; i += 16) {
    const auto lanes = static_cast<__mmask16>(count - i >= 16 ? 0xffff : (1 << (count - i)) - 1);
    const __m512 g = _mm512_maskz_loadu_ps(lanes, gradient + i);
    const __m512 m_before = _mm512_maskz_loadu_ps(lanes, first + i);
    const __m512 v_before = _mm512_maskz_loadu_ps(lanes, second + i);
    const __m512 m = _mm512_add_ps(m_before, _mm512_mul_ps(share1, _mm512_sub_ps(g, m_before)));
    const __m512 v = _mm512_add_ps(v_before, _mm512_mul_ps(share2, _mm512_sub_ps(_mm512_mul_ps(g, g), v_before)));
    const __m512 change = _mm512_div_ps(_mm512_mul_ps(rate, m), _mm512_add_ps(_mm512_sqrt_ps(v), eps));
    const __m512 updated = _mm512_sub_ps(_mm512_maskz_loadu_ps(lanes, weight + i), change);
    _mm512_mask_storeu_ps(first + i, lanes, m);
    _mm512_mask_storeu_ps(second + i, lanes, v);
    _mm512_mask_storeu_ps(weight + i, lanes, updated);
    _mm512_mask_storeu_ps(gradient + i, lanes, zero);
    zeros = _mm512_mask_add_ps(zeros, lanes, zeros, _mm512_mul_ps(zero, updated));
  }
  return _mm512_cmp_ps_mask(zeros, zero, _CMP_NEQ_UQ) == 0;
}

}  // namespace pbgen::adam_leaf
