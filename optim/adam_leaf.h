// Between adam.cpp and its leaves.  Not for anybody else.
//
// adam_update_ref is the definition, baseline code; the others give the same bits: roots and quotients are rounded correctly in every
// width, and no multiplication is fused with an addition.
#pragma once

#include <cstdint>

namespace pbgen::adam_leaf {

struct Rates {
  float rate;    // lr with its correction for the step
  float share1;  // 1 - beta1
  float share2;  // 1 - beta2
  float eps;
};

// For `count` weights: first += share1 * (g - first), second += share2 * (g * g - second),
// weight -= rate * first / (sqrt(second) + eps), then g = 0.  Whether all weights are finite afterwards.
using Update = bool(std::int64_t count, const Rates& rates, float* weight, float* gradient, float* first, float* second);
Update adam_update_ref;
Update adam_update_avx512;  // x86-64 alone

}  // namespace pbgen::adam_leaf
