// What one bit a weight costs a deconvolution's output: the error behind the paper's Fig. 2, over all sign patterns.
//
// Source: the paper's section III: "the minimum average Euclidean distance between the original output and the output produced
// by binarized weights", "obtained by enumerating all the possible combinations of those binary weights".  Read here as: the
// minimum over the patterns for each layer drawn, averaged over the layers (by the caller).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "metrics/deconv_column.h"

namespace pbgen {

// Weights scale * b: bit j of negatives is set where b_j = -1, else b_j = +1.
struct BinaryWeights {
  std::uint32_t negatives = 0;
  double scale = 0.0;     // never negative: -scale * b is scale * -b, and all patterns are tried
  double distance = 0.0;  // || D k - scale D b ||, Euclidean
};

struct BinarizationError {
  double output_norm = 0.0;   // || D k ||: what a relative distance is relative to
  BinaryWeights sign;         // b = sign(k) and scale = mean |k|: what a binary-weight network trains with; sign(0) = +1
  BinaryWeights mean_scale;   // scale = mean |k|, the b of least distance
  BinaryWeights best_scale;   // the b and the scale of least distance, scale = <Db, Dk> / ||Db||^2
};

inline constexpr int kFewestSigns = 4;
inline constexpr int kMostSigns = 32;

// All 2^c_in patterns, enumerated in less than a nanosecond each.  The pattern found has the least squared distance up to 2^-40
// times the scale squared and the sum of |D'D|'s entries; its distance is then computed from D and k themselves.
// c_in outside [kFewestSigns, kMostSigns], lengths that do not fit, weights that are all 0, and numbers that are not finite are
// std::logic_error.
BinarizationError binarization_error(const DeconvColumn& column);

// The same for each column, in parallel; bit-identical for any thread count.
std::vector<BinarizationError> binarization_errors(std::span<const DeconvColumn> columns);

}  // namespace pbgen
