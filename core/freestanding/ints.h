// Whole numbers: division that rounds up.
#pragma once

#include <type_traits>

namespace pbgen {

// The least number of parts of size b that hold a.  a >= 0, b > 0, a + b - 1 in the wider one's range.
template <class A, class B>
constexpr std::common_type_t<A, B> ceil_div(A a, B b) {
  using Int = std::common_type_t<A, B>;
  return (static_cast<Int>(a) + static_cast<Int>(b) - 1) / static_cast<Int>(b);
}

// The least multiple of b that is not below a.  As ceil_div.
template <class A, class B>
constexpr std::common_type_t<A, B> round_up(A a, B b) {
  return ceil_div(a, b) * static_cast<std::common_type_t<A, B>>(b);
}

}  // namespace pbgen
