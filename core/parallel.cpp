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

int threads_for(std::int64_t count) {
  if (serial_thread) return 1;
  return static_cast<int>(std::min<std::int64_t>(thread_count(), count));
}

}  // namespace

void flush_denormals() {
#if defined(__SSE2__)
  _mm_setcsr(_mm_getcsr() | 0x8040u);  // bit 15: flush to zero; bit 6: denormals are zero
#endif
}

SerialScope::SerialScope() : outer_(serial_thread) { serial_thread = true; }
SerialScope::~SerialScope() { serial_thread = outer_; }

void parallel_for(std::int64_t count, FunctionRef<void(std::int64_t, std::int64_t)> body, std::int64_t min_piece) {
  if (count <= 0) return;
  const int threads = threads_for(count / min_piece);
  if (threads <= 1) {
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

void parallel_items(std::int64_t count, FunctionRef<void(std::int64_t)> body) {
  if (count <= 0) return;
  const int threads = threads_for(count);
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
