#include "core/base/check.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/pieces/settings_parts.h"
#include "tools/lib/paper/sample_strip.h"
#include "tools/lib/paper/setting_scores.h"

namespace pbgen {
namespace {

std::vector<Trial> settings_trials(const Experiment& experiment) {
  std::vector<Trial> trials;
  for (const std::string& letter : experiment.settings) {
    for (int seed = 1; seed <= experiment.seeds; ++seed) trials.push_back(setting_trial(experiment, letter, "dcgan", seed));
    if (experiment.lsgan) trials.push_back(setting_trial(experiment, letter, "lsgan", 1));
  }
  return trials;
}

// Every figure of every trial.
Table trials_table(const std::vector<SettingScores>& dcgan, const std::vector<SettingScores>& lsgan, const std::vector<int>& sizes) {
  Table table{{"loss", "setting", "seed"}, {}};
  for (const int size : sizes) table.header.push_back(concat("swd_", size));
  for (const char* name : {"swd_mean", "noise_floor", "untrained", "images", "repeats", "iterations", "seconds", "diverged"})
    table.header.push_back(name);
  for (const auto& [loss, all] : {std::pair{"dcgan", &dcgan}, std::pair{"lsgan", &lsgan}})
    for (const SettingScores& scores : *all)
      for (std::size_t i = 0; i < scores.trials.size(); ++i) {
        const TrialResult& trial = *scores.trials[i];
        std::vector<std::string> row{loss, scores.letter, concat(i + 1)};
        for (std::size_t level = 0; level < sizes.size(); ++level) row.push_back(fixed_text(trial_swd(trial, level), 6));
        for (const double figure : {trial_swd(trial), trial_floor(trial), trial_untrained(trial)}) row.push_back(fixed_text(figure, 6));
        row.insert(row.end(), {concat(trial.num_images), concat(trial.repeats), concat(trial.iterations), fixed_text(trial.seconds, 1),
                               trial.diverged ? "yes" : "no"});
        table.rows.push_back(std::move(row));
      }
  return table;
}

// On the page, and as samples_LOSS.jpg.
void add_samples(const std::vector<SettingScores>& all, std::string_view loss, std::string_view figure, PieceFolder& folder) {
  folder.page().heading(concat("Samples, ", loss, ", seed 1 (", figure, ")"), 3);
  folder.page().begin_group("grids");
  std::vector<std::string> grids;
  for (const SettingScores& scores : all) {
    const TrialResult& trial = *scores.trials.front();
    const auto samples = trial.samples();
    if (samples.empty()) continue;
    grids.push_back(samples.back().second);
    folder.picture(grids.back(), concat(scores.letter, ": ", binarized_text(parse_setting(scores.letter)), " in one bit, ",
                                        trial.diverged ? concat("diverged; iteration ", samples.back().first)
                                                       : concat("SWD ", fixed_text(trial_swd(trial), 4))));
  }
  folder.page().end_group();
  if (!grids.empty()) save_sample_strip(folder.path(concat("samples_", loss, ".jpg")), grids);
}

void add_warnings(const std::vector<SettingScores>& all, Html& page) {
  for (const SettingScores& scores : all)
    for (const TrialResult* const trial : scores.trials)
      if (trial->diverged) page.paragraph(concat(trial->name, " diverged and counts in no mean: ", trial->failure), "warning");
}

void make_settings(const Experiment& experiment, const TrialBook& trials, PieceFolder& folder) {
  const std::vector<SettingScores> dcgan = gather_scores(experiment, trials, "dcgan", experiment.seeds);
  const std::vector<SettingScores> lsgan = experiment.lsgan ? gather_scores(experiment, trials, "lsgan", 1) : std::vector<SettingScores>{};
  if (dcgan.empty()) return folder.page().paragraph("Left out: no setting was asked for.", "note");
  folder.csv("settings", trials_table(dcgan, lsgan, level_sizes(experiment)));
  add_warnings(dcgan, folder.page());
  add_warnings(lsgan, folder.page());
  add_averages(dcgan, lsgan, folder);
  add_samples(dcgan, "dcgan", "Fig. 5", folder);
  if (experiment.lsgan) add_samples(lsgan, "lsgan", "Fig. 10", folder);
  add_redundancy(experiment, dcgan, folder);
  add_resolutions(experiment, dcgan, folder);
}

}  // namespace

const Piece kSettingsPiece{
    .command = "settings",
    .title = "Settings A to H: Table III, Fig. 5, 6, 9, 10, 11 and 16",
    .summary = "A to H under both losses: samples, average SWD, SWD by resolution and against redundancy.",
    .in_all_at_laptop = true,
    .trials = settings_trials,
    .make = make_settings,
};

}  // namespace pbgen
