// Beyond the paper: the generator's linear layer in one bit. The paper leaves it in float without a word, although its own
// measure, with the layer read as a deconvolution from one pixel, allows it: z_dim - 1 is positive.
#include "core/base/check.h"
#include "gan/accounting.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/trial_table.h"

namespace pbgen {
namespace {

struct Pair {
  const char* letter;   // of the setting without layer 0
  const char* label;
  Setting with_linear;
};
constexpr Pair kPairs[] = {
    {"A", "layer 0 alone", {{0}, {}}},
    {"F", "F and layer 0", {{0, 1, 2, 3}, {}}},
    {"H", "H and layer 0", {{0, 1, 2, 3}, {1, 2, 3, 4}}},
};

std::vector<ComparedTrial> compared(const Experiment& experiment) {
  std::vector<ComparedTrial> rows;
  for (const std::string& letter : wanted_settings(experiment, "AFH"))
    rows.push_back({letter, setting_trial(experiment, letter, "dcgan", 1), letter == "A" ? "" : "A", parse_setting(letter)});
  for (const Pair& pair : kPairs) rows.push_back({pair.label, trial_of(experiment, pair.with_linear), pair.letter, pair.with_linear});
  return rows;
}

std::vector<Trial> linear_layer_trials(const Experiment& experiment) { return trials_of(experiment, compared(experiment)); }

std::string verdict(const Experiment& experiment, const TrialTable& table, std::int64_t redundancy) {
  std::string text = concat("The linear layer's redundancy is ", redundancy, ", so the paper's measure predicts ",
                            redundancy > 0 ? "no harm" : "harm", ". Measured: ");
  int counted = 0;
  int harmless = 0;
  for (const Pair& pair : kPairs) {
    if (!table.has(pair.letter)) continue;
    text += concat(counted > 0 ? ", " : "", pair.label, " has ", times_text(table.ratio(pair.label)), " the SWD of ", pair.letter);
    ++counted;
    if (table.ratio(pair.label) <= kAcceptedRatio) ++harmless;
  }
  if (counted == 0) return text + "nothing to compare with (A, F and H were not trained).";
  text += concat(". No harm by the paper's own tolerance (", fixed_text(kAcceptedRatio, 2), " times) in ", harmless, " of ", counted, ". ");
  const auto size = [&](LayerSet layers) { return format_bytes(generator_bytes(experiment, {layers, {}})); };
  return text + concat("The generator of Setting F shrinks from ", size({1, 2, 3}), " to ", size({0, 1, 2, 3}), "; in float it has ",
                       size({}), ".");
}

void make_linear_layer(const Experiment& experiment, const TrialBook& trials, PieceFolder& folder) {
  const TrialTable table(experiment, trials, compared(experiment));
  const std::int64_t redundancy = layer_table(experiment.network())[0].redundancy();
  folder.page().paragraph(
      "The paper binarizes deconvolutions only. The linear layer in front of them can be read as a deconvolution from a single pixel, "
      "whose degree of redundancy is the number of latent components less one; once the deconvolutions are in one bit it is most of what "
      "is left of the file. Here it is binarized alone and together with the layers of Settings F and H, with one scale for each of its "
      "feature maps.");
  folder.page().paragraph(verdict(experiment, table, redundancy), "verdict");
  folder.page().paragraph(table.seed_note(), "note");
  table.show(folder);
}

}  // namespace

const Piece kLinearLayerPiece{
    .command = "linear-layer",
    .title = "Beyond the paper: the linear layer in one bit",
    .summary = "the linear layer in one bit, which the paper never tries.",
    .trials = linear_layer_trials,
    .make = make_linear_layer,
};

}  // namespace pbgen
