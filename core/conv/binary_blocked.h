// The products of binary_conv.h by lookup tables, over the leaves of one instruction set.  Operands were checked.
#pragma once

#include <cstdint>

#include "core/base/cuts.h"
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
// How thread_count() threads would share either: core/conv/conv_cuts.h.
DealtWork dealt(const binary_leaf::Leaves& leaves, bool is_to_big, const ConvGeometry& g, const LaneShape& small, const LaneShape& big);

}  // namespace pbgen::binary_blocked
