// Which paths there are, and which this processor runs.
#include "gan/edge/generator.h"
#include "gan/edge/run.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace pbgen::edge {

const Leaves* leaves_of(Path path) {
#if defined(__x86_64__)
  if (path == Path::avx2) return &kAvx2Leaves;
#elif defined(__aarch64__)
  if (path == Path::neon) return &kNeonLeaves;
#endif
  return path == Path::portable ? &kPortableLeaves : nullptr;
}

#if defined(__x86_64__)
namespace {

// Beside AVX2, whose registers the system then keeps; not every compiler's __builtin_cpu_supports knows it.
bool supports_f16c() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_F16C) != 0;
}

}  // namespace
#endif

bool runs_here(Path path) {
#if defined(__x86_64__)
  if (path == Path::avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && supports_f16c();
#endif
  return leaves_of(path) != nullptr;
}

Path best_path() { return runs_here(Path::avx2) ? Path::avx2 : runs_here(Path::neon) ? Path::neon : Path::portable; }

}  // namespace pbgen::edge
