// Trials beside one another: what the pieces on single questions share.  One seed each, which every page says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/parallel.h"
#include "gan/settings.h"
#include "tools/lib/paper/experiment.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/trials/verdict.h"

namespace pbgen {

// How much larger an SWD may be than its reference's and still pass for the same: the paper calls Settings D and F, both 0.067, no
// significant difference from A's 0.044 (Table III, Section IV.C.3).
inline constexpr double kAcceptedRatio = 67.0 / 44.0;

// A trial of any setting: setting_trial's own where Table II has a letter for it, so that it is trained once;
// else "dcgan-g13-dnone-seed1".
Trial trial_of(const Experiment& experiment, const Setting& setting, int seed = 1, std::string_view loss = "dcgan");

// setting_trial(letter, dcgan, seed 1) with a change, under the name dcgan-<letter>-<mark>-seed1.
Trial marked_trial(const Experiment& experiment, std::string_view letter, std::string_view mark, FunctionRef<void(RunConfig&)> change);

// Those of `letters` that the experiment trains, in their order.
std::vector<std::string> wanted_settings(const Experiment& experiment, std::string_view letters);

// Bytes of the generator's parameters with these layers in one bit.
std::int64_t generator_bytes(const Experiment& experiment, const Setting& setting);

// "0.0123", or "-" where the value is NaN, so that a column of numbers stays one.
std::string figure_text(double value, int decimals);

// "1.03 times", or "no figure" where the ratio is NaN.
std::string times_text(double ratio);

struct ComparedTrial {
  std::string label;      // "E, the authors' scale"; no two alike
  Trial trial;
  std::string reference;  // label of the row that its SWD is divided by; "": none, nor where there is no such row
  Setting setting;
};

// Their trials, and all of the experiment's seeds, under dcgan, of A and of each of Table II's settings among them that it trains: how far
// apart do runs lie that differ in nothing else?
std::vector<Trial> trials_of(const Experiment& experiment, const std::vector<ComparedTrial>& rows);

class TrialTable {
 public:
  // std::logic_error where the book lacks one of the trials.  Everything outlives the table.
  TrialTable(const Experiment& experiment, const TrialBook& trials, std::vector<ComparedTrial> rows);

  bool has(std::string_view label) const;
  // The row's mean SWD, and that divided by its reference's; NaN where one of them diverged, or is not there.
  double swd(std::string_view label) const;
  double ratio(std::string_view label) const;

  // What one seed is worth: the spread of A's seeds, and the widest of these settings', and how far apart two single runs lie by it.
  std::string seed_note() const;
  // By what share of their SWD two single runs of that setting, equal in all but the seed, lie apart in most cases: 0.73.  NaN where
  // fewer than two of its seeds have a figure.
  double seed_reach(std::string_view letter) const;

  // Writes trials.csv: all figures with their spreads, seconds, the command that repeats each.
  void save(PieceFolder& folder) const;
  // The last samples of each, on the page.
  void show_samples(PieceFolder& folder) const;
  // Both, and on the page a table with what its figures stand beside, and a chart of the levels.
  void show(PieceFolder& folder) const;

 private:
  const ComparedTrial* find(std::string_view label) const;
  Sample over_seeds(std::string_view letter) const;
  const TrialResult& result(const ComparedTrial& row) const { return trials_.at(row.trial); }
  // Taken from the first trial that did not diverge: the levels' sizes, the floor, the counts; null where all did.
  const TrialResult* scored() const;
  Table page_table() const;
  std::string chart(std::string_view title) const;
  Table csv_table() const;

  const Experiment& experiment_;
  const TrialBook& trials_;
  std::vector<ComparedTrial> rows_;
};

}  // namespace pbgen
