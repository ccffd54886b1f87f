// For AVX-512 leaves alone: vectors of the same channel of one slice or of two.  static: each file has a copy of its own, so that the
// linker has none to share with code for other machines.
#pragma once

#include <immintrin.h>

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

}  // namespace
}  // namespace pbgen
