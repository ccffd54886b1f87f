// Between dispatch.cpp and the leaves of fma_peak.h.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen {

inline constexpr std::int64_t kFlopsPerFmaStepAvx2 = 12 * 8 * 2;
inline constexpr std::int64_t kFlopsPerFmaStepAvx512 = 12 * 16 * 2;

// Runs steps of twelve independent FMAs, of eight floats or sixteen, in registers, in the calling thread, and returns a number that
// depends on all of them.  Only where machine_supports the set.
float run_fma_steps_avx2(std::int64_t steps);
float run_fma_steps_avx512(std::int64_t steps);

}  // namespace pbgen
