// Between activations.cpp and its leaf.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::activations_leaf {

inline constexpr std::int64_t kWidth = 8;  // lanes

// y := tanh(x) of so many vectors of kWidth floats, by core/base/math.h's tanh_of to the bit; y may be x.
void tanh_avx2(const float* x, float* y, std::int64_t vectors);

}  // namespace pbgen::activations_leaf
