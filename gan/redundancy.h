// The paper's degree of redundancy (Section III): the dimension of the space of weights that yield one desired output.
// Layers where it is positive can hold one-bit weights.
#pragma once

#include <cstdint>

namespace pbgen {

// c_i - s_i: input channels less input pixels.  Table I: 496, 192, -128, -960.
constexpr std::int64_t deconv_redundancy(std::int64_t c_in, std::int64_t height_in, std::int64_t width_in) {
  return c_in - height_in * width_in;
}

// w_k h_k c_i - c_o.  The paper's discriminator: 11, 1472, 2944, 5888.
constexpr std::int64_t conv_redundancy(std::int64_t kernel_height, std::int64_t kernel_width, std::int64_t c_in, std::int64_t c_out) {
  return kernel_height * kernel_width * c_in - c_out;
}

}  // namespace pbgen
