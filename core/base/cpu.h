// What this machine grants: which instructions, how many threads.
#pragma once

#include <string>

namespace pbgen {

// Which set of kernels runs.  ref: scalar definitions, every machine.  avx2: AVX2 and FMA leaves.
enum class Isa { ref, avx2 };

const char* name(Isa isa);
bool machine_supports(Isa isa);
// The path in force: the best one supported, or what PBGEN_ISA=ref|avx2 or set_isa chose.  An unknown or unsupported
// value of the variable is Error(usage), thrown at the first call.
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
