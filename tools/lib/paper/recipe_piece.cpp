#include "tools/lib/paper/piece.h"

#include "tools/lib/paper/trial_table.h"

namespace pbgen {
namespace {

std::vector<Trial> recipe_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  for (const std::string& letter : wanted_settings(experiment, "AFGH")) trials.push_back(setting_trial(experiment, letter, "dcgan", 1));
  for (const std::string& letter : wanted_settings(experiment, "FGH")) trials.push_back(marked_trial(experiment, letter, "xnor", {"--bwn", "xnor"}));
  return trials;
}

void make_recipe(const Experiment&, const TrialBook&, PieceFolder& folder) { folder.page().paragraph("--bwn xnor beside pbgen, under F, G and H"); }

}  // namespace

const Piece kRecipePiece{
    .command = "recipe",
    .title = "Beyond the paper: XNOR-Net's own recipe",
    .summary = "--bwn xnor beside pbgen, under F, G and H",
    .in_all_at_laptop = true,
    .trials = recipe_trials,
    .make = make_recipe,
};

}  // namespace pbgen
