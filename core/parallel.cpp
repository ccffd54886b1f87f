#include "core/parallel.h"

#include <algorithm>

#include "core/cpu.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif
#ifdef _OPENMP
#include <omp.h>
#endif

namespace pbgen {
namespace {

thread_local bool serial_thread = false;
thread_local bool eager_thread = false;

}  // namespace

int threads_worth_waking(std::int64_t count, std::int64_t min_piece) {
  if (serial_thread) return 1;
  const std::int64_t pieces = eager_thread ? count : count / min_piece;
  return static_cast<int>(std::clamp<std::int64_t>(pieces, 1, thread_count()));
}

void flush_denormals() {
#if defined(__SSE2__)
  _mm_setcsr(_mm_getcsr() | 0x8040u);  // bit 15: flush to zero; bit 6: denormals are zero
#endif
}

SerialScope::SerialScope() : outer_(serial_thread) { serial_thread = true; }
SerialScope::~SerialScope() { serial_thread = outer_; }

EagerScope::EagerScope() : outer_(eager_thread) { eager_thread = true; }
EagerScope::~EagerScope() { eager_thread = outer_; }

void parallel_for(std::int64_t count, FunctionRef<void(std::int64_t, std::int64_t)> body, std::int64_t min_piece) {
  if (count <= 0) return;
  const int threads = threads_worth_waking(count, min_piece);
  if (threads == 1) {
    flush_denormals();
    body(0, count);
    return;
  }
#ifdef _OPENMP
#pragma omp parallel num_threads(threads)
  {
    flush_denormals();
    // The team may be smaller than asked for.
    const std::int64_t team = omp_get_num_threads();
    const std::int64_t self = omp_get_thread_num();
    const std::int64_t begin = count * self / team;
    const std::int64_t end = count * (self + 1) / team;
    if (begin < end) body(begin, end);
  }
#endif
}

void parallel_items(std::int64_t count, FunctionRef<void(std::int64_t)> body, std::int64_t min_piece) {
  if (count <= 0) return;
  const int threads = threads_worth_waking(count, min_piece);
  if (threads == 1) {
    flush_denormals();
    for (std::int64_t i = 0; i < count; ++i) body(i);
    return;
  }
#ifdef _OPENMP
#pragma omp parallel num_threads(threads)
  {
    flush_denormals();
#pragma omp for schedule(dynamic, 1)
    for (std::int64_t i = 0; i < count; ++i) body(i);
  }
#endif
}

}  // namespace pbgen
