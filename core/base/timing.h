// Repeated runs and their times.
#pragma once

#include <vector>

#include "core/base/parallel.h"

namespace pbgen {

// The times of several runs, in seconds.
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

}  // namespace pbgen
