// Trials beside one another: what the pieces on single questions share.  One seed each, which every page says.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gan/settings.h"
#include "tools/lib/paper/experiment.h"
#include "tools/lib/paper/piece.h"

namespace pbgen {

// A trial of any setting, dcgan, seed 1: setting_trial's own where Table II has a letter for it, so that it is trained once;
// else "dcgan-g13-dnone-seed1".
Trial trial_of(const Experiment& experiment, const Setting& setting);

// setting_trial(letter, dcgan, seed 1) with further arguments, under the name dcgan-<letter>-<mark>-seed1.
Trial marked_trial(const Experiment& experiment, std::string_view letter, std::string_view mark, const std::vector<std::string>& more);

// Those of `letters` that the experiment trains, in their order.
std::vector<std::string> wanted_settings(const Experiment& experiment, std::string_view letters);

}  // namespace pbgen
