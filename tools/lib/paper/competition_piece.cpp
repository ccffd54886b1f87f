#include "tools/lib/paper/piece.h"

#include "tools/lib/paper/trial_table.h"

namespace pbgen {
namespace {

std::vector<Trial> competition_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  for (const std::string& letter : wanted_settings(experiment, "AFH"))
    for (int seed = 1; seed <= experiment.seeds; ++seed) trials.push_back(setting_trial(experiment, letter, "dcgan", seed));
  return trials;
}

void make_competition(const Experiment&, const TrialBook&, PieceFolder& folder) { folder.page().paragraph("losses along training under A, F and H (Fig. 13 to 15), and when a competition vanishes"); }

}  // namespace

const Piece kCompetitionPiece{
    .command = "competition",
    .title = "Competition: Fig. 13 to 15",
    .summary = "losses along training under A, F and H (Fig. 13 to 15), and when a competition vanishes",
    .in_all_at_laptop = true,
    .trials = competition_trials,
    .make = make_competition,
};

}  // namespace pbgen
