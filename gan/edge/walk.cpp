// All in doubles, by +, -, *, / alone, so that every machine computes the same.  No product that is rounded is added to anything: a
// compiler that fuses the two changes nothing.
#include "gan/edge/walk.h"

#include <cstdint>

#include "core/freestanding/bits.h"

namespace pbgen::edge {
namespace {

// By Newton's iteration from a guess that is right to 2^-4: then to 2^-9, 2^-19, 2^-39, and what rounding leaves.  x: 0, or normal.
double root_of(double x) {
  if (x == 0.0) return 0.0;
  double root = bits_as<double>((bits_as<std::uint64_t>(x) >> 1) + (std::uint64_t{1023} << 51));
  for (int i = 0; i < 5; ++i) root = (root + x / root) / 2;
  return root;
}

// Products of two floats are exact.
double dot(const float* a, const float* b, int count) {
  double sum = 0.0;
  for (int i = 0; i < count; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

// sin(s v) / sin v for s in [0, 2] and v in [0, 90) degrees, from cos v: the powers of cos v - 1,
//   a_0 = s,  a_i = a_(i-1) (s^2 - i^2) / (i (2i + 1))
// (Eberly, A fast and accurate algorithm for computing SLERP, 2011).  From the second on each is below half of the one before.
double sine_ratio(double s, double cosine) {
  constexpr int kTerms = 52;
  double term = s;
  double sum = s;
  for (int i = 1; i <= kTerms; ++i) {
    term = term * (cosine - 1.0) * ((s - i) * (s + i)) / (i * (2 * i + 1));
    sum += term;
  }
  return sum;
}

}  // namespace

WalkFactors linear_factors(float t) { return {static_cast<float>(1.0 - static_cast<double>(t)), t}; }

// With v half of the angle W between the ends, sin(t W) / sin W = sin(2t v) / sin v / (2 cos v).
WalkFactors spherical_factors(const float* from, const float* to, int z_dim, float t) {
  constexpr double kLeastCosine = 1.0 / 1024;
  const WalkFactors linear = linear_factors(t);
  const double cosine = dot(from, to, z_dim) / (root_of(dot(from, from, z_dim)) * root_of(dot(to, to, z_dim)));
  const double half = (1.0 + cosine) / 2;
  // NaN is in no range: a vector is zero or not finite.
  if (!(half >= kLeastCosine * kLeastCosine && half <= 2.0)) return linear;
  const double half_cosine = half < 1.0 ? root_of(half) : 1.0;
  const auto factor = [&](double part) { return static_cast<float>(sine_ratio(2 * part, half_cosine) / (2 * half_cosine)); };
  return {factor(1.0 - static_cast<double>(t)), factor(static_cast<double>(t))};
}

void walk(const WalkFactors& factors, const float* from, const float* to, int z_dim, float* z) {
  for (int i = 0; i < z_dim; ++i)
    z[i] = static_cast<float>(static_cast<double>(factors.from) * static_cast<double>(from[i]) +
                              static_cast<double>(factors.to) * static_cast<double>(to[i]));
}

}  // namespace pbgen::edge
