// Beyond the paper: the third loss.  "We believe this method can work for other deconvolution based generators beyond DCGAN" (Section V).
#include <algorithm>
#include <cmath>

#include "core/base/check.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/html/line_chart.h"
#include "tools/lib/paper/competition.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/trial_table.h"

namespace pbgen {
namespace {

constexpr std::string_view kLetters = "AEFGH";

// The steps and the clipping are Arjovsky's, which --loss wgan brings along; at paper scale, unless --lr is given, his rate, 5e-5,
// too.  A smaller scale names a rate of its own, which stays: in a few thousand iterations at 5e-5 a generator hardly begins to learn.
Trial wgan_trial(const Experiment& experiment, const std::string& letter) { return setting_trial(experiment, letter, "wgan", 1); }

std::string dcgan_label(const std::string& letter) { return letter + ", dcgan"; }

std::vector<ComparedTrial> compared(const Experiment& experiment) {
  std::vector<ComparedTrial> rows;
  for (const std::string& letter : wanted_settings(experiment, kLetters))
    rows.push_back({letter, wgan_trial(experiment, letter), letter == "A" ? "" : "A", parse_setting(letter)});
  for (const std::string& letter : wanted_settings(experiment, kLetters)) {
    const std::string reference = letter == "A" ? "" : dcgan_label("A");
    rows.push_back({dcgan_label(letter), setting_trial(experiment, letter, "dcgan", 1), reference, parse_setting(letter)});
  }
  return rows;
}

std::vector<Trial> wgan_trials(const Experiment& experiment) { return trials_of(experiment, compared(experiment)); }

// Letters by rising SWD, those without a figure last.
std::string order_text(const TrialTable& table, std::vector<std::string> letters, bool dcgan) {
  const auto swd = [&](const std::string& letter) {
    const double value = table.swd(dcgan ? dcgan_label(letter) : letter);
    return std::isnan(value) ? HUGE_VAL : value;
  };
  std::stable_sort(letters.begin(), letters.end(), [&](const std::string& a, const std::string& b) { return swd(a) < swd(b); });
  std::string text;
  for (const std::string& letter : letters) text += concat(text.empty() ? "" : ", ", letter);
  return text;
}

std::string verdict(const TrialTable& table, const std::vector<std::string>& letters) {
  if (letters.size() < 2) return "Fewer than two of its settings were trained: there is no order.";
  int pairs = 0;
  int alike = 0;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    for (std::size_t k = i + 1; k < letters.size(); ++k) {
      const double wgan = table.swd(letters[i]) - table.swd(letters[k]);
      const double dcgan = table.swd(dcgan_label(letters[i])) - table.swd(dcgan_label(letters[k]));
      if (std::isnan(wgan) || std::isnan(dcgan)) continue;
      ++pairs;
      if ((wgan < 0.0) == (dcgan < 0.0)) ++alike;
    }
  }
  std::string text = concat("From low to high SWD the settings come as ", order_text(table, letters, false), " under wgan and as ",
                            order_text(table, letters, true), " under dcgan: ", alike, " of ", pairs, " pairs are in the same order.");
  double best_with = HUGE_VAL;
  double worst_without = 0.0;
  for (const std::string& letter : letters) {
    const double swd = table.swd(letter);
    if (parse_setting(letter).generator.contains(4)) best_with = std::fmin(best_with, swd);
    else worst_without = std::fmax(worst_without, swd);
  }
  if (std::isfinite(best_with) && worst_without > 0.0) {
    text += concat(" What the paper's measure says of layer 4 ", best_with > worst_without ? "carries over" : "does not carry over",
                   ": with it in one bit the lowest SWD is ", times_text(best_with / worst_without), " the highest without.");
  }
  return text;
}

void add_estimates(const Experiment& experiment, const TrialBook& trials, PieceFolder& folder) {
  std::vector<Series> curves;
  std::size_t rows = 0;
  for (const std::string& letter : wanted_settings(experiment, kLetters)) {
    Series& curve = curves.emplace_back(Series{letter, {}, {}});
    for (const LogRow& row : trials.at(wgan_trial(experiment, letter)).rows) {
      curve.x.push_back(static_cast<double>(row.iteration));
      curve.y.push_back(row.d_real - row.d_fake);
    }
    rows = std::max(rows, curve.x.size());
  }
  ChartOptions options;
  options.title = "What the critic sees";
  options.x_label = "iteration";
  options.y_label = "D(real) - D(fake)";
  options.smooth_points = smoothed_rows(rows);
  folder.chart("estimates", line_chart(curves, options),
               "The critic's estimate of the distance between real and generated images, up to a factor that depends on its weights' "
               "bound and differs where it is in one bit (H): the shape of a curve can be compared, not its height.");
}

// Iterations of the longest trial: one that diverged has fewer.
std::int64_t iterations_of(const Experiment& experiment, const TrialBook& trials, std::string_view loss) {
  std::int64_t iterations = 0;
  for (const std::string& letter : wanted_settings(experiment, kLetters))
    iterations = std::max(iterations, trials.at(setting_trial(experiment, letter, loss, 1)).iterations);
  return iterations;
}

// In what else the two losses' trials differ.
std::string differences(const Experiment& experiment, const TrialBook& trials) {
  const auto told = [&](std::string_view loss) {
    const TrainerOptions options = setting_trial(experiment, "A", loss, 1).config.trainer;
    return concat(iterations_of(experiment, trials, loss), " iterations of ", options.d_steps, " and ", options.g_steps,
                  " updates (discriminator, generator) at a learning rate of ", value_text(options.learning_rate), " under ", loss);
  };
  return concat(told("wgan"), ", ", told("dcgan"));
}

void make_wgan(const Experiment& experiment, const TrialBook& trials, PieceFolder& folder) {
  const TrialTable table(experiment, trials, compared(experiment));
  folder.page().paragraph(
      "The paper tests two losses and believes that its method carries to deconvolution GANs at large. A Wasserstein GAN plays another "
      "game: the discriminator becomes a critic without a sigmoid, is updated five times for each update of the generator, and its "
      "weights are clipped to [-0.01, 0.01] so that its slope is bounded (Adam with beta1 = 0 stands in for RMSProp). Of a critic in one "
      "bit the floats behind the bits are clipped; its weights are plus or minus their mean magnitude, so that the bound holds for them "
      "too, and signs turn as before.");
  folder.page().paragraph(verdict(table, wanted_settings(experiment, kLetters)), "verdict");
  folder.page().paragraph(
      concat(table.seed_note(), " ", differences(experiment, trials),
             ": only ratios to the same loss's own A can be compared, not the distances themselves."),
      "note");
  table.show(folder);
  add_estimates(experiment, trials, folder);
}

}  // namespace

const Piece kWganPiece{
    .command = "wgan",
    .title = "Beyond the paper: a Wasserstein GAN",
    .summary = "--loss wgan under A, E, F, G and H: does the order of the settings carry over?",
    .trials = wgan_trials,
    .make = make_wgan,
};

}  // namespace pbgen
