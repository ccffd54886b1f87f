// The matrix product of packed panels, over the leaves of one instruction set.
//
// k is cut by its length alone and an entry is one chain of fused multiply-adds a block of k, whatever the tile: all sets of leaves give
// the same bytes.
#pragma once

#include "core/gemm/gemm_kernels.h"
#include "core/gemm/gemm_leaf.h"

namespace pbgen {

// Leaves: one of gemm_leaf.h's.
template <class Leaves>
void gemm_blocked(const Leaves& leaves, const GemmOperands& operands);

}  // namespace pbgen
