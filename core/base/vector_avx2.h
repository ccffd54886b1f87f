// For AVX2 leaves alone: a vector of eight floats, by the names under which loops that serve several instruction sets (X_loops.h) know it.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace pbgen {
namespace {

struct Ymm {
  using Vector = __m256;
  static constexpr std::int64_t kLanes = 8;

  static Vector zero() { return _mm256_setzero_ps(); }
  static Vector load(const float* from) { return _mm256_load_ps(from); }
  static void store(float* to, Vector x) { _mm256_store_ps(to, x); }
  static Vector of(float x) { return _mm256_set1_ps(x); }
  static Vector broadcast(const float* from) { return _mm256_broadcast_ss(from); }
  static Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  static Vector subtract(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
  static Vector multiply(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
  static Vector divide(Vector a, Vector b) { return _mm256_div_ps(a, b); }
  static Vector multiply_add(Vector a, Vector b, Vector sum) { return _mm256_fmadd_ps(a, b, sum); }
};

}  // namespace
}  // namespace pbgen
