// Between binary_conv.cpp, which checks and chooses, and the lookup-table product.  Not for anybody else.
#pragma once

#include <cstdint>

#include "core/conv/conv_geometry.h"
#include "core/conv/conv_operands.h"
#include "core/tensor/tensor.h"

namespace pbgen::binary_lut {

// How input channels part into blocks, all of as many channels (the last may lack some), and a block into groups.
struct InputBlocks {
  std::int64_t count;
  std::int64_t channels;
  std::int64_t groups;
};
InputBlocks input_blocks(std::int64_t c_in);

// Row numbers of one product: [input block][tap][rows / 8, rounded up][group][8].
std::int64_t packed_bytes(std::int64_t c_in, std::int64_t c_out, std::int64_t taps);
void pack(const ConvWeightShape& shape, const float* w, std::uint8_t* for_big, std::uint8_t* for_small);

void to_small(const ConvGeometry& g, const std::uint8_t* numbers, const ConvScales& scales, ConstTensorView big, TensorView small);
void to_big(const ConvGeometry& g, const std::uint8_t* numbers, const ConvScales& scales, ConstTensorView small, TensorView big);

}  // namespace pbgen::binary_lut
