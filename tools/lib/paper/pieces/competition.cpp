// Fig. 13 to 15: the losses along training under F, H and A, with samples beside them, and whether the competition vanishes
// (competition.h).
#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/check.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/html/line_chart.h"
#include "tools/lib/paper/claim.h"
#include "tools/lib/paper/competition.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/trial_table.h"
#include "tools/lib/train/run_page.h"

namespace pbgen {
namespace {

constexpr std::string_view kLetters = "FHA";  // in the order of the figures
constexpr std::size_t kSamples = 5;
constexpr double kUndecidedD = 1.3862943611198906;  // 2 ln 2
constexpr double kUndecidedG = 0.6931471805599453;  // ln 2

std::vector<Trial> competition_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  for (const std::string& letter : wanted_settings(experiment, kLetters))
    for (int seed = 1; seed <= experiment.seeds; ++seed) trials.push_back(setting_trial(experiment, letter, "dcgan", seed));
  return trials;
}

// One setting's runs, measured.
struct Runs {
  std::string letter;
  std::vector<const TrialResult*> results;  // by seed
  std::vector<Competition> measured;

  // Over the seeds; a run without the value counts as one without a figure.
  template <class Member>
  Sample sample(Member member) const {
    std::vector<double> values;
    for (const Competition& competition : measured) values.push_back(member(competition));
    return sample_of(values);
  }
  int count_vanished() const {
    return static_cast<int>(std::count_if(measured.begin(), measured.end(), [](const Competition& c) { return c.vanished.has_value(); }));
  }
};

double late_advantage(const Competition& c) { return c.late_advantage; }
double late_loss_d(const Competition& c) { return c.late_loss_d; }
double swd_factor(const Competition& c) { return c.swd_factor; }
double initiated(const Competition& c) { return c.initiated.value_or(std::nan("")); }

std::vector<Runs> all_runs(const Experiment& experiment, const TrialBook& trials) {
  std::vector<Runs> all;
  for (const std::string& letter : wanted_settings(experiment, kLetters)) {
    Runs& runs = all.emplace_back(Runs{letter, {}, {}});
    for (int seed = 1; seed <= experiment.seeds; ++seed) {
      runs.results.push_back(&trials.at(setting_trial(experiment, letter, "dcgan", seed)));
      const TrialResult& result = *runs.results.back();
      runs.measured.push_back(result.diverged ? Competition{} : measure_competition(result.rows));
    }
  }
  return all;
}

const Runs* find(const std::vector<Runs>& all, std::string_view letter) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Runs& runs) { return runs.letter == letter; });
  return found == all.end() ? nullptr : &*found;
}

Series curve_of(std::string label, const std::vector<LogRow>& rows, double LogRow::*value) {
  Series series{std::move(label), {}, {}};
  for (const LogRow& row : rows) {
    series.x.push_back(row.epoch);
    series.y.push_back(row.*value);
  }
  return series;
}

// The highest smoothed loss of the first seeds: all three charts end there, so that they can be compared.
double highest_loss(const std::vector<Runs>& all) {
  double highest = kUndecidedD;
  for (const Runs& runs : all) {
    const std::vector<LogRow>& rows = runs.results[0]->rows;
    for (const auto member : {&LogRow::loss_d, &LogRow::loss_g})
      for (const double loss : moving_average(curve_of("", rows, member).y, smoothed_rows(rows.size()))) highest = std::fmax(highest, loss);
  }
  return highest;
}

void add_samples(const Runs& runs, PieceFolder& folder) {
  const auto samples = runs.results[0]->samples();
  folder.page().begin_group("strip");
  for (const std::size_t i : evenly_spread(samples.size(), kSamples))
    folder.picture(samples[i].second, concat("iteration ", samples[i].first));
  folder.page().end_group();
}

void add_losses(const std::vector<Runs>& all, PieceFolder& folder) {
  const double highest = highest_loss(all);
  for (const Runs& runs : all) {
    const std::vector<LogRow>& rows = runs.results[0]->rows;
    const std::string figure = runs.letter == "F" ? "Fig. 13" : runs.letter == "H" ? "Fig. 14" : "Fig. 15";
    folder.page().heading(concat("Setting ", runs.letter, " (", figure, ")"), 3);
    if (runs.results[0]->diverged) folder.page().paragraph(concat("Diverged: ", runs.results[0]->failure), "warning");
    ChartOptions options;
    options.title = concat("Losses under ", runs.letter);
    options.x_label = "epoch";
    options.y_label = "loss";
    options.width = 660.0;
    options.y_min = 0.0;
    options.y_max = highest;
    options.smooth_points = smoothed_rows(rows.size());
    options.references = {{"D undecided", kUndecidedD}, {"G undecided", kUndecidedG}, {"D 95% right", kVanishedLoss}};
    const std::vector<Series> curves{curve_of("D", rows, &LogRow::loss_d), curve_of("G", rows, &LogRow::loss_g)};
    folder.chart(concat("losses_", runs.letter), line_chart(curves, options), "");
    add_samples(runs, folder);
  }
}

void add_advantages(const std::vector<Runs>& all, PieceFolder& folder) {
  std::vector<Series> advantages;
  std::vector<Series> distances;
  for (const Runs& runs : all) {
    const std::vector<LogRow>& rows = runs.results[0]->rows;
    advantages.push_back(curve_of(runs.letter, rows, &LogRow::d_real));
    advantages.back().y = smoothed_advantage(rows);
    Series& distance = distances.emplace_back(Series{runs.letter, {}, {}});
    for (const LogRow& row : rows) {
      if (!row.swd) continue;
      distance.x.push_back(row.epoch);
      distance.y.push_back(*row.swd);
    }
  }
  ChartOptions options;
  options.x_label = "epoch";
  folder.page().begin_group("charts");
  options.title = "The discriminator's advantage";
  options.y_label = "D(real) - D(fake), smoothed";
  options.y_max = 1.0;
  options.references = {{"vanished", kVanishedAdvantage}};
  folder.chart("advantage", line_chart(advantages, options),
               "0: undecided, corrected in full by its loss; 1: it has won, and its loss no longer moves it.");
  options.title = "Do the images still improve?";
  options.y_label = "SWD, mean over levels";
  options.y_max.reset();
  options.log_y = true;
  options.references.clear();
  const double floor = all[0].results[0]->noise_floor.mean.mean;
  if (floor > 0.0) options.references.push_back({"noise floor", floor});
  folder.chart("swd", line_chart(distances, options), "Lower is better; the axis is logarithmic, so that equal improvements look equal.");
  folder.page().end_group();
}

void add_numbers(const std::vector<Runs>& all, PieceFolder& folder) {
  Table table{{"setting", "seed", "initiated", "vanished for good", "share vanished", "advantage", "D's loss", "SWD times"}, {}};
  for (const Runs& runs : all) {
    for (std::size_t i = 0; i < runs.measured.size(); ++i) {
      const Competition& c = runs.measured[i];
      const auto iteration = [](const std::optional<double>& at) { return at ? fixed_text(*at, 0) : std::string("-"); };
      table.rows.push_back({runs.letter, concat(i + 1), iteration(c.initiated), iteration(c.vanished), figure_text(c.vanished_share, 3),
                            figure_text(c.late_advantage, 3), figure_text(c.late_loss_d, 3), figure_text(c.swd_factor, 3)});
    }
  }
  folder.table("competition", table);
}

void save_curves(const std::vector<Runs>& all, PieceFolder& folder) {
  Table table{{"setting", "iteration", "epoch", "loss_d", "loss_g", "d_real", "d_fake", "advantage_smoothed", "swd"}, {}};
  for (const Runs& runs : all) {
    const std::vector<LogRow>& rows = runs.results[0]->rows;
    const std::vector<double> advantage = smoothed_advantage(rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::vector<std::string>& cells = table.rows.emplace_back();
      cells = {runs.letter, concat(rows[i].iteration)};
      const LogRow& row = rows[i];
      for (const double value : {row.epoch, row.loss_d, row.loss_g, row.d_real, row.d_fake, advantage[i]})
        cells.push_back(value_text(value));
      cells.push_back(row.swd ? value_text(*row.swd) : "");
    }
  }
  folder.csv("curves", table);
}

// A sample against a value that is known.
Comparison against(const Sample& sample, double value) {
  return {sample.mean - value, sample.standard_error(), sample.mean / value, sample.standard_error() / std::fabs(value), value};
}

// |a - h| less |a - f|: below 0 where A is nearer to H than to F.
Comparison nearness(const Sample& a, const Sample& f, const Sample& h) {
  const double of_h = a.mean < h.mean ? -1.0 : 1.0;
  const double of_f = a.mean < f.mean ? -1.0 : 1.0;
  return contrast(std::array{of_h - of_f, -of_h, of_f}, std::array{a, h, f});
}

bool is_undecided(const Runs& runs) { return runs.sample(late_advantage).mean < kUndecidedAdvantage; }

// Neither vanished nor undecided: a discriminator that learned nothing plays no game, either.
Verdict goes_on(const Sample& advantage) {
  return both(is_higher(against(advantage, kUndecidedAdvantage)), is_lower(against(advantage, kVanishedAdvantage)));
}

struct Statements {
  Table table{{"the paper says", "verdict", "here"}, {}};
  std::vector<Verdict> verdicts;

  void add(std::string claim, std::string measured, Verdict verdict) {
    table.rows.push_back({std::move(claim), std::string(verdict_text(verdict)), std::move(measured)});
    verdicts.push_back(verdict);
  }
};

// What Section IV.C.6 says, each sentence as far as its settings were trained.
Statements statements(const std::vector<Runs>& all) {
  Statements said;
  const Runs* const f = find(all, "F");
  const Runs* const h = find(all, "H");
  const Runs* const a = find(all, "A");
  const auto advantages = [](const Runs& runs) { return concat(runs.letter, " ", sample_text(runs.sample(late_advantage), 2)); };
  const auto factors = [](const Runs& runs) { return concat(runs.letter, " ", sample_text(runs.sample(swd_factor), 2)); };
  const auto vanished = [](const Runs& runs) {
    return concat("vanished for good in ", runs.count_vanished(), " of ", runs.measured.size(), " runs");
  };
  constexpr const char* kMultiplied = "SWD is multiplied by ";
  if (f != nullptr) {
    said.add("F: the competition vanishes", concat(vanished(*f), "; advantage ", advantages(*f)),
             is_higher(against(f->sample(late_advantage), kVanishedAdvantage)));
    said.add("F: the images stop improving", concat(kMultiplied, factors(*f)),
             is_higher(against(f->sample(swd_factor), kImprovingFactor)));
  }
  if (h != nullptr) {
    said.add("H: the competition goes on",
             concat(vanished(*h), "; ", is_undecided(*h) ? "undecided, " : "", "advantage ", advantages(*h)),
             goes_on(h->sample(late_advantage)));
    said.add("H: the images go on to improve", concat(kMultiplied, factors(*h)),
             is_lower(against(h->sample(swd_factor), kImprovingFactor)));
  }
  if (f != nullptr && h != nullptr) {
    said.add("F vanishes more than H", concat("advantage: ", advantages(*f), ", ", advantages(*h)),
             is_higher(compare(f->sample(late_advantage), h->sample(late_advantage))));
    said.add("F's images improve less than H's", concat(kMultiplied, factors(*f), ", ", factors(*h)),
             is_higher(compare(f->sample(swd_factor), h->sample(swd_factor))));
  }
  if (f != nullptr && h != nullptr && a != nullptr) {
    said.add("A is very similar to H: more so than to F",
             concat("advantage: ", advantages(*a), ", ", advantages(*h), ", ", advantages(*f)),
             is_lower(nearness(a->sample(late_advantage), f->sample(late_advantage), h->sample(late_advantage))));
  }
  if (h != nullptr && a != nullptr) {
    said.add("A: the competition is initiated earlier than under H",
             concat("at iteration ", sample_text(a->sample(initiated), 0), " against ", sample_text(h->sample(initiated), 0)),
             is_lower(compare(a->sample(initiated), h->sample(initiated))));
  }
  return said;
}

std::string verdict(const Statements& said) {
  return concat("Of ", said.verdicts.size(), " statements of Section IV.C.6 ", verdict_counts(said.verdicts),
                " here, where two standard errors over the seeds decide.");
}

// A game that is not won can be one that hardly takes place.
std::string undecided_note(const std::vector<Runs>& all) {
  std::string text;
  for (const Runs& runs : all) {
    if (!is_undecided(runs)) continue;
    text += concat(text.empty() ? "" : "; ", "under ", runs.letter, " D's loss is ", sample_text(runs.sample(late_loss_d), 3));
  }
  if (text.empty()) return text;
  return concat("The other end: with an advantage below ", fixed_text(kUndecidedAdvantage, 1), " the discriminator is undecided (", text,
                "; one that answers one half to everything has 1.386). By the size of its gradient no game is livelier, but a "
                "discriminator too weak to object looks the same: whether it still teaches the generator is told by the SWD alone.");
}

void make_competition(const Experiment& experiment, const TrialBook& trials, PieceFolder& folder) {
  const std::vector<Runs> all = all_runs(experiment, trials);
  if (all.empty()) {
    folder.page().paragraph("None of A, F and H was trained.", "warning");
    return;
  }
  const Statements said = statements(all);
  folder.page().paragraph(
      "The paper finds that a partly binarized generator against a float discriminator (F) soon has no opponent: \"very quickly, the "
      "competition vanishes, and the generated images stop improving\", while a discriminator in one bit (H) keeps it going, as the "
      "original does (A).");
  folder.page().paragraph(verdict(said), "verdict");
  folder.table("claims", said.table);
  for (std::size_t i = 0; i < said.verdicts.size(); ++i)
    folder.verdict(std::string(said.table.cell(i, 0)), std::string(said.table.cell(i, 2)), said.verdicts[i]);
  folder.page().paragraph(
      "Advantages, losses and factors are those of the second half of training, with the standard error over the seeds. Images count as "
      "improving where their SWD falls by more than a tenth over that half.",
      "note");
  folder.page().paragraph(undecided_note(all));
  folder.page().heading("What vanishes, as a number", 3);
  folder.page().paragraph(
      "The discriminator's advantage is a = D(real) - D(fake), of mean probabilities. The gradient of its loss at its outputs has the "
      "size 1 - a: undecided (a = 0) it is corrected in full, and once it has won (a = 1) nothing moves it any more. The competition "
      "counts as vanished where a is 0.9 or more, that is, nine tenths of that gradient are gone: a discriminator that is right with 95% "
      "on either kind, whose loss is -2 ln 0.95 = 0.103 where an undecided one has 2 ln 2 = 1.386. The generator's own gradient does not "
      "fade then, for its loss is the one that does not saturate; but it is as large for every image alike, from an opponent that no "
      "longer answers. So this number says whether the discriminator still plays; whether the images improve is told by their SWD.");
  folder.page().paragraph(
      "Initiated: the first iteration at which the generator has won back a tenth of the highest advantage so far. Vanished for good: "
      "from there to the end. Share vanished: of the log's rows since it was initiated. SWD times: what the SWD is multiplied by over the "
      "second half of training, from a line through its logarithms. All after averaging over a thirtieth of the run, as in the curves. It "
      "cannot tell a discriminator that learned nothing from one that meets a perfect generator: both are undecided; the SWD can.",
      "note");
  add_numbers(all, folder);
  add_advantages(all, folder);
  add_losses(all, folder);
  save_curves(all, folder);
  folder.page().paragraph(
      "Curves and samples are of the first seed. Faint: each logged batch; strong: the average over a thirtieth of the run. The three "
      "charts of losses have the same axis; what is above is drawn at its edge.",
      "note");
}

}  // namespace

const Piece kCompetitionPiece{
    .command = "competition",
    .title = "Competition: Fig. 13 to 15",
    .summary = "losses along training under F, H and A, and a number for a competition that vanishes.",
    .trials = competition_trials,
    .make = make_competition,
};

}  // namespace pbgen
