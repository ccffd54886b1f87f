#include "tools/lib/paper/piece.h"

#include "tools/lib/paper/trial_table.h"

namespace pbgen {
namespace {

std::vector<Trial> linear_layer_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  for (const std::string& letter : wanted_settings(experiment, "AFH")) trials.push_back(setting_trial(experiment, letter, "dcgan", 1));
  for (const Setting& setting : {Setting{{0}, {}}, Setting{{0, 1, 2, 3}, {}}, Setting{{0, 1, 2, 3}, {1, 2, 3, 4}}})
    trials.push_back(trial_of(experiment, setting));
  return trials;
}

void make_linear_layer(const Experiment&, const TrialBook&, PieceFolder& folder) { folder.page().paragraph("the linear layer in one bit, which the paper never tries"); }

}  // namespace

const Piece kLinearLayerPiece{
    .command = "linear-layer",
    .title = "Beyond the paper: the linear layer in one bit",
    .summary = "the linear layer in one bit, which the paper never tries",
    .in_all_at_laptop = true,
    .trials = linear_layer_trials,
    .make = make_linear_layer,
};

}  // namespace pbgen
