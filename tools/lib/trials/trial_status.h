// Which trials are done, running, stopped, failed or missing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/lib/cli/text_table.h"
#include "tools/lib/trials/trial.h"
#include "tools/lib/trials/trial_worker.h"

namespace pbgen {

// diverged is done, too; stopped: begun, and nobody is at it; failed: its last sitting ended with an error, and nobody is at it.
enum class TrialStanding { done, diverged, running, stopped, failed, missing };

struct TrialStatus {
  std::string name;
  TrialStanding standing = TrialStanding::missing;
  double share = 0.0;                  // trained, in [0, 1]
  std::optional<TrialWorker> worker;   // who is at it
  std::optional<double> seconds_left;  // by what its worker trained so far
  std::string failure;                 // of one that failed or diverged: its last word
};

// now: seconds since 1970.  Error(usage) where the folder is not this trial's.
TrialStatus status_of(const Trial& trial, const std::string& folder, std::int64_t now);

// " (HOST, process 123)"; "" where nobody is known to be at it.
std::string worker_text(const TrialStatus& status);
// A row a trial, those that are done left out, and columns in which nothing stands.
Table status_table(const std::vector<TrialStatus>& all, std::int64_t now);
// "24 trials: 3 done, 2 running, 19 missing".
std::string status_line(const std::vector<TrialStatus>& all);

}  // namespace pbgen
