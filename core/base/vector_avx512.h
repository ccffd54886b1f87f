// For AVX-512 leaves alone: a vector of sixteen floats, by the names under which loops that serve several sets (X_loops.h) know it.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace pbgen {
namespace {

struct Zmm {
  using Vector = __m512;
  static constexpr std::int64_t kLanes = 16;

  static Vector zero() { return _mm512_setzero_ps(); }
  static Vector load(const float* from) { return _mm512_load_ps(from); }
  static void store(float* to, Vector x) { _mm512_store_ps(to, x); }
  static Vector of(float x) { return _mm512_set1_ps(x); }
  static Vector broadcast(const float* from) { return _mm512_set1_ps(*from); }
  static Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  static Vector subtract(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
  static Vector multiply(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
  static Vector divide(Vector a, Vector b) { return _mm512_div_ps(a, b); }
  static Vector multiply_add(Vector a, Vector b, Vector sum) { return _mm512_fmadd_ps(a, b, sum); }
};

}  // namespace
}  // namespace pbgen
