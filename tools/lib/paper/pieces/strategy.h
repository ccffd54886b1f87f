// Which deconvolutions to binarize: the paper's Algorithm 1 and a search through all settings, on the same scores.
#pragma once

#include <functional>
#include <vector>

#include "gan/settings.h"

namespace pbgen {

// The SWD of a generator with these layers in one bit; NaN where it diverged, which no threshold admits.
using ScoreOf = std::function<double(LayerSet)>;

// All 16 sets of layers 1 .. 4, the empty one first.
std::vector<LayerSet> all_generator_settings();

// How much worse a setting is than the float generator, as a share: swd / swd(none) - 1.
double degradation(const ScoreOf& swd, LayerSet layers);

struct Strategy {
  LayerSet layers = {};
  int trials = 0;            // trained to find it, the float generator and the strategy itself included
  double degradation = 0.0;  // of the strategy as it was measured
};

// Algorithm 1 (Section III): each layer alone, in `order` (of falling redundancy), until one degrades by more than the threshold; the
// strategy is the layers before it, together, which the algorithm does not measure.  At most n + 2 trials for n layers: as many
// singles as it looks at, the float generator, and the strategy where it is more than one layer.
Strategy algorithm_1(const ScoreOf& swd, const std::vector<int>& order, double threshold);

// The setting with the fewest bytes of those that degrade by the threshold at most; among equals the lower SWD.  16 trials.
Strategy exhaustive_search(const ScoreOf& swd, const std::function<double(LayerSet)>& bytes, double threshold);

// Which points have no other that is at least as good in both and better in one: smaller is better.  A NaN is never on the front.
// x and y are of one length, else std::logic_error.
std::vector<bool> pareto_front(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace pbgen
