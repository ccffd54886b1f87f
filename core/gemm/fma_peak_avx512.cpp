#include "core/gemm/fma_peak_leaf.h"

#include <immintrin.h>

namespace pbgen {

float run_fma_steps_avx512(std::int64_t steps) {
  __m512 sum[12];
  // None starts at the chain's fixed point, 1, where clang sees that nothing happens and leaves the chain out.
#pragma GCC unroll 12
  for (int i = 0; i < 12; ++i) sum[i] = _mm512_set1_ps(static_cast<float>(i + 2));
  const __m512 factor = _mm512_set1_ps(0.999f);
  const __m512 addend = _mm512_set1_ps(0.001f);
  for (std::int64_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (int i = 0; i < 12; ++i) sum[i] = _mm512_fmadd_ps(sum[i], factor, addend);
  }
  __m512 total = sum[0];
  for (int i = 1; i < 12; ++i) total = _mm512_add_ps(total, sum[i]);
  return _mm512_cvtss_f32(total);
}

}  // namespace pbgen
