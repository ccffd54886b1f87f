// Beyond the paper: which of the discriminator's layers hold one-bit weights.  The paper binarizes all of them (Setting H), although its
// own measure tells them apart: conv 1, which reads the image, has the least redundancy by far.
#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/check.h"
#include "gan/accounting.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/paper/claim.h"
#include "tools/lib/paper/competition.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/resolution_chart.h"
#include "tools/lib/paper/sample_strip.h"
#include "tools/lib/paper/setting_scores.h"
#include "tools/lib/paper/trial_table.h"

namespace pbgen {
namespace {

constexpr LayerSet kGenerator{1, 2, 3};

struct Choice {
  const char* label;
  LayerSet discriminator;
};
constexpr Choice kNone{"none (F)", {}};
constexpr Choice kSingle[] = {{"conv 1", {1}}, {"conv 2", {2}}, {"conv 3", {3}}, {"conv 4", {4}}};
constexpr Choice kWithoutFirst{"all but conv 1", {2, 3, 4}};
constexpr Choice kAll{"all (H)", {1, 2, 3, 4}};
constexpr Choice kChoices[] = {kNone, kSingle[0], kSingle[1], kSingle[2], kSingle[3], kWithoutFirst, kAll};

Setting setting_of(const Choice& choice) { return {kGenerator, choice.discriminator}; }

// Those of Table II where the experiment trains them.
bool is_wanted(const Experiment& experiment, const Choice& choice) {
  const std::string name = setting_name(setting_of(choice));
  return name.size() > 1 || experiment.has_setting(name);
}

std::vector<std::string> losses_of(const Experiment& experiment) {
  return experiment.lsgan ? std::vector<std::string>{"dcgan", "lsgan"} : std::vector<std::string>{"dcgan"};
}

// Seed by seed: whoever stops it, and asks for fewer seeds, has all choices of those.
std::vector<Trial> discriminator_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  for (const std::string& loss : losses_of(experiment))
    for (int seed = 1; seed <= experiment.seeds; ++seed)
      for (const Choice& choice : kChoices)
        if (is_wanted(experiment, choice)) trials.push_back(trial_of(experiment, setting_of(choice), seed, loss));
  return trials;
}

// What a choice reached under one loss.
struct Scores : SeedScores {
  Choice choice;
  Sample advantage;  // D(real) - D(fake) over the second half of training
};

double advantage_of(const TrialResult& trial) { return trial.diverged ? std::nan("") : measure_competition(trial.rows).late_advantage; }

std::vector<Scores> gather(const Experiment& experiment, const TrialBook& book, std::string_view loss) {
  std::vector<Scores> all;
  for (const Choice& choice : kChoices) {
    if (!is_wanted(experiment, choice)) continue;
    std::vector<const TrialResult*> trials;
    std::vector<double> advantages;
    for (int seed = 1; seed <= experiment.seeds; ++seed) {
      trials.push_back(&book.at(trial_of(experiment, setting_of(choice), seed, loss)));
      advantages.push_back(advantage_of(*trials.back()));
    }
    all.push_back({seed_scores(experiment, std::move(trials)), choice, sample_of(advantages)});
  }
  return all;
}

const Scores* find(const std::vector<Scores>& all, const Choice& choice) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Scores& scores) { return scores.choice.discriminator == choice.discriminator; });
  return found == all.end() ? nullptr : &*found;
}

Table score_table(const Experiment& experiment, const std::vector<Scores>& all) {
  Table table{{"discriminator layers in one bit", "seeds"}, {}};
  for (const int size : level_sizes(experiment)) table.header.push_back(concat("SWD at ", side_text(size)));
  table.header.insert(table.header.end(), {"mean SWD", "D(real) - D(fake)"});
  for (const Scores& scores : all) {
    std::vector<std::string>& cells = table.rows.emplace_back();
    cells = {scores.choice.label, concat(scores.mean.n)};
    for (const Sample& level : scores.levels) cells.push_back(sample_text(level, 4));
    cells.push_back(sample_text(scores.mean, 4));
    cells.push_back(sample_text(scores.advantage, 4));
  }
  return table;
}

// The mean over the levels and the finest one, where H's harm shows.
std::vector<Claim> claims_of(const Experiment& experiment, const std::vector<Scores>& all) {
  std::vector<Claim> claims;
  const auto add = [&](const std::string& claim, const Choice& a, const Choice& b, const auto& judge) {
    const Scores* const first = find(all, a);
    const Scores* const second = find(all, b);
    if (first == nullptr || second == nullptr) return;
    const Comparison mean = compare(first->mean, second->mean);
    claims.push_back({claim, "", mean, judge(mean)});
    const Comparison finest = compare(first->levels.front(), second->levels.front());
    claims.push_back({concat(claim, ", at ", side_text(level_sizes(experiment).front())), "", finest, judge(finest)});
  };
  add("all layers in one bit are above none (H above F)", kAll, kNone, is_higher);
  for (const Choice& choice : kSingle) add(concat(choice.label, " alone is above none"), choice, kNone, is_higher);
  add("all but conv 1 are below all", kWithoutFirst, kAll, is_lower);
  add("all but conv 1 are at most 13.6% above none", kWithoutFirst, kNone,
      [](const Comparison& here) { return is_at_most(here, 1.0 + kSmallestPrintedDifference); });
  return claims;
}

void add_chart(const Experiment& experiment, const std::vector<Scores>& all, const std::string& loss, PieceFolder& folder) {
  std::vector<ResolutionCurve> curves;
  curves.reserve(all.size());
  for (const Scores& scores : all) curves.push_back(curve_of(scores.choice.label, scores, true));
  folder.chart(concat("levels_", loss), resolution_chart(curves, level_sizes(experiment), concat("Under ", loss), false),
               "By the discriminator's layers in one bit; bars: the standard deviation over the seeds.");
}

// On the page, and as samples_LOSS.jpg.
void add_samples(const std::vector<Scores>& all, std::string_view loss, PieceFolder& folder) {
  folder.page().begin_group("strip");
  std::vector<std::string> grids;
  for (const Scores& scores : all) {
    const auto samples = scores.trials.front()->samples();
    if (samples.empty()) continue;
    grids.push_back(samples.back().second);
    folder.picture(grids.back(), scores.choice.label);
  }
  folder.page().end_group();
  if (!grids.empty()) save_sample_strip(folder.path(concat("samples_", loss, ".jpg")), grids);
}

Table trial_rows(const Experiment& experiment, const std::vector<Scores>& all) {
  Table table{{"discriminator", "seed", "mean"}, {}};
  for (const int size : level_sizes(experiment)) table.header.push_back(concat("level", size));
  table.header.emplace_back("advantage");
  for (const Scores& scores : all)
    for (std::size_t i = 0; i < scores.trials.size(); ++i) {
      const TrialResult& trial = *scores.trials[i];
      std::vector<std::string>& cells = table.rows.emplace_back();
      cells = {scores.choice.discriminator.to_string(), concat(i + 1), value_text(trial_swd(trial))};
      for (std::size_t level = 0; level < scores.levels.size(); ++level) cells.push_back(value_text(trial_swd(trial, level)));
      cells.push_back(value_text(advantage_of(trial)));
    }
  return table;
}

// "conv 1 11, conv 2 1472".
std::string redundancies_text(const Experiment& experiment) {
  std::string text;
  int number = 0;
  for (const LayerRow& row : layer_table(experiment.network()))
    if (row.network == "discriminator" && row.kind == LayerKind::conv)
      text += concat(text.empty() ? "" : ", ", "conv ", ++number, " ", row.redundancy());
  return text;
}

void make_discriminator_layers(const Experiment& experiment, const TrialBook& book, PieceFolder& folder) {
  folder.page().paragraph(concat(
      "The paper measures the redundancy of the generator's layers and binarizes the whole discriminator (Setting H). Read the same way "
      "the discriminator's layers have ",
      redundancies_text(experiment),
      ": conv 1 reads an image of few channels and has the least. Here the generator has layers 1 to 3 in one bit throughout, and the "
      "discriminator one layer after the other, all but conv 1, and all."));
  for (const std::string& loss : losses_of(experiment)) {
    const std::vector<Scores> all = gather(experiment, book, loss);
    const std::vector<Claim> claims = claims_of(experiment, all);
    folder.page().heading(concat("Under ", loss), 3);
    folder.page().paragraph(claim_summary(claims), "verdict");
    folder.table(concat("scores_", loss), score_table(experiment, all));
    folder.claims(concat("claims_", loss), claims);
    add_chart(experiment, all, loss, folder);
    add_samples(all, loss, folder);
    folder.csv(concat("trials_", loss), trial_rows(experiment, all));
  }
  folder.page().paragraph(
      "Figures are means over the seeds with their standard errors; two of those decide. D(real) - D(fake) is the mean over the second "
      "half of training, of probabilities under dcgan and of outputs, which lsgan draws to 1 and 0, under lsgan. Samples are of the first "
      "seed.",
      "note");
}

}  // namespace

const Piece kDiscriminatorLayersPiece{
    .command = "discriminator-layers",
    .title = "Beyond the paper: redundancy in the discriminator",
    .summary = "each of the discriminator's layers in one bit, all but the first, and all (H).",
    .in_all_at_laptop = false,
    .trials = discriminator_trials,
    .make = make_discriminator_layers,
};

}  // namespace pbgen
