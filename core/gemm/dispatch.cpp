// Which functions a path has.  Another instruction set is its leaves, a table here, and a line in gemm_kernels.
#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/gemm/fma_peak_leaf.h"
#include "core/gemm/gemm.h"
#include "core/gemm/gemm_blocked.h"
#include "core/gemm/gemm_kernels.h"
#include "core/gemm/linear_blocked.h"
#include "core/gemm/linear_direct.h"

namespace pbgen {
namespace {

// Rows are independent, so cutting them among threads keeps the definition's bits.
void gemm_by_definition(const GemmOperands& g) {
  parallel_for(g.m, [&](std::int64_t begin, std::int64_t end) {
    const float* const a = g.a + begin * (g.a_op == Transpose::no ? g.lda : 1);
    gemm_ref(g.a_op, g.b_op, end - begin, g.n, g.k, a, g.lda, g.b, g.ldb, g.beta, g.c + begin * g.ldc, g.ldc);
  }, min_piece_of(g.n * g.k));
}

constexpr GemmKernels kRef = {
    .gemm = gemm_by_definition,
    .linear_forward = linear_forward_ref,
    .linear_input_gradient = linear_input_gradient_ref,
    .linear_gradient_floats = [](const LaneShape&, const LaneShape&) { return std::int64_t{0}; },
    .linear_parameter_gradients = [](ConstTensorView x, ConstTensorView dy, float beta, float* dw, float* db,
                                     Workspace&) { linear_parameter_gradients_ref(x, dy, beta, dw, db); },
};

// Blocked algorithms over the leaves of an instruction set.
template <const auto& kGemm, const LinearLeaves& kLinear>
constexpr GemmKernels kBlocked = {
    .gemm = [](const GemmOperands& operands) { gemm_blocked(kGemm, operands); },
    .linear_forward = [](const float* w, const float* bias, ConstTensorView x,
                         TensorView y) { linear_forward_blocked(kLinear, w, bias, x, y); },
    .linear_input_gradient = [](const float* w, ConstTensorView dy,
                                TensorView dx) { linear_input_gradient_blocked(kLinear, w, dy, dx); },
    .linear_gradient_floats = linear_gradient_floats_blocked,
    .linear_parameter_gradients = [](ConstTensorView x, ConstTensorView dy, float beta, float* dw, float* db,
                                     Workspace& workspace) {
      linear_parameter_gradients_blocked(kLinear, x, dy, beta, dw, db, workspace);
    },
};

#if defined(__x86_64__)
constexpr LinearLeaves kLinearAvx2 = {linear_direct_leaf::kAvx2, linear_direct_leaf::kSumsAvx2, transpose_leaf::kAvx2};
constexpr LinearLeaves kLinearAvx512 = {linear_direct_leaf::kAvx512, linear_direct_leaf::kSumsAvx2, transpose_leaf::kAvx512};
constexpr FmaChain kFmaAvx2 = {run_fma_steps_avx2, kFlopsPerFmaStepAvx2};
constexpr FmaChain kFmaAvx512 = {run_fma_steps_avx512, kFlopsPerFmaStepAvx512};
#endif

}  // namespace

const GemmKernels& gemm_kernels() {
#if defined(__x86_64__)
  if (isa() == Isa::avx512) return kBlocked<gemm_leaf::kAvx512, kLinearAvx512>;
  if (isa() == Isa::avx2) return kBlocked<gemm_leaf::kAvx2, kLinearAvx2>;
#endif
  return kRef;
}

const FmaChain* fma_chain(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::avx2 && machine_supports(isa)) return &kFmaAvx2;
  if (isa == Isa::avx512 && machine_supports(isa)) return &kFmaAvx512;
#endif
  static_cast<void>(isa);
  return nullptr;
}

}  // namespace pbgen
