// Fig. 12: what a generator costs whose CONV 4 is widened until it can be binarized.
#pragma once

#include <vector>

#include "gan/networks.h"

namespace pbgen {

// All relative: costs of the partly binarized net of that width over those of a float net.
struct WidthCost {
  int c_4 = 0;
  bool all_binarized = false;   // CONV 4 too, as its redundancy has reached 0; else CONV 1 to 3
  double counted = 0.0;         // memory by eq. (3), weights of the four deconvolutions; over `original` in float
  double file = 0.0;            // bytes of the exported model; over those of `original` in float
  double counted_same = 0.0;    // over the float net of this very width
  double file_same = 0.0;
  double operations = 0.0;      // the paper's count of operations, the four deconvolutions; over `original` in float
};

// At c_4, everything else as in `original`.
WidthCost width_cost(const NetworkConfig& original, int c_4);

// The width from which CONV 4's redundancy is not negative: its input pixels.
int redundant_width(const NetworkConfig& original);

// From the original's c_4 in steps of as much to one step beyond redundant_width; that width and the one before it are there.
std::vector<WidthCost> width_costs(const NetworkConfig& original);

}  // namespace pbgen
