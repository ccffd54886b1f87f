// What Settings A to H reached: their sliced Wasserstein distances, gathered over the seeds, and what the paper prints for them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gan/settings.h"
#include "tools/lib/paper/experiment.h"
#include "tools/lib/paper/resolution_chart.h"
#include "tools/lib/trials/verdict.h"

namespace pbgen {

// A figure of a trial; NaN where the trial diverged.
double trial_swd(const TrialResult& trial);                          // mean over the levels
double trial_swd(const TrialResult& trial, std::size_t level);       // 0 is the finest
double trial_floor(const TrialResult& trial);
double trial_untrained(const TrialResult& trial);

// Trials that differ in nothing but the seed; each Sample is over them.
struct SeedScores {
  std::vector<const TrialResult*> trials;  // seed 1, 2, ...
  std::vector<Sample> levels;              // finest first
  std::vector<Sample> level_floors;        // of the noise floor
  Sample mean;                             // over the levels
  Sample floor;
  Sample untrained;
};

// One setting under one loss.
struct SettingScores : SeedScores {
  std::string letter;
};

// Sides of the levels at which the experiment's images are compared, finest first: 64, 32, 16.
std::vector<int> level_sizes(const Experiment& experiment);

// The trials outlive the result.
SeedScores seed_scores(const Experiment& experiment, std::vector<const TrialResult*> trials);
// Its levels, where `bars` with their standard deviation over the seeds.
ResolutionCurve curve_of(std::string label, const SeedScores& scores, bool bars);

// Every setting of the experiment, in its order, under seeds 1 .. `seeds`.  `trials` outlives the result.
std::vector<SettingScores> gather_scores(const Experiment& experiment, const TrialBook& trials, std::string_view loss, int seeds);
// Null where it was not trained.
const SettingScores* find_setting(const std::vector<SettingScores>& all, std::string_view letter);

// "-" where there is no figure.
std::string known_text(double value, int decimals);

// "nothing", "deconv 1, 2, 3 and the discriminator".
std::string binarized_text(const Setting& setting);

// The paper's average SWD: Table III and Section IV; for G, which has none, 2.83 times A's (abstract).  Nothing for another letter.
std::optional<double> printed_swd(std::string_view letter);
// "1.52 times": one setting's over another's.
std::string printed_ratio(std::string_view letter, std::string_view other);

// The smallest difference that the paper discusses as one: B against A, 38 against 44.  What it calls the same is held to it.
inline constexpr double kSmallestPrintedDifference = 6.0 / 44.0;

}  // namespace pbgen
