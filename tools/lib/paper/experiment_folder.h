// The folder of an experiment: what it is known by, and the trials in it.
#pragma once

#include <string>
#include <vector>

#include "tools/lib/paper/experiment.h"
#include "tools/lib/paper/piece.h"

namespace pbgen {

// Makes the experiment's folder where it is missing, and lets experiment.json hold what it is for: pieces and trials made at different
// times speak of the same networks and images.  Several processes may do so at once.  Error(usage) where it holds another experiment, or
// none; Error(input_output).
void claim_folder(const Experiment& experiment);

// OUT/trials.
std::string trials_folder(const Experiment& experiment);

// What these pieces need trained, each once.
std::vector<Trial> trials_of(const std::vector<const Piece*>& chosen, const Experiment& experiment);

}  // namespace pbgen
