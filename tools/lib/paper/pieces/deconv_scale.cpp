// Beyond the paper: the authors' code divides by kernel * c_out where the mean of |W| over an output channel has kernel * c_in
// terms, so that its scale of a deconvolution is c_in / c_out times the right one (spec: the ports).
#include <cmath>

#include "core/base/check.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/trial_table.h"

namespace pbgen {
namespace {

std::string port_label(const std::string& letter) { return letter + ", the authors' scale"; }

Trial port_trial(const Experiment& experiment, const std::string& letter) {
  return marked_trial(experiment, letter, "port", [](RunConfig& config) { config.network().recipe = BinaryRecipe::port; });
}

std::vector<ComparedTrial> compared(const Experiment& experiment) {
  std::vector<ComparedTrial> rows;
  for (const std::string& letter : wanted_settings(experiment, "AEG"))
    rows.push_back({letter, setting_trial(experiment, letter, "dcgan", 1), letter == "A" ? "" : "A", parse_setting(letter)});
  for (const std::string& letter : wanted_settings(experiment, "EG"))
    rows.push_back({port_label(letter), port_trial(experiment, letter), letter, parse_setting(letter)});
  return rows;
}

std::vector<Trial> deconv_scale_trials(const Experiment& experiment) { return trials_of(experiment, compared(experiment)); }

// Two single runs are no verdict where two seeds of the setting alone lie as far apart.
std::string finding(const TrialTable& table, const std::string& letter, double ratio) {
  if (!(ratio > 0.0)) return "";
  if (ratio <= kAcceptedRatio && ratio >= 1.0 / kAcceptedRatio) return ": no difference by the paper's own tolerance";
  const double reach = table.seed_reach(letter);
  if (std::isnan(reach)) return ratio > 1.0 ? ": worse, in one run each" : ": better, in one run each";
  if (std::fmax(ratio, 1.0 / ratio) <= 1.0 + reach)
    return concat(ratio > 1.0 ? ": worse, but by no more" : ": better, but by no more", " than the ", fixed_text(100.0 * reach, 0),
                  "% that two seeds of ", letter, " can lie apart");
  return ratio > 1.0 ? ": it does harm" : ": it helps";
}

std::string verdict(const TrialTable& table) {
  std::string text;
  for (const std::string letter : {"E", "G"}) {
    const std::string label = port_label(letter);
    if (!table.has(label)) continue;
    const double ratio = table.ratio(label);
    text += concat("Under ", letter, " the authors' scale gives ", times_text(ratio), " the SWD of the right one",
                   finding(table, letter, ratio));
    if (table.has("A"))
      text += concat(" (", times_text(table.swd(label) / table.swd("A")), " A's, the right one ", times_text(table.ratio(letter)), ")");
    text += ". ";
  }
  return text.empty() ? "Neither E nor G was trained." : text;
}

void make_deconv_scale(const Experiment& experiment, const TrialBook& trials, PieceFolder& folder) {
  const TrialTable table(experiment, trials, compared(experiment));
  const auto& widths = experiment.network().g_widths;
  std::string factors;
  for (std::size_t layer = 0; layer < 4; ++layer) {
    const int out = layer < 3 ? widths[layer + 1] : experiment.network().channels;
    factors += concat(layer == 0 ? "" : layer == 3 ? " and " : ", ", fixed_text(static_cast<double>(widths[layer]) / out, 1));
  }
  folder.page().paragraph(concat(
      "One-bit weights are a scale times a sign, and the scale is the mean of the float weights' magnitudes over an output channel. The "
      "authors' "
      "published port divides a deconvolution's sum by the count of its outputs in place of its inputs, which makes the scales ", factors,
      " times too large in layers 1 to 4 here (2.0, 2.0, 2.0 and 21.3 at the paper's widths). Batch normalisation cancels a constant "
      "factor behind layers 1 to 3; behind layer 4 there is none, so that the image itself is scaled in front of its tanh. Only "
      "Settings E and G binarize that layer: did the slip make them look worse than they are?"));
  folder.page().paragraph(verdict(table), "verdict");
  folder.page().paragraph(table.seed_note(), "note");
  table.show(folder);
}

}  // namespace

const Piece kDeconvScalePiece{
    .command = "deconv-scale",
    .title = "Beyond the paper: the authors' scale of a deconvolution",
    .summary = "the scale of the authors' deconvolutions beside the right one, under E and G.",
    .trials = deconv_scale_trials,
    .make = make_deconv_scale,
};

}  // namespace pbgen
