// A whole run of train_gan, from loaded images to the report.
#pragma once

#include "core/base/ranks.h"
#include "tools/lib/train/run_plan.h"

namespace pbgen {

// Trains, samples, scores and saves as the flags say.  Returns the exit code: 0, or 129, 130, 143 and 152 after SIGHUP, SIGINT, SIGTERM and
// SIGXCPU, which let the iteration finish and save (a second signal ends the process at once).  The caller holds the folder's FolderLock.
// Several ranks have the same plan (run_ranks.h): all train and score, rank 0 alone writes, logs and samples, and the result is the same.
// Throws Error: diverged (the last good checkpoint stays), data, model_file, input_output.
int run_training(const RunPlan& plan, Ranks& ranks = one_process());

}  // namespace pbgen
