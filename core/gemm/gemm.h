// The matrix product that everything else is measured against, and that carries the portable path.
#pragma once

#include <cstdint>

#include "core/gemm/transpose.h"

namespace pbgen {

// C(m,n) := beta*C + op(A)(m,k) * op(B)(k,n).  Row-major; ld* = row stride in floats.
//   storage   A is m x k, or k x m where a_op is yes; B is k x n, or n x k where b_op is yes.  No alignment is needed.
//   beta      0: C is written, never read (NaN or uninitialised is fine).  1: accumulate.  Nothing else.
//   aliasing  C overlaps neither A nor B.      k == 0: C := beta*C.
//   accuracy  |err_ij| <= (k+8) * 2^-24 * (|A||B| + |beta*C|)_ij
//   threads   split C, never k: the result is bit-identical for any thread count.
//   memory    packing buffers belong to the threads and only grow: no allocation in the steady state.
//   errors    std::logic_error for a negative extent, another beta, a row stride shorter than a row.
//   source    Goto & van de Geijn 2008; BLIS (mc, kc, nc, mr, nr keep their names).
void gemm(Transpose a_op, Transpose b_op, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
          const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc);

// The definition: the same contract, scalar, sums in double, one thread.  gemm() gives exactly its bits on the ref path.
void gemm_ref(Transpose a_op, Transpose b_op, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t lda,
              const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc);

}  // namespace pbgen
