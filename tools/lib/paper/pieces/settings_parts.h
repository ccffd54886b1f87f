// The parts of the piece on Settings A to H, each writing its files and its share of the page.
#pragma once

#include <vector>

#include "tools/lib/paper/experiment.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/setting_scores.h"

namespace pbgen {

// Table III for both losses, with the claims that the paper draws from it, and the order of the settings.
void add_averages(const std::vector<SettingScores>& dcgan, const std::vector<SettingScores>& lsgan, PieceFolder& folder);
// Fig. 6: SWD against the redundancy of the one layer that is binarized under B, C, D, E, with the test of "almost linearly".
void add_redundancy(const Experiment& experiment, const std::vector<SettingScores>& dcgan, PieceFolder& folder);
// Fig. 9, 11 and 16: SWD by resolution, with what the paper says of them.
void add_resolutions(const Experiment& experiment, const std::vector<SettingScores>& dcgan, PieceFolder& folder);

}  // namespace pbgen
