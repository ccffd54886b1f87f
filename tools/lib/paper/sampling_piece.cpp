#include "tools/lib/paper/piece.h"

#include "tools/lib/paper/trial_table.h"

namespace pbgen {
namespace {

std::vector<Trial> sampling_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  for (const std::string& letter : wanted_settings(experiment, "AFH")) trials.push_back(marked_trial(experiment, letter, "ema", {"--ema", "0.999"}));
  return trials;
}

void make_sampling(const Experiment&, const TrialBook&, PieceFolder& folder) { folder.page().paragraph("one run of A, F and H each, drawn from in four ways: --ema and --bn-calibrate on and off"); }

}  // namespace

const Piece kSamplingPiece{
    .command = "sampling",
    .title = "Beyond the paper: averaged weights and exact statistics",
    .summary = "one run of A, F and H each, drawn from in four ways: --ema and --bn-calibrate on and off",
    .in_all_at_laptop = true,
    .trials = sampling_trials,
    .make = make_sampling,
};

}  // namespace pbgen
