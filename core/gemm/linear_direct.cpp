#include "core/gemm/linear_direct.h"

#include "core/base/check.h"
#include "core/gemm/gemm_kernels.h"

namespace pbgen {

void linear_forward(const float* w, const float* bias, ConstTensorView x, TensorView y) {
  check_equal(y.shape.batch, x.shape.batch, "batch of a linear layer's output");
  gemm_kernels().linear_forward(w, bias, x, y);
}

void linear_input_gradient(const float* w, ConstTensorView dy, TensorView dx) {
  check_equal(dx.shape.batch, dy.shape.batch, "batch of a linear layer's input gradient");
  gemm_kernels().linear_input_gradient(w, dy, dx);
}

std::int64_t linear_gradient_floats(const LaneShape& x, const LaneShape& dy) { return gemm_kernels().linear_gradient_floats(x, dy); }

void linear_parameter_gradients(ConstTensorView x, ConstTensorView dy, float beta, float* dw, float* db, Workspace& workspace) {
  check_equal(dy.shape.batch, x.shape.batch, "batch of a linear layer's output gradient");
  check(beta == 0.0f || beta == 1.0f, "linear weight gradient: beta is ", beta, ", expected 0 or 1");
  gemm_kernels().linear_parameter_gradients(x, dy, beta, dw, db, workspace);
}

}  // namespace pbgen
