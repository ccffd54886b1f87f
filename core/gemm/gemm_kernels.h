// What a path does for matrix products and fully connected layers: a table of functions for each, chosen in dispatch.cpp.
#pragma once

#include <cstdint>

#include "core/base/cpu.h"
#include "core/base/workspace.h"
#include "core/gemm/transpose.h"
#include "core/tensor/tensor.h"

namespace pbgen {

// As gemm() takes them, checked; neither m nor n is 0.
struct GemmOperands {
  Transpose a_op;
  Transpose b_op;
  std::int64_t m;
  std::int64_t n;
  std::int64_t k;
  const float* a;
  std::int64_t lda;
  const float* b;
  std::int64_t ldb;
  float beta;
  float* c;
  std::int64_t ldc;
};

// The functions of linear_direct.h, whose operands were checked.
struct GemmKernels {
  void (*gemm)(const GemmOperands& operands);
  void (*linear_forward)(const float* w, const float* bias, ConstTensorView x, TensorView y);
  void (*linear_input_gradient)(const float* w, ConstTensorView dy, TensorView dx);
  std::int64_t (*linear_gradient_floats)(const LaneShape& x, const LaneShape& dy);
  void (*linear_parameter_gradients)(ConstTensorView x, ConstTensorView dy, float beta, float* dw, float* db, Workspace& workspace);
};

// The table of the path in force.
const GemmKernels& gemm_kernels();

// Fused multiply-adds in registers.
struct FmaChain {
  float (*run)(std::int64_t steps);  // the calling thread; a number that depends on all steps
  std::int64_t flops_per_step;
};
// The chain of that path's instructions; null where it or the machine has none.
const FmaChain* fma_chain(Isa isa);

}  // namespace pbgen
