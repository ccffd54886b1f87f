#include "core/gemm.h"

#include "core/check.h"
#include "core/parallel.h"

namespace pbgen {
namespace {

struct Product {
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

// Rows are independent, so cutting them among threads keeps the reference's bits.
void run_ref(const Product& g) {
  parallel_for(g.m, [&](std::int64_t begin, std::int64_t end) {
    const float* const a = g.a + begin * (g.a_op == Transpose::no ? g.lda : 1);
    gemm_ref(g.a_op, g.b_op, end - begin, g.n, g.k, a, g.lda, g.b, g.ldb, g.beta, g.c + begin * g.ldc, g.ldc);
  });
}

}  // namespace

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
  run_ref({a_op, b_op, m, n, k, a, lda, b, ldb, beta, c, ldc});
}

}  // namespace pbgen
