// Our own exp, log and tanh: libm chooses its code by the CPU, and results must be the same bytes on every machine.  Those of floats, a
// device's too: core/freestanding/tanh.h.
//
// Source: Taylor and atanh series.
#pragma once

#include "core/freestanding/tanh.h"

namespace pbgen {

// e^x.  Relative error below 4e-16; 0 below -745, infinity above 709.78; NaN stays NaN.
double exp_of(double x);
// Natural logarithm of x >= 0.  Relative error below 4e-16 away from 1, absolute near it; -infinity at 0; NaN for
// negative x and NaN.
double log_of(double x);

}  // namespace pbgen
