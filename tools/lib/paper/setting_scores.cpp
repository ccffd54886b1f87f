#include "tools/lib/paper/setting_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/check.h"
#include "metrics/laplacian_pyramid.h"
#include "tools/lib/cli/format.h"

namespace pbgen {
namespace {

double mean_of(const TrialResult& trial, const TrialScore& score) {
  return trial.diverged ? std::numeric_limits<double>::quiet_NaN() : score.mean.mean;
}

double level_of(const TrialResult& trial, const TrialScore& score, std::size_t level) {
  return trial.diverged || level >= score.levels.size() ? std::numeric_limits<double>::quiet_NaN() : score.levels[level].mean;
}

// figure(trial) of each seed.
template <class Figure>
Sample over_seeds(const std::vector<const TrialResult*>& trials, Figure figure) {
  std::vector<double> values;
  for (const TrialResult* trial : trials) values.push_back(figure(*trial));
  return sample_of(values);
}

}  // namespace

double trial_swd(const TrialResult& trial) { return mean_of(trial, trial.generator); }
double trial_swd(const TrialResult& trial, std::size_t level) { return level_of(trial, trial.generator, level); }
double trial_floor(const TrialResult& trial) { return mean_of(trial, trial.noise_floor); }
double trial_untrained(const TrialResult& trial) { return mean_of(trial, trial.untrained); }

std::vector<int> level_sizes(const Experiment& experiment) {
  std::vector<int> sizes;
  for (int size = experiment.network().size; size >= kSmallestLevel; size /= 2) sizes.push_back(size);
  return sizes;
}

SeedScores seed_scores(const Experiment& experiment, std::vector<const TrialResult*> trials) {
  SeedScores scores;
  for (std::size_t level = 0; level < level_sizes(experiment).size(); ++level) {
    scores.levels.push_back(over_seeds(trials, [&](const TrialResult& trial) { return trial_swd(trial, level); }));
    scores.level_floors.push_back(
        over_seeds(trials, [&](const TrialResult& trial) { return level_of(trial, trial.noise_floor, level); }));
  }
  scores.mean = over_seeds(trials, [](const TrialResult& trial) { return trial_swd(trial); });
  scores.floor = over_seeds(trials, trial_floor);
  scores.untrained = over_seeds(trials, trial_untrained);
  scores.trials = std::move(trials);
  return scores;
}

ResolutionCurve curve_of(std::string label, const SeedScores& scores, bool bars) {
  ResolutionCurve curve{std::move(label), {}};
  for (const Sample& level : scores.levels) {
    curve.levels.push_back(level.mean);
    if (bars) curve.spread.push_back(level.sd);
  }
  return curve;
}

std::vector<SettingScores> gather_scores(const Experiment& experiment, const TrialBook& trials, std::string_view loss, int seeds) {
  std::vector<SettingScores> all;
  for (const std::string& letter : experiment.settings) {
    std::vector<const TrialResult*> results;
    for (int seed = 1; seed <= seeds; ++seed) results.push_back(&trials.at(setting_trial(experiment, letter, loss, seed)));
    all.push_back({seed_scores(experiment, std::move(results)), letter});
  }
  return all;
}

const SettingScores* find_setting(const std::vector<SettingScores>& all, std::string_view letter) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const SettingScores& scores) { return scores.letter == letter; });
  return found == all.end() ? nullptr : &*found;
}

std::string known_text(double value, int decimals) { return std::isfinite(value) ? fixed_text(value, decimals) : "-"; }

std::string binarized_text(const Setting& setting) {
  if (setting == Setting{}) return "nothing";
  std::string text;
  if (!setting.generator.empty()) {
    text = "deconv ";
    for (const char c : setting.generator.to_string()) c == ',' ? text.append(", ") : text.append(1, c);
  }
  if (!setting.discriminator.empty()) text += text.empty() ? "the discriminator" : " and the discriminator";
  return text;
}

std::optional<double> printed_swd(std::string_view letter) {
  if (letter == "A") return 0.044;
  if (letter == "B") return 0.038;
  if (letter == "C") return 0.045;
  if (letter == "D" || letter == "F") return 0.067;
  if (letter == "E") return 0.449;
  if (letter == "G") return 2.83 * 0.044;
  if (letter == "H") return 0.034;
  return std::nullopt;
}

std::string printed_ratio(std::string_view letter, std::string_view other) {
  const double ratio = printed_swd(letter).value() / printed_swd(other).value();
  return concat(fixed_text(ratio, ratio < 9.995 ? 2 : 1), " times");
}

}  // namespace pbgen
