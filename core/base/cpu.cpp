#include "core/base/cpu.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "core/base/cgroup.h"
#include "core/base/check.h"

#ifdef __linux__
#include <sched.h>
#endif
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif
#ifdef _OPENMP
#include <omp.h>
#endif

namespace pbgen {
namespace {

const char* instructions_of(Isa isa) {
  switch (isa) {
    case Isa::ref: return "no special instructions";
    case Isa::avx2: return "AVX2 and FMA";
    case Isa::avx512: return "AVX-512 F, BW, DQ and VL, and BMI2";
  }
  return "";
}

Isa isa_from_environment() {
  const char* const forced = std::getenv("PBGEN_ISA");
  if (forced == nullptr || *forced == '\0') return best_isa();
  const std::optional<Isa> chosen = isa_named(forced);
  if (!chosen) fail(ErrorKind::usage, "PBGEN_ISA=", forced, ": expected ", isa_names());
  if (!machine_supports(*chosen))
    fail(ErrorKind::usage, "PBGEN_ISA=", forced, ": this processor lacks ", instructions_of(*chosen), "; unset it or use PBGEN_ISA=",
         name(best_isa()));
  return *chosen;
}

#if defined(__x86_64__)
// Whether the operating system saves what `state` names in XCR0: 0x06 the 256-bit registers, 0xe6 the 512-bit and the mask registers too.
bool system_saves(std::uint32_t state) {
  std::uint32_t eax = 0;
  std::uint32_t ebx = 0;
  std::uint32_t ecx = 0;
  std::uint32_t edx = 0;
  constexpr std::uint32_t kXgetbvIsThere = 1u << 27;  // OSXSAVE
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & kXgetbvIsThere) == 0) return false;
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & state) == state;
}
#endif

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

const char* name(Isa isa) {
  switch (isa) {
    case Isa::ref: return "ref";
    case Isa::avx2: return "avx2";
    case Isa::avx512: return "avx512";
  }
  return "";
}

std::optional<Isa> isa_named(std::string_view named) {
  for (const Isa isa : kIsas)
    if (named == name(isa)) return isa;
  return std::nullopt;
}

std::string isa_names() {
  std::string names;
  for (const Isa isa : kIsas) {
    const bool first = isa == kIsas[0];
    const bool last = isa == std::end(kIsas)[-1];
    names += concat(first ? "" : last ? " or " : ", ", name(isa));
  }
  return names;
}

bool machine_supports(Isa isa) {
  if (isa == Isa::ref) return true;
#if defined(__x86_64__)
  static const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && system_saves(0x06);
  static const bool avx512 = avx2 && system_saves(0xe6) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2");
  return isa == Isa::avx2 ? avx2 : avx512;
#else
  return false;
#endif
}

Isa best_isa() {
  Isa best = Isa::ref;
  for (const Isa isa : kIsas)
    if (machine_supports(isa)) best = isa;
  return best;
}

Isa isa() { return current_isa(); }

void set_isa(Isa isa) {
  if (!machine_supports(isa))
    fail(ErrorKind::usage, "this processor lacks ", instructions_of(isa), "; use the ", name(best_isa()), " path");
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
