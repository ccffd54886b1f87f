// Timing for tools/bench: repeated runs, their statistics, and the roof that they are compared with.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/base/parallel.h"

namespace pbgen {

// Of several runs, in seconds.
struct Times {
  double median = 0.0;  // of an even number the upper one
  double best = 0.0;
};

// std::logic_error where there are no samples.
Times statistics(std::vector<double> samples);

// One run of body, in seconds.
double seconds_of(FunctionRef<void()> body);

// repeats >= 1 runs of body.
Times measure(int repeats, FunctionRef<void()> body);

// FLOP/s of fused multiply-adds in registers on thread_count() threads: the best of a few milliseconds' runs.  0 where the machine has no
// such units.
double fma_peak();

// Uniform in [-scale, scale); repeats after a prime number of values, so that rows of an array differ.
AlignedBuffer<float> random_values(std::int64_t count, std::uint64_t seed, double scale = 1.0);

}  // namespace pbgen
