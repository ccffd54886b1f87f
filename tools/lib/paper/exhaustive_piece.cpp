#include "tools/lib/paper/piece.h"

#include "core/check.h"
#include "tools/lib/paper/trial_table.h"

namespace pbgen {
namespace {

// All 2^4 sets of the four deconvolutions, the empty one first.
std::vector<LayerSet> all_generator_settings() {
  std::vector<LayerSet> settings;
  for (unsigned bits = 0; bits < 16; ++bits) {
    std::string list;
    for (int layer = 1; layer <= 4; ++layer)
      if ((bits >> (layer - 1) & 1u) != 0) list += concat(list.empty() ? "" : ",", layer);
    settings.push_back(LayerSet::parse(list.empty() ? "none" : list, 1, "layers"));
  }
  return settings;
}

std::vector<Trial> exhaustive_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  for (const LayerSet discriminator : {LayerSet{}, LayerSet{1, 2, 3, 4}})
    for (const LayerSet generator : all_generator_settings()) trials.push_back(trial_of(experiment, {generator, discriminator}));
  for (int seed = 2; seed <= experiment.seeds; ++seed) trials.push_back(setting_trial(experiment, "A", "dcgan", seed));
  return trials;
}

void make_exhaustive(const Experiment&, const TrialBook&, PieceFolder& folder) { folder.page().paragraph("all 32 settings, one seed: does Algorithm 1 choose what a search through all of them chooses?"); }

}  // namespace

const Piece kExhaustivePiece{
    .command = "exhaustive",
    .title = "All 16 settings of the generator, with and without the discriminator",
    .summary = "all 32 settings, one seed: does Algorithm 1 choose what a search through all of them chooses?",
    .in_all_at_laptop = false,
    .trials = exhaustive_trials,
    .make = make_exhaustive,
};

}  // namespace pbgen
