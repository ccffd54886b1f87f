// What the rounding of a float deconvolution by Winograd's algorithm (gan/edge/winograd.h) is bounded by: its sums with the magnitudes of
// all values and matrices.  |error| <= (c_in + 21) * 2^-24 times that, scale and shift included: roundings behind one another are 8 of a
// weight's sum, 3 of an input's, one for each input channel, 8 of an output's, 2 of scale and shift.
#pragma once

#include <cmath>

#include "gan/edge/winograd.h"

namespace pbgen {

constexpr double winograd_roundings(int c_in) { return c_in + 21; }

// The weight at point (i, j): w(tap).
template <class Weight>
double point_weight_magnitude(int i, int j, const Weight& w) {
  double sum = 0.0;
  for (int tap = 0; tap < edge::kTaps; ++tap) {
    const float factor = edge::kPointOfWeights[i][tap / edge::kKernel] * edge::kPointOfWeights[j][tap % edge::kKernel];
    if (factor != 0.0f) sum += std::fabs(static_cast<double>(factor) * static_cast<double>(w(tap)));
  }
  return sum;
}

// The output at that pixel.  x(c, row, column): of the map of side * side; weight(c, i, j): point_weight_magnitude.
template <class Input, class PointWeight>
double winograd_magnitude(int c_in, int side, int row, int column, const Input& x, const PointWeight& weight) {
  const int top = row / 4 * 2 - 1;
  const int left = column / 4 * 2 - 1;
  const int s = row % 4 / 2;
  const int t = column % 4 / 2;
  double sum = 0.0;
  for (int i = edge::kPhasePoints[row % 2]; i < edge::kPhasePoints[row % 2 + 1]; ++i)
    for (int j = edge::kPhasePoints[column % 2]; j < edge::kPhasePoints[column % 2 + 1]; ++j) {
      if (edge::kOutputOfPoints[i][s] * edge::kOutputOfPoints[j][t] == 0.0f) continue;
      for (int c = 0; c < c_in; ++c) {
        double value = 0.0;
        for (int a = 0; a < edge::kTileInputs; ++a)
          for (int b = 0; b < edge::kTileInputs; ++b) {
            const bool met = edge::kPointOfInputs[i][a] * edge::kPointOfInputs[j][b] != 0.0f;
            if (met && top + a >= 0 && top + a < side && left + b >= 0 && left + b < side)
              value += std::fabs(static_cast<double>(x(c, top + a, left + b)));
          }
        sum += value * weight(c, i, j);
      }
    }
  return sum;
}

}  // namespace pbgen
