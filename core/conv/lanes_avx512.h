// For AVX-512 leaves alone: vectors of the same channel of one slice or of two.  static: each file has a copy of its own, so that the
// linker has none to share with code for other machines.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace pbgen {
namespace {

struct OneSlice {
  using Vector = __m256;
  static constexpr int kSlices = 1;
  static Vector zero() { return _mm256_setzero_ps(); }
  static Vector load(const float* from) { return _mm256_load_ps(from); }
  static Vector broadcast(const float* from) { return _mm256_broadcast_ss(from); }
  static Vector multiply_add(Vector a, Vector b, Vector sum) { return _mm256_fmadd_ps(a, b, sum); }
  static __m256 slice(Vector v, int) { return v; }
};

struct TwoSlices {
  using Vector = __m512;
  static constexpr int kSlices = 2;
  static Vector zero() { return _mm512_setzero_ps(); }
  static Vector load(const float* from) { return _mm512_load_ps(from); }
  static Vector broadcast(const float* from) { return _mm512_set1_ps(*from); }
  static Vector multiply_add(Vector a, Vector b, Vector sum) { return _mm512_fmadd_ps(a, b, sum); }
  static __m256 slice(Vector v, int number) { return number == 0 ? _mm512_castps512_ps256(v) : _mm512_extractf32x8_ps(v, 1); }
};

// to[v][slice][8] := from[slice*slice_step + v*8 ..] for v < vectors, slice < slices: 1, 2 or 4.
static inline void copy_side_by_side(std::int64_t slices, std::int64_t vectors, const float* from, std::int64_t slice_step, float* to) {
  if (slices == 1)
    for (std::int64_t v = 0; v < vectors; ++v) _mm256_store_ps(to + v * 8, _mm256_load_ps(from + v * 8));
  else
    for (std::int64_t v = 0; v < vectors; ++v)
      for (std::int64_t s = 0; s < slices; s += 2) {
        const float* const at = from + s * slice_step + v * 8;
        const __m512 pair = _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_load_ps(at)), _mm256_load_ps(at + slice_step), 1);
        _mm512_store_ps(to + (v * slices + s) * 8, pair);
      }
}

}  // namespace
}  // namespace pbgen
