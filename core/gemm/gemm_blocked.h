// The matrix product of packed panels, over the leaves of one instruction set.
#pragma once

#include "core/gemm/gemm_kernels.h"
#include "core/gemm/gemm_leaf.h"

namespace pbgen {

void gemm_blocked(const gemm_leaf::Leaves& leaves, const GemmOperands& operands);

}  // namespace pbgen
