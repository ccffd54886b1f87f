// Trials one by one, for a queue that runs commands: Slurm, GNU parallel, xargs.
#pragma once

#include <string>
#include <vector>

#include "tools/lib/trials/run_trials.h"
#include "tools/lib/trials/trial.h"

namespace pbgen {

// Prints a line for each trial that is not done, in that order: `command` with --trial=NAME behind it, for a shell, wherever it stands, on
// any machine that sees the same folders.  A fresh trial takes the path that this machine takes now.  folder: the trials' folders are in
// it.  Error(usage) as state_of.
void list_trials(const std::vector<Trial>& trials, const std::string& folder, const std::vector<std::string>& command);

// The one of that name.  Error(usage) where there is none.
const Trial& trial_named(const std::vector<Trial>& trials, const std::string& name);

// Trains it, unless it is done or another process is at it, and says which.  Returns an exit code: 0, or 128 + a signal's number.
// Errors of train_trials.
int train_one(const Trial& trial, TrialOptions options);

// Prints which are done, running (where, for how long, how long they still take), stopped, failed or missing.
void show_status(const std::vector<Trial>& trials, const std::string& folder);

}  // namespace pbgen
