#include "core/gemm/gemm.h"

#include "core/base/check.h"
#include "core/gemm/gemm_kernels.h"

namespace pbgen {

void gemm(Transpose a_op, Transpose b_op, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
          const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc) {
  check(m >= 0 && n >= 0 && k >= 0, "gemm: extents are ", m, " x ", n, " x ", k, ", expected none below 0");
  check(beta == 0.0f || beta == 1.0f, "gemm: beta is ", beta, ", expected 0 or 1");
  const std::int64_t a_row = a_op == Transpose::no ? k : m;
  const std::int64_t b_row = b_op == Transpose::no ? n : k;
  check(lda >= a_row, "gemm: lda is ", lda, ", expected at least the row of ", a_row);
  check(ldb >= b_row, "gemm: ldb is ", ldb, ", expected at least the row of ", b_row);
  check(ldc >= n, "gemm: ldc is ", ldc, ", expected at least the row of ", n);
  if (m == 0 || n == 0) return;
  gemm_kernels().gemm({a_op, b_op, m, n, k, a, lda, b, ldb, beta, c, ldc});
}

}  // namespace pbgen
