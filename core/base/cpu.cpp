#include "core/base/cpu.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

#include "core/base/cgroup.h"
#include "core/base/check.h"

#ifdef __linux__
#include <sched.h>
#endif
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif
#ifdef _OPENMP
#include <omp.h>
#endif

namespace pbgen {
namespace {

Isa isa_from_environment() {
  const char* const forced = std::getenv("PBGEN_ISA");
  if (forced == nullptr || *forced == '\0') return machine_supports(Isa::avx2) ? Isa::avx2 : Isa::ref;
  const std::string value = forced;
  for (const Isa candidate : {Isa::ref, Isa::avx2}) {
    if (value != name(candidate)) continue;
    if (!machine_supports(candidate))
      fail(ErrorKind::usage, "PBGEN_ISA=", value, ": this processor has no AVX2 and FMA; unset it or use PBGEN_ISA=ref");
    return candidate;
  }
  fail(ErrorKind::usage, "PBGEN_ISA=", value, ": expected ref or avx2");
}

std::atomic<Isa>& current_isa() {
  static std::atomic<Isa> isa{isa_from_environment()};
  return isa;
}

// CPUs that the scheduler may give us, 0 where that is unknown.
int affinity_count() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return 0;
}

int default_thread_count() {
  if (!built_with_openmp()) return 1;
  if (const char* const text = std::getenv("OMP_NUM_THREADS")) {
    const int asked = std::atoi(text);
    if (asked >= 1 && asked <= 4096) return asked;
  }
  int count = affinity_count();
  if (const std::optional<double> quota = cgroup_cpu_quota())
    if (const double whole = std::ceil(*quota); count == 0 || whole < count) count = static_cast<int>(std::min(whole, 4096.0));
  return count > 0 ? count : 1;
}

std::atomic<int>& current_thread_count() {
  static std::atomic<int> count{default_thread_count()};
  return count;
}

}  // namespace

const char* name(Isa isa) { return isa == Isa::avx2 ? "avx2" : "ref"; }

bool machine_supports(Isa isa) {
  if (isa == Isa::ref) return true;
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

Isa isa() { return current_isa(); }

void set_isa(Isa isa) {
  if (!machine_supports(isa)) fail(ErrorKind::usage, "this processor has no AVX2 and FMA; use the ref path");
  current_isa() = isa;
}

int thread_count() { return current_thread_count(); }

void set_thread_count(int n) {
  check(n >= 1, "thread count is ", n, ", expected at least 1");
  current_thread_count() = built_with_openmp() ? n : 1;
}

bool built_with_openmp() {
#ifdef _OPENMP
  return true;
#else
  return false;
#endif
}

void flush_denormals() {
#if defined(__SSE2__)
  _mm_setcsr(_mm_getcsr() | 0x8040u);  // bit 15: flush to zero; bit 6: denormals are zero
#endif
}

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

}  // namespace pbgen
