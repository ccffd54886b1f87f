// Which path a new run takes where nobody says.
//
// More lanes are no gain everywhere: some processors have one unit for 512-bit multiply-adds where they have two for 256-bit ones, some
// compute both at the same rate, and older ones lower their clock as long as the wide ones run.  So the rate is measured, not looked up.
#pragma once

#include "core/base/cpu.h"
#include "core/gemm/fma_peak.h"

namespace pbgen {

// The peaks of the calling thread, in about ten milliseconds, as a clock that falls for wide instructions leaves them.
FmaPeaks measure_one_thread();

// avx512 where its peak is more than kWorthOfAvx512 times that of avx2: a processor with two wide units is at 1.5 to 2, one with a single
// unit at 1 or below, so that no noise of a measurement decides.
inline constexpr double kWorthOfAvx512 = 1.2;
Isa isa_by_rule(const FmaPeaks& peaks);

}  // namespace pbgen
