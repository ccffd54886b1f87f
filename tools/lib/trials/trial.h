// Training runs as an experiment needs them: many, each a run of train_gan in a folder of its own, several side by side.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tools/lib/images/score.h"
#include "tools/lib/runs/run_directory.h"
#include "tools/lib/train/run_config.h"

namespace pbgen {

struct Trial {
  std::string name;  // of its folder: letters, digits, '-', '_', '.'
  RunConfig config;
  bool operator==(const Trial&) const = default;
};

// Scores of one column of scores.json: one Estimate for each level, finest first, and for their mean.  All NaN where the
// trial diverged or has no such column.
struct TrialScore {
  std::vector<Estimate> levels;
  Estimate mean;
};

struct TrialResult {
  std::string name;
  std::string folder;
  std::string command;           // repeats it, in a folder of its own, wherever its reader stands
  bool diverged = false;         // ended with exit code 5
  std::string failure;           // then: what train_gan said, one line
  std::vector<int> sizes;        // of the levels, finest first; empty where it diverged
  TrialScore generator;          // against the held-out images
  TrialScore noise_floor;
  TrialScore untrained;
  std::int64_t num_images = 0;   // of each set
  int repeats = 0;
  std::int64_t iterations = 0;
  double seconds = 0.0;          // of training all iterations; of a resumed trial estimated from those of its last sitting
  std::vector<LogRow> rows;      // log.csv

  // Sample grids (PNG files) by rising iteration.
  std::vector<std::pair<std::int64_t, std::string>> samples() const;
  // The newest checkpoint's path; Error(input_output) where there is none.
  std::string checkpoint() const;
};

}  // namespace pbgen
