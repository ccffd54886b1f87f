#include "tools/lib/paper/piece.h"

#include "tools/lib/paper/trial_table.h"

namespace pbgen {
namespace {

std::vector<Trial> wgan_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  for (const std::string& letter : wanted_settings(experiment, "AEFGH")) {
    trials.push_back(setting_trial(experiment, letter, "wgan", 1));
    // The experiment's own rate is dcgan's; this is Arjovsky's, with his steps and his clipping, which --loss wgan brings.
    trials.back().arguments.insert(trials.back().arguments.end(), {"--lr", "5e-5"});
  }
  return trials;
}

void make_wgan(const Experiment&, const TrialBook&, PieceFolder& folder) { folder.page().paragraph("--loss wgan under A, E, F, G and H: does the order of the settings carry over?"); }

}  // namespace

const Piece kWganPiece{
    .command = "wgan",
    .title = "Beyond the paper: a Wasserstein GAN",
    .summary = "--loss wgan under A, E, F, G and H: does the order of the settings carry over?",
    .in_all_at_laptop = true,
    .trials = wgan_trials,
    .make = make_wgan,
};

}  // namespace pbgen
