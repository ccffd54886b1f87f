#include "tools/lib/paper/piece.h"

#include "tools/lib/paper/trial_table.h"

namespace pbgen {
namespace {

std::vector<Trial> deconv_scale_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  for (const std::string& letter : wanted_settings(experiment, "AEG")) trials.push_back(setting_trial(experiment, letter, "dcgan", 1));
  for (const std::string& letter : wanted_settings(experiment, "EG")) trials.push_back(marked_trial(experiment, letter, "port", {"--bwn", "port"}));
  return trials;
}

void make_deconv_scale(const Experiment&, const TrialBook&, PieceFolder& folder) { folder.page().paragraph("the scale of the authors' deconvolutions beside the right one, under E and G"); }

}  // namespace

const Piece kDeconvScalePiece{
    .command = "deconv-scale",
    .title = "Beyond the paper: the authors' scale of a deconvolution",
    .summary = "the scale of the authors' deconvolutions beside the right one, under E and G",
    .in_all_at_laptop = true,
    .trials = deconv_scale_trials,
    .make = make_deconv_scale,
};

}  // namespace pbgen
