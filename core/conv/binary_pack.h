// The signs of weights as row numbers of lookup tables.
#pragma once

#include <cstdint>

#include "core/conv/binary_conv_leaf.h"
#include "core/conv/conv_operands.h"

namespace pbgen::binary_pack {

// How input channels part into blocks, all of as many channels (the last may lack some), and a block into groups.
struct InputBlocks {
  std::int64_t count;
  std::int64_t channels;
  std::int64_t groups;
};
InputBlocks input_blocks(std::int64_t c_in);

// Row numbers of one product: [input block][tap][rows / 8, rounded up][group][8].
std::int64_t packed_bytes(std::int64_t c_in, std::int64_t c_out, std::int64_t taps);
void pack(const binary_leaf::Leaves& leaves, const ConvWeightShape& shape, const float* w, std::uint8_t* for_big, std::uint8_t* for_small);

}  // namespace pbgen::binary_pack
