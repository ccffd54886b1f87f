#include <immintrin.h>

#include "layers/binary_weight_leaf.h"

namespace pbgen::binary_weight_leaf {
namespace {

// v where w >= 0, -v elsewhere (NaN included): v times w's sign.
__m256 times_sign(__m256 v, __m256 w) {
  const __m256 positive = _mm256_cmp_ps(w, _mm256_setzero_ps(), _CMP_GE_OQ);
  return _mm256_xor_ps(v, _mm256_andnot_ps(positive, _mm256_set1_ps(-0.0f)));
}

__m256 magnitude(__m256 v) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), v); }

// The first `count` < kWidth lanes.
__m256i first_lanes(std::int64_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

// Calls body(index of the first element, channel) for every run.
template <class Body>
void for_each_run(const Runs& runs, Body body) {
  for (std::int64_t r = 0; r < runs.rows; ++r)
    for (std::int64_t c = 0; c < runs.channels; ++c) body(r * runs.stride + c * runs.length, c);
}

// A run's sums, as doubles: lanes 0 to 3 and 4 to 7.
struct Sums {
  __m256d low, high;
  void add(__m256 chunk) {
    low = _mm256_add_pd(low, _mm256_cvtps_pd(_mm256_castps256_ps128(chunk)));
    high = _mm256_add_pd(high, _mm256_cvtps_pd(_mm256_extractf128_ps(chunk, 1)));
  }
};

// term(load, i): the terms of elements i .. i + kWidth - 1 of the arrays, which it reads by load(address).
template <class Term>
void add_terms(const Runs& runs, double* sums, Term term) {
  const auto whole = [](const float* from) { return _mm256_loadu_ps(from); };
  const auto part = [mask = first_lanes(runs.length % kWidth)](const float* from) { return _mm256_maskload_ps(from, mask); };
  for_each_run(runs, [=, length = runs.length](std::int64_t first, std::int64_t c) {
    double* const lanes = sums + c * kWidth;
    Sums total{_mm256_loadu_pd(lanes), _mm256_loadu_pd(lanes + kWidth / 2)};
    std::int64_t i = first;
    const std::int64_t end = first + length;
    for (; i + kChunk * kWidth <= end; i += kChunk * kWidth) {
      __m256 chunk = term(whole, i);
      for (std::int64_t k = 1; k < kChunk; ++k) chunk = _mm256_add_ps(chunk, term(whole, i + k * kWidth));
      total.add(chunk);
    }
    if (i < end) {
      __m256 chunk = _mm256_setzero_ps();
      for (; i + kWidth <= end; i += kWidth) chunk = _mm256_add_ps(chunk, term(whole, i));
      if (i < end) chunk = _mm256_add_ps(chunk, term(part, i));
      total.add(chunk);
    }
    _mm256_storeu_pd(lanes, total.low);
    _mm256_storeu_pd(lanes + kWidth / 2, total.high);
  });
}

void add_magnitudes(const Runs& runs, const float* w, double* sums) {
  add_terms(runs, sums, [w](auto load, std::int64_t i) { return magnitude(load(w + i)); });
}

void add_signed(const Runs& runs, const float* w, const float* g, double* sums) {
  add_terms(runs, sums, [w, g](auto load, std::int64_t i) { return times_sign(load(g + i), load(w + i)); });
}

void expand(const Runs& runs, const float* w, const float* scale, float* out) {
  for_each_run(runs, [=, length = runs.length](std::int64_t first, std::int64_t c) {
    const float alpha = scale[c];
    const __m256 alphas = _mm256_set1_ps(alpha);
    std::int64_t i = first;
    for (; i + kWidth <= first + length; i += kWidth) _mm256_storeu_ps(out + i, times_sign(alphas, _mm256_loadu_ps(w + i)));
    for (; i < first + length; ++i) out[i] = w[i] >= 0.0f ? alpha : -alpha;
  });
}

void add_gradient(const Runs& runs, const Gradient& gradient, const float* w, const float* g, float* dw) {
  // A masked store is slow on some processors, so a run's last elements go through the lowest lane, one by one.
  const auto term = [one = _mm256_set1_ps(1.0f)](__m256 inside, __m256 outside, __m256 through, __m256 weight, __m256 slope) {
    const __m256 gain = _mm256_blendv_ps(outside, inside, _mm256_cmp_ps(magnitude(weight), one, _CMP_LT_OQ));
    return _mm256_add_ps(_mm256_mul_ps(gain, slope), times_sign(through, weight));
  };
  const __m256 outside = _mm256_set1_ps(gradient.outside);
  for_each_run(runs, [&](std::int64_t first, std::int64_t c) {
    const __m256 inside = _mm256_broadcast_ss(gradient.inside + c);
    const __m256 through = _mm256_broadcast_ss(gradient.through + c);
    std::int64_t i = first;
    for (; i + kWidth <= first + runs.length; i += kWidth) {
      const __m256 change = term(inside, outside, through, _mm256_loadu_ps(w + i), _mm256_loadu_ps(g + i));
      _mm256_storeu_ps(dw + i, _mm256_add_ps(_mm256_loadu_ps(dw + i), change));
    }
    for (; i < first + runs.length; ++i) {
      const __m256 change = term(inside, outside, through, _mm256_set1_ps(w[i]), _mm256_set1_ps(g[i]));
      dw[i] += _mm256_cvtss_f32(change);
    }
  });
}

}  // namespace

const Leaves kAvx2 = {
    .add_magnitudes = add_magnitudes,
    .add_signed = add_signed,
    .expand = expand,
    .add_gradient = add_gradient,
};

}  // namespace pbgen::binary_weight_leaf
