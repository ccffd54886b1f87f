// Between dispatch.cpp and the leaves of fma_peak.h.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen {

inline constexpr std::int64_t kFlopsPerFmaStepAvx2 = 12 * 8 * 2;

// Runs steps of twelve independent eight-wide FMAs in registers, in the calling thread, and returns a number that
// depends on all of them.  Only where machine_supports(Isa::avx2).
float run_fma_steps_avx2(std::int64_t steps);

}  // namespace pbgen
