// core/base/math.h's formulas, operation for operation, for the vectors V of each instruction set: no multiplication is fused with an
// addition, so the bits are the same.  Unnamed: each leaf has a copy of its own, compiled for its set.
//
// Beside what core/base/vector_*.h has, V knows max (its second operand where one is NaN), times_power_of_two, magnitude, with_sign and
// where_greater.
#pragma once

namespace pbgen::activations_leaf {
namespace {

// Intrinsics in the guise of numbers, so that the formulas can be held against their originals.
template <class V>
struct Number {
  using Vector = typename V::Vector;
  Vector v;
  Number(Vector vector) : v(vector) {}
  Number(float value) : v(V::of(value)) {}
  friend Number operator+(Number a, Number b) { return V::add(a.v, b.v); }
  friend Number operator-(Number a, Number b) { return V::subtract(a.v, b.v); }
  friend Number operator*(Number a, Number b) { return V::multiply(a.v, b.v); }
  friend Number operator/(Number a, Number b) { return V::divide(a.v, b.v); }
};

// exp_of for x in [-infinity, 0] or NaN.
template <class V>
inline Number<V> exp_of_negative(Number<V> x) {
  x = V::max(V::of(-87.0f), x.v);
  const Number<V> shifted = x * 1.44269504088896341f + 12582912.0f;
  const Number<V> n = shifted - 12582912.0f;
  const Number<V> r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Number<V> p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  // Without subtracting 12582912's bits: the lowest nine, all that the shift leaves, are 0.
  return V::times_power_of_two(p.v, shifted.v);
}

template <class V>
inline Number<V> tanh_of(Number<V> x) {
  const Number<V> magnitude = V::magnitude(x.v);
  const Number<V> z = x * x;
  Number<V> p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const Number<V> near_zero = p * z * x + x;
  const Number<V> e = exp_of_negative<V>(magnitude * -2.0f);
  const Number<V> far = (Number<V>(1.0f) - e) / (Number<V>(1.0f) + e);
  return V::where_greater(magnitude.v, V::of(0.625f), V::with_sign(far.v, x.v), near_zero.v);
}

}  // namespace
}  // namespace pbgen::activations_leaf
