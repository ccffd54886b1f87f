// Beyond the paper: XNOR-Net's own recipe (centred and clamped weights, its gradient) beside what the authors' port does.
#include "core/base/check.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/trial_table.h"

namespace pbgen {
namespace {

std::string xnor_label(const std::string& letter) { return letter + ", xnor"; }

Trial xnor_trial(const Experiment& experiment, const std::string& letter) {
  return marked_trial(experiment, letter, "xnor", [](RunConfig& config) { config.network().recipe = BinaryRecipe::xnor; });
}

std::vector<ComparedTrial> compared(const Experiment& experiment) {
  std::vector<ComparedTrial> rows;
  for (const std::string& letter : wanted_settings(experiment, "AFGH"))
    rows.push_back({letter, setting_trial(experiment, letter, "dcgan", 1), letter == "A" ? "" : "A", parse_setting(letter)});
  for (const std::string& letter : wanted_settings(experiment, "FGH"))
    rows.push_back({xnor_label(letter), xnor_trial(experiment, letter), letter, parse_setting(letter)});
  return rows;
}

std::vector<Trial> recipe_trials(const Experiment& experiment) { return trials_of(experiment, compared(experiment)); }

std::string verdict(const TrialTable& table) {
  std::string text = "XNOR-Net's recipe has ";
  int counted = 0;
  int lower = 0;
  int apart = 0;
  for (const std::string letter : {"F", "G", "H"}) {
    if (!table.has(xnor_label(letter))) continue;
    const double ratio = table.ratio(xnor_label(letter));
    text += concat(counted > 0 ? ", " : "", times_text(ratio), " the SWD of pbgen under ", letter);
    ++counted;
    if (ratio < 1.0) ++lower;
    if (!(ratio <= kAcceptedRatio && ratio >= 1.0 / kAcceptedRatio)) ++apart;
  }
  if (counted == 0) return "None of F, G and H was trained.";
  return text + concat(": lower in ", lower, " of ", counted, ", further apart than the paper's own tolerance in ", apart, ".");
}

void make_recipe(const Experiment& experiment, const TrialBook& trials, PieceFolder& folder) {
  const TrialTable table(experiment, trials, compared(experiment));
  folder.page().paragraph(
      "The paper says that it binarizes as XNOR-Net's Binary-Weight-Networks do, but its code leaves parts out: there the float weights "
      "are centred over the input channels and clamped to [-1, 1] before each step, and the gradient is another. --bwn pbgen is what the "
      "authors' port does, --bwn xnor is XNOR-Net's recipe. Does the choice matter for what the paper claims?");
  folder.page().paragraph(verdict(table), "verdict");
  folder.page().paragraph(table.seed_note(), "note");
  table.show(folder);
}

}  // namespace

const Piece kRecipePiece{
    .command = "recipe",
    .title = "Beyond the paper: XNOR-Net's own recipe",
    .summary = "--bwn xnor beside pbgen, under F, G and H.",
    .trials = recipe_trials,
    .make = make_recipe,
};

}  // namespace pbgen
