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
  bool leave_others = false;   // a trial that another process is at is left to it; otherwise that is a failure
};

struct TrainedTrials {
  bool stopped = false;           // by a signal
  std::vector<std::string> left;  // names of those that another process was at
};

// Runs each trial that is not done and resumes those that were begun; equal trials run once.  A trial is done where its scores.json is
// there, or where it diverged.  Says on stderr what runs and how long is left.  After SIGINT, SIGTERM or SIGHUP the running ones save and
// end: the caller returns 128 + InterruptGuard::signal_received(); a second signal ends them at once.
// In FOLDER/NAME, beside what train_gan leaves: trial.json, what it is as arguments of train_gan; output.txt, what it said; worker.json,
// who is or was at it; diverged.txt and failed.txt, its last word where it ended with exit code 5, or with another that is not 0.  Two
// processes never train the same trial, on whichever machines: output.txt is locked meanwhile.
// Error(usage) where a folder of that name holds a trial with other arguments, or one whose run was resumed by hand to other
// iterations, or something else, with the mend: before anything runs.
// Where a trial fails otherwise, the others go on, and then Error of the first one's exit code's kind tells its folder, its last line on
// stderr, and the names of those that failed as well.  Error(input_output) where train_gan is missing or a folder cannot be written: then
// no others begin.
// Names that are no names, and unlike trials of one name, are std::logic_error.
TrainedTrials train_trials(const std::vector<Trial>& trials, const TrialOptions& options);

// The same, and reads them all, in the order given; nothing where a signal stopped it.
std::optional<std::vector<TrialResult>> run_trials(const std::vector<Trial>& trials, const TrialOptions& options);

}  // namespace pbgen
