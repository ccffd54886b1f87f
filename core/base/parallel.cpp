#include "core/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include "core/base/cpu.h"
#include "core/base/thread.h"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace pbgen {
namespace {

thread_local bool serial_thread = false;
thread_local bool eager_thread = false;

// The first exception of a region's threads: none may leave a thread, the region's caller gets it.
class FirstException {
 public:
  // Nothing is begun behind a failure.
  template <class Work>
  void run(const Work& work) {
    if (failed_.load(std::memory_order_relaxed)) return;
    try {
      work();
    } catch (...) {
      if (!failed_.exchange(true)) exception_ = std::current_exception();
    }
  }
  // Behind the region.
  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::atomic<bool> failed_{false};
  std::exception_ptr exception_;
};

// Threads that OpenMP has, the caller's included.
std::atomic<int> started_threads{1};
std::mutex starting;

}  // namespace

int threads_worth_waking(std::int64_t count, std::int64_t min_piece) {
  if (serial_thread) return 1;
  if (eager_thread) return static_cast<int>(std::clamp<std::int64_t>(count, 1, thread_count()));
  const std::int64_t pieces = std::min<std::int64_t>(count / min_piece, thread_count());
  return static_cast<int>(std::clamp<std::int64_t>(pieces * pieces / 2, 1, thread_count()));
}

// OpenMP ends the process where the system refuses it a thread, so that it is asked for all of them once, behind us.
void start_threads() {
  const int count = thread_count();
  if (count <= started_threads.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(starting);
  if (count <= started_threads.load(std::memory_order_relaxed)) return;
  require_threads(count - 1);
#ifdef _OPENMP
#pragma omp parallel num_threads(count)
  flush_denormals();
#endif
  started_threads = count;
}

SerialScope::SerialScope() : outer_(serial_thread) { serial_thread = true; }
SerialScope::~SerialScope() { serial_thread = outer_; }

EagerScope::EagerScope() : outer_(eager_thread) { eager_thread = true; }
EagerScope::~EagerScope() { eager_thread = outer_; }

void parallel_for(std::int64_t count, FunctionRef<void(std::int64_t, std::int64_t)> body, std::int64_t min_piece) {
  if (count <= 0) return;
  const int threads = static_cast<int>(std::min<std::int64_t>(threads_worth_waking(count, min_piece), count));
  if (threads == 1) {
    flush_denormals();
    body(0, count);
    return;
  }
#ifdef _OPENMP
  start_threads();
  FirstException failure;
#pragma omp parallel num_threads(threads)
  {
    flush_denormals();
    // The team may be smaller than asked for.
    const std::int64_t team = omp_get_num_threads();
    const std::int64_t self = omp_get_thread_num();
    const std::int64_t begin = count * self / team;
    const std::int64_t end = count * (self + 1) / team;
    if (begin < end) failure.run([&] { body(begin, end); });
  }
  failure.rethrow();
#endif
}

void parallel_items(std::int64_t count, FunctionRef<void(std::int64_t)> body, std::int64_t min_piece) {
  deal_items(threads_worth_waking(count, min_piece), count, body);
}

void deal_items(int threads, std::int64_t count, FunctionRef<void(std::int64_t)> body) {
  if (count <= 0) return;
  threads = static_cast<int>(std::min<std::int64_t>({threads, count, threads_worth_waking(count, 1)}));
  if (threads == 1) {
    flush_denormals();
    for (std::int64_t i = 0; i < count; ++i) body(i);
    return;
  }
#ifdef _OPENMP
  start_threads();
  FirstException failure;
  std::atomic<std::int64_t> dealt{0};  // of those behind the first of each thread
#pragma omp parallel num_threads(threads)
  {
    flush_denormals();
    // The team may be smaller than asked for.
    const std::int64_t team = omp_get_num_threads();
    for (std::int64_t i = omp_get_thread_num(); i < count; i = team + dealt.fetch_add(1, std::memory_order_relaxed))
      failure.run([&] { body(i); });
  }
  failure.rethrow();
#endif
}

}  // namespace pbgen
