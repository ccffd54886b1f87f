// The roof over every kernel: what the multiply-add units give when nothing leaves the registers.
#pragma once

#include "core/base/cpu.h"

namespace pbgen {

// FLOP/s of fused multiply-adds in registers, of that path's instructions, on thread_count() threads: the best of a few milliseconds'
// runs.  0 where the machine has no such units; the reference path has none.
double fma_peak(Isa isa);

// The peaks of the sets that have one.
struct FmaPeaks {
  double avx2 = 0.0;
  double avx512 = 0.0;
};
FmaPeaks fma_peaks();

}  // namespace pbgen
