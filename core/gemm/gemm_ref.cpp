#include "core/gemm/gemm.h"

namespace pbgen {

void gemm_ref(Transpose a_op, Transpose b_op, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
              const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc) {
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = beta == 0.0f ? 0.0 : static_cast<double>(c[i * ldc + j]);
      for (std::int64_t p = 0; p < k; ++p) {
        const double a_ip = a_op == Transpose::no ? a[i * lda + p] : a[p * lda + i];
        const double b_pj = b_op == Transpose::no ? b[p * ldb + j] : b[j * ldb + p];
        sum += a_ip * b_pj;
      }
      c[i * ldc + j] = static_cast<float>(sum);
    }
  }
}

}  // namespace pbgen
