// Running trials: several side by side, begun ones resumed, done ones skipped.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/lib/trials/trial.h"

namespace pbgen {

struct TrialOptions {
  std::string folder;          // the trials' folders are made in it
  int jobs = 0;                // trials side by side; 0: as many as threads, fewer where fewer are left; the threads are shared out evenly
  std::string train_gan = {};  // its path; "": the one beside the running tool
  std::string cache = {};      // where decoded images are kept, which is no part of what a trial is; "": as the trial says
};

// Runs each trial that is not done, resumes those that were begun, and reads them all, in the order given; equal trials run
// once.  A trial is done where its scores.json is there, or where it diverged.  Says on stderr what runs and how long is
// left.  After SIGINT, SIGTERM or SIGHUP the running ones save and end, and the result is nothing: the caller returns
// 128 + InterruptGuard::signal_received(); a second signal ends them at once.
// In FOLDER/NAME, beside what train_gan leaves: trial.json, what it is as arguments of train_gan; output.txt, what it said;
// diverged.txt, its last word where it ended with exit code 5.  Two processes never train the same trial: output.txt is locked meanwhile.
// Error(usage) where a folder of that name holds a trial with other arguments, or one whose run was resumed by hand to other
// iterations, or something else, with the mend: before anything runs.
// Where a trial fails otherwise, those that run are waited for, no others begin, and then Error of the trial's own exit code's kind
// tells its folder and its last line on stderr.  Error(input_output) where train_gan is missing.
// Names that are no names, and unlike trials of one name, are std::logic_error.
std::optional<std::vector<TrialResult>> run_trials(const std::vector<Trial>& trials, const TrialOptions& options);

}  // namespace pbgen
