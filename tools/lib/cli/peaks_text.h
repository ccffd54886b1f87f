// The multiply-add peaks of a machine, for people.
#pragma once

#include <string>

#include "core/gemm/fma_peak.h"

namespace pbgen {

// "FMA peak 131.0 GFLOP/s (AVX2), 259.1 (AVX-512)", those that are known; "" where none is.
std::string peaks_text(const FmaPeaks& peaks);

}  // namespace pbgen
