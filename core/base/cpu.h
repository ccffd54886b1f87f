// What this machine grants: which instructions, how many threads.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pbgen {

// Which set of kernels runs.  ref: scalar definitions, every machine.  avx2: AVX2 and FMA leaves.  avx512: leaves of AVX-512 F, BW, DQ
// and VL; where there is none, those of avx2.
enum class Isa { ref, avx2, avx512 };

// All of them, each faster than the one before it.
inline constexpr Isa kIsas[] = {Isa::ref, Isa::avx2, Isa::avx512};

const char* name(Isa isa);
// The path of that name.
std::optional<Isa> isa_named(std::string_view name);
// "ref, avx2 or avx512".
std::string isa_names();
// Whether the processor has the instructions, and the operating system keeps their registers.
bool machine_supports(Isa isa);
Isa best_isa();
// The path in force: the best one supported, or what PBGEN_ISA=NAME or set_isa chose.  An unknown or unsupported value of the
// variable is Error(usage), thrown at the first call.
Isa isa();
// Chooses a path for the whole process.  Error(usage) where the machine lacks it.
void set_isa(Isa isa);

// Threads that parallel_for uses.  By default OMP_NUM_THREADS where it is set, else what affinity and the control groups'
// quota grant (core/base/cgroup.h), rounded up.  Always 1 in a build without OpenMP.
int thread_count();
// n >= 1, else std::logic_error.
void set_thread_count(int n);
bool built_with_openmp();

// Sets flush-to-zero and denormals-are-zero in the calling thread.
void flush_denormals();

// The processor's own name, or "unknown processor".
std::string cpu_name();

}  // namespace pbgen
