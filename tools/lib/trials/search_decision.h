// The decision of the paper's Algorithm 1 (Section III), wherever the scores come from: trials that a search trains one by one, or those
// of an experiment that has them all.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "gan/settings.h"

namespace pbgen {

struct LayerChoice {
  LayerSet layers;        // those before the first that failed, together
  bool complete = false;  // false where a layer has no answer
};

// Tries each layer alone, in `order` (of falling redundancy), until one fails.  passes says whether a layer's degradation is within the
// threshold, or nothing where that is not known: then the choice ends there, incomplete.
LayerChoice choose_layers(const std::vector<int>& order, const std::function<std::optional<bool>(int layer)>& passes);

// Whether a degradation is beyond the threshold; NaN, of a training that diverged, is beyond every one.
inline bool exceeds(double degradation, double threshold) { return !(degradation <= threshold); }

}  // namespace pbgen
