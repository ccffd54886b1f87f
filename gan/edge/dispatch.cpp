// Which paths there are, and which this processor runs.
#include <initializer_list>

#include "gan/edge/generator.h"
#include "gan/edge/run.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace pbgen::edge {

const Leaves* leaves_of(Path path) {
#if defined(__x86_64__)
  if (path == Path::avx2) return &kAvx2Leaves;
  if (path == Path::avx512) return &kAvx512Leaves;
#elif defined(__aarch64__)
  if (path == Path::neon) return &kNeonLeaves;
#endif
  return path == Path::portable ? &kPortableLeaves : nullptr;
}

#if defined(__x86_64__)
namespace {

struct Registers {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
};

// Zeros where the processor has no such leaf.
Registers ask(unsigned leaf, unsigned part) {
  Registers r;
  return __get_cpuid_count(leaf, part, &r.eax, &r.ebx, &r.ecx, &r.edx) != 0 ? r : Registers{};
}

// Beside AVX2, whose registers the system then keeps; not every compiler's __builtin_cpu_supports knows it.
bool supports_f16c() { return (ask(1, 0).ecx & bit_F16C) != 0; }

// Whether the system keeps the 512-bit and the mask registers.
bool system_keeps_wide_registers() {
  constexpr unsigned kSystemSays = 1u << 27;  // OSXSAVE
  if ((ask(1, 0).ecx & kSystemSays) == 0) return false;
  unsigned low = 0;
  unsigned high = 0;
  asm("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & 0xe6) == 0xe6;
}

// Bytes of the first-level cache of data; 0 where the processor does not say.
std::int64_t first_level_cache_bytes() {
  constexpr unsigned kIntelLeaf = 4;
  constexpr unsigned kAmdLeaf = 0x8000001d;
  constexpr int kMostParts = 8;
  for (const unsigned leaf : {kIntelLeaf, kAmdLeaf})
    for (int part = 0; part < kMostParts; ++part) {
      const Registers r = ask(leaf, static_cast<unsigned>(part));
      const bool holds_data = (r.eax & 0x1f) == 1 || (r.eax & 0x1f) == 3;
      const bool first_level = (r.eax >> 5 & 7) == 1;
      if (holds_data && first_level)
        return std::int64_t{(r.ebx >> 22) + 1} * ((r.ebx >> 12 & 0x3ff) + 1) * ((r.ebx & 0xfff) + 1) * (std::int64_t{r.ecx} + 1);
    }
  return 0;
}

// Tables of pairs of vectors that do not fit would cost what they gain.
bool has_room_for_pairs() {
  constexpr std::int64_t kPairTableBytes = 2 * kBlockGroups * kTableFloats * std::int64_t{sizeof(float)};
  return first_level_cache_bytes() > kPairTableBytes;
}

}  // namespace
#endif

bool runs_here(Path path) {
#if defined(__x86_64__)
  if (path == Path::avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && supports_f16c();
  if (path == Path::avx512)
    return runs_here(Path::avx2) && system_keeps_wide_registers() && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("bmi2") && has_room_for_pairs();
#endif
  return leaves_of(path) != nullptr;
}

Path best_path() {
  for (const Path path : {Path::avx512, Path::avx2, Path::neon})
    if (runs_here(path)) return path;
  return Path::portable;
}

}  // namespace pbgen::edge
