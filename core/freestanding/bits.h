// The bits of a value as another type's: std::bit_cast, for the C++14 of what is shared with a device.
#pragma once

namespace pbgen {

template <class To, class From>
inline To bits_as(From from) {
  static_assert(sizeof(To) == sizeof(From), "both have the same bits");
  To to;
  __builtin_memcpy(&to, &from, sizeof to);
  return to;
}

}  // namespace pbgen
