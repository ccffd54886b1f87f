#include "tools/lib/paper/piece.h"

namespace pbgen {
namespace {

std::vector<Trial> settings_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  for (const std::string& letter : experiment.settings) {
    for (int seed = 1; seed <= experiment.seeds; ++seed) trials.push_back(setting_trial(experiment, letter, "dcgan", seed));
    trials.push_back(setting_trial(experiment, letter, "lsgan", 1));
  }
  return trials;
}

void make_settings(const Experiment&, const TrialBook&, PieceFolder& folder) {
  folder.page().paragraph("Sliced Wasserstein distances under Settings A to H.");
}

}  // namespace

const Piece kSettingsPiece{
    .command = "settings",
    .title = "Settings A to H: Table III, Fig. 5, 6, 9, 10, 11 and 16",
    .summary = "A to H under both losses: samples, average SWD, SWD by resolution and against redundancy",
    .in_all_at_laptop = true,
    .trials = settings_trials,
    .make = make_settings,
};

}  // namespace pbgen
