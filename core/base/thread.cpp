#include "core/base/thread.h"

#include <pthread.h>
#include <sys/resource.h>

#include <cstdlib>
#include <latch>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/option_error.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace pbgen {
namespace {

constexpr std::size_t kSmallStack = std::size_t{1} << 20;  // the deepest of ours takes a tenth of it

// LLVM's runtime gives its threads stacks of a size of its own, and ends the process where it is refused them.  They are a little smaller
// than ours: the C library keeps the stacks of the threads that require_threads ended, and gives those out where they are large enough.
constexpr std::size_t kLlvmStack = kSmallStack - (std::size_t{1} << 16);
#if defined(__clang__) && defined(_OPENMP)
constexpr const char* kLlvmStackVariable = "KMP_STACKSIZE";
#else
constexpr const char* kLlvmStackVariable = nullptr;
#endif

}  // namespace

std::thread start_thread(const std::string& what, std::function<void()> body) {
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error& error) {
    fail_naming_options(ErrorKind::input_output, what, " cannot be started (", error.code().message(), "): use fewer (",
                        OptionName{"threads"}, " 1, or OMP_NUM_THREADS=1), or allow more processes (ulimit -u) or more memory (ulimit -v)");
  }
}

void require_threads(int count) {
  std::latch all_asked(1);
  std::vector<std::thread> threads;
  const auto end_all = [&] {
    all_asked.count_down();
    for (std::thread& thread : threads) thread.join();
  };
  threads.reserve(static_cast<std::size_t>(count));
  try {
    for (int i = 0; i < count; ++i)
      threads.push_back(start_thread(concat("thread ", i + 2, " of ", count + 1), [&] { all_asked.wait(); }));
  } catch (...) {
    end_all();
    throw;
  }
  end_all();
}

void spare_address_space() {
#ifdef __GLIBC__
  rlimit limit = {};
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  ::mallopt(M_ARENA_MAX, 1);
  if (kLlvmStackVariable) ::setenv(kLlvmStackVariable, concat(kLlvmStack / 1024, "k").c_str(), 0);
  pthread_attr_t attributes;
  if (::pthread_getattr_default_np(&attributes) != 0) return;
  std::size_t stack = 0;
  if (::pthread_attr_getstacksize(&attributes, &stack) == 0 && stack > kSmallStack) {
    ::pthread_attr_setstacksize(&attributes, kSmallStack);
    ::pthread_setattr_default_np(&attributes);
  }
  ::pthread_attr_destroy(&attributes);
#endif
}

}  // namespace pbgen
