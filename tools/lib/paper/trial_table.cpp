#include "tools/lib/paper/trial_table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/check.h"
#include "gan/accounting.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/paper/resolution_chart.h"

namespace pbgen {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::string percent(double share) { return concat(fixed_text(100.0 * share, share < 0.1 ? 1 : 0), "%"); }

// How far two single runs that differ in the seed alone lie apart at most in most cases, as a share of the mean.
double reach_of(const Sample& seeds) { return seeds.n < 2 ? kNan : kMargin * std::sqrt(2.0) * seeds.sd / seeds.mean; }

// A, and the rows' letters, as far as the experiment trains them with all seeds; rising.
std::vector<std::string> seeded_letters(const Experiment& experiment, const std::vector<ComparedTrial>& rows) {
  std::vector<std::string> letters;
  for (const std::string& letter : experiment.settings)
    if (letter == "A" || std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return setting_name(row.setting) == letter; }))
      letters.push_back(letter);
  return letters;
}

}  // namespace

Trial trial_of(const Experiment& experiment, const Setting& setting, int seed, std::string_view loss) {
  const std::string name = setting_name(setting);
  if (name.size() == 1) return setting_trial(experiment, name, loss, seed);
  Trial trial = setting_trial(experiment, "A", loss, seed);
  trial.name = concat(loss, "-", name, "-seed", seed);
  trial.config.network().binarized = setting;
  return trial;
}

Trial marked_trial(const Experiment& experiment, std::string_view letter, std::string_view mark, FunctionRef<void(RunConfig&)> change) {
  Trial trial = setting_trial(experiment, letter, "dcgan", 1);
  trial.name = concat("dcgan-", letter, "-", mark, "-seed1");
  change(trial.config);
  return trial;
}

std::vector<std::string> wanted_settings(const Experiment& experiment, std::string_view letters) {
  std::vector<std::string> wanted;
  for (const char letter : letters)
    if (experiment.has_setting({&letter, 1})) wanted.emplace_back(1, letter);
  return wanted;
}

std::int64_t generator_bytes(const Experiment& experiment, const Setting& setting) {
  NetworkConfig network = experiment.network();
  network.binarized = setting;
  std::int64_t bytes = 0;
  for (const LayerRow& row : layer_table(network))
    if (row.network == "generator") bytes += row.bytes();
  return bytes;
}

std::string figure_text(double value, int decimals) { return std::isfinite(value) ? fixed_text(value, decimals) : "-"; }

std::string times_text(double ratio) { return std::isfinite(ratio) ? concat(fixed_text(ratio, 2), " times") : "no figure"; }

std::vector<Trial> trials_of(const Experiment& experiment, const std::vector<ComparedTrial>& rows) {
  std::vector<Trial> trials;
  for (const std::string& letter : seeded_letters(experiment, rows))
    for (int seed = 1; seed <= experiment.seeds; ++seed) trials.push_back(setting_trial(experiment, letter, "dcgan", seed));
  for (const ComparedTrial& row : rows)
    if (std::find(trials.begin(), trials.end(), row.trial) == trials.end()) trials.push_back(row.trial);
  return trials;
}

TrialTable::TrialTable(const Experiment& experiment, const TrialBook& trials, std::vector<ComparedTrial> rows)
    : experiment_(experiment), trials_(trials), rows_(std::move(rows)) {
  for (const ComparedTrial& row : rows_) static_cast<void>(result(row));
}

const ComparedTrial* TrialTable::find(std::string_view label) const {
  const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const ComparedTrial& row) { return row.label == label; });
  return found == rows_.end() ? nullptr : &*found;
}

bool TrialTable::has(std::string_view label) const { return find(label) != nullptr; }

double TrialTable::swd(std::string_view label) const {
  const ComparedTrial* const row = find(label);
  return row == nullptr ? kNan : result(*row).generator.mean.mean;
}

double TrialTable::ratio(std::string_view label) const {
  const ComparedTrial* const row = find(label);
  return row == nullptr ? kNan : swd(label) / swd(row->reference);
}

Sample TrialTable::over_seeds(std::string_view letter) const {
  std::vector<double> values;
  for (int seed = 1; seed <= experiment_.seeds; ++seed)
    values.push_back(trials_.at(setting_trial(experiment_, letter, "dcgan", seed)).generator.mean.mean);
  return sample_of(values);
}

double TrialTable::seed_reach(std::string_view letter) const {
  const std::vector<std::string> letters = seeded_letters(experiment_, rows_);
  return std::find(letters.begin(), letters.end(), letter) == letters.end() ? kNan : reach_of(over_seeds(letter));
}

std::string TrialTable::seed_note() const {
  std::string text = "One seed each: an observation, no verdict.";
  std::string first;  // A, or the first that has a spread
  std::string widest;
  for (const std::string& letter : seeded_letters(experiment_, rows_)) {
    if (std::isnan(seed_reach(letter))) continue;
    if (first.empty()) first = widest = letter;
    if (seed_reach(letter) > seed_reach(widest)) widest = letter;
  }
  if (first.empty()) return text;
  const Sample seeds = over_seeds(first);
  text += concat(" How far chance reaches: ", seeds.n, " runs of Setting ", first,
                 " under dcgan that differ in nothing but the seed have an SWD of ", fixed_text(seeds.mean, 4),
                 " with a standard deviation of ", fixed_text(seeds.sd, 4), " (", percent(seeds.sd / seeds.mean),
                 "), so that two single runs of equal worth lie up to ", percent(seed_reach(first)), " apart in most cases");
  const Sample wide = over_seeds(widest);
  // Two spreads that read the same are none to tell apart.
  if (percent(seed_reach(widest)) != percent(seed_reach(first)))
    text += concat("; the widest spread here is that of Setting ", widest, ", ", percent(wide.sd / wide.mean),
                   ", with which two lie up to ", percent(seed_reach(widest)), " apart");
  return text + ". Ratios nearer to 1 say nothing.";
}

const TrialResult* TrialTable::scored() const {
  for (const ComparedTrial& row : rows_)
    if (!result(row).sizes.empty()) return &result(row);
  return nullptr;
}

Table TrialTable::page_table() const {
  const std::vector<int> sizes = scored() == nullptr ? std::vector<int>{} : scored()->sizes;
  Table table;
  table.header = {"trial"};
  for (const int size : sizes) table.header.push_back(concat("SWD ", size));
  for (const char* title : {"mean", "times", "that of", "generator"}) table.header.emplace_back(title);
  for (const ComparedTrial& row : rows_) {
    const TrialResult& trial = result(row);
    std::vector<std::string>& cells = table.rows.emplace_back();
    cells.push_back(trial.diverged ? row.label + " (diverged)" : row.label);
    for (std::size_t level = 0; level < sizes.size(); ++level)
      cells.push_back(figure_text(level < trial.generator.levels.size() ? trial.generator.levels[level].mean : kNan, 4));
    cells.push_back(figure_text(trial.generator.mean.mean, 4));
    cells.push_back(figure_text(ratio(row.label), 2));
    cells.push_back(has(row.reference) ? row.reference : "");
    cells.push_back(format_bytes(generator_bytes(experiment_, row.setting)));
  }
  return table;
}

Table TrialTable::csv_table() const {
  const std::vector<int> sizes = scored() == nullptr ? std::vector<int>{} : scored()->sizes;
  Table table;
  table.header = {"label", "trial", "binarize_g", "binarize_d"};
  for (const int size : sizes) {
    table.header.push_back(concat("swd_", size));
    table.header.push_back(concat("swd_", size, "_sd"));
  }
  for (const char* title : {"swd", "swd_sd", "ratio", "reference", "noise_floor", "untrained", "images", "repeats", "generator_bytes",
                            "iterations", "training_seconds", "diverged", "command"})
    table.header.emplace_back(title);
  for (const ComparedTrial& row : rows_) {
    const TrialResult& trial = result(row);
    std::vector<std::string>& cells = table.rows.emplace_back();
    cells = {row.label, trial.name, row.setting.generator.to_string(), row.setting.discriminator.to_string()};
    for (std::size_t level = 0; level < sizes.size(); ++level) {
      const Estimate value = level < trial.generator.levels.size() ? trial.generator.levels[level] : Estimate{kNan, kNan};
      cells.push_back(value_text(value.mean));
      cells.push_back(value_text(value.sd));
    }
    for (const double value : {trial.generator.mean.mean, trial.generator.mean.sd, ratio(row.label)}) cells.push_back(value_text(value));
    cells.push_back(has(row.reference) ? row.reference : "");
    for (const double value : {trial.noise_floor.mean.mean, trial.untrained.mean.mean}) cells.push_back(value_text(value));
    const std::int64_t bytes = generator_bytes(experiment_, row.setting);
    for (const std::int64_t value : {trial.num_images, std::int64_t{trial.repeats}, bytes, trial.iterations})
      cells.push_back(value_text(value));
    cells.push_back(value_text(trial.seconds));
    cells.push_back(trial.diverged ? trial.failure : "");
    cells.push_back(trial.command);
  }
  return table;
}

void TrialTable::save(PieceFolder& folder) const { folder.csv("trials", csv_table()); }

void TrialTable::show_samples(PieceFolder& folder) const {
  folder.page().begin_group("grids");
  for (const ComparedTrial& row : rows_) {
    const auto samples = result(row).samples();
    if (samples.empty()) continue;
    folder.picture(samples.back().second, concat(row.label, ", iteration ", samples.back().first));
  }
  folder.page().end_group();
}

std::string TrialTable::chart(std::string_view title) const {
  std::vector<ResolutionCurve> curves;
  for (const ComparedTrial& row : rows_) {
    ResolutionCurve& curve = curves.emplace_back();
    curve.label = row.label;
    for (const Estimate& level : result(row).generator.levels) curve.levels.push_back(level.mean);
  }
  return resolution_chart(curves, scored() == nullptr ? std::vector<int>{} : scored()->sizes, title, true);
}

void TrialTable::show(PieceFolder& folder) const {
  save(folder);
  folder.page().table(page_table());
  folder.chart("by_resolution", chart("SWD by resolution"), "On a logarithmic axis; one seed each.");
  if (const TrialResult* const any = scored(); any != nullptr) {
    const std::string floor = figure_text(any->noise_floor.mean.mean, 4);
    folder.page().paragraph(concat("SWD at ", any->num_images, " images a set, lower is better; real against real (the noise floor): ",
                                   floor, "; untrained: ", figure_text(any->untrained.mean.mean, 4), "."),
                            "note");
  }
  show_samples(folder);
}

}  // namespace pbgen
