// The roof over every kernel: what the multiply-add units give when nothing leaves the registers.
#pragma once

namespace pbgen {

// FLOP/s of fused multiply-adds in registers on thread_count() threads, AVX2's: the best of a few milliseconds' runs.  0 where the
// machine has no such units.
double fma_peak();

}  // namespace pbgen
