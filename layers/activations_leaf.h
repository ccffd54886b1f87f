// Between activations.cpp and its leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::activations_leaf {

inline constexpr std::int64_t kWidth = 8;  // lanes

struct Leaves {
  // y := tanh(x) of so many vectors of kWidth floats, by core/base/math.h's tanh_of to the bit; y may be x.
  void (*tanh)(const float* x, float* y, std::int64_t vectors);
};
extern const Leaves kRef;
extern const Leaves kAvx2;  // x86-64 alone

}  // namespace pbgen::activations_leaf
