// What parameters start from.  Element i is draw i of the generator: CounterRng(seed, Stream::initialise, the parameter's
// place in the network).
#pragma once

#include "core/base/rng.h"
#include "core/tensor/param.h"

namespace pbgen {

// Normal with mean 0 and standard deviation sd: deconvolutions and linear layers (sd 0.02).
void fill_normal(NamedArray& array, double sd, const CounterRng& rng);
// The same, drawn again beyond two standard deviations: convolutions (sd 0.02).  The standard deviation of what is left is
// 0.8796 sd.
void fill_truncated_normal(NamedArray& array, double sd, const CounterRng& rng);
void fill_constant(NamedArray& array, float value);

}  // namespace pbgen
