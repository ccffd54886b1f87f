// The products of binary_conv.h by lookup tables, over the leaves of one instruction set.  Operands were checked.
#pragma once

#include <cstdint>

#include "core/conv/binary_conv_leaf.h"
#include "core/conv/conv_geometry.h"
#include "core/conv/conv_operands.h"
#include "core/tensor/tensor.h"

namespace pbgen::binary_blocked {

// numbers: what binary_pack::pack wrote for the product.
void to_small(const binary_leaf::Leaves& leaves, const ConvGeometry& g, const std::uint8_t* numbers, const ConvScales& scales,
              ConstTensorView big, TensorView small);
void to_big(const binary_leaf::Leaves& leaves, const ConvGeometry& g, const std::uint8_t* numbers, const ConvScales& scales,
            ConstTensorView small, TensorView big);

}  // namespace pbgen::binary_blocked
