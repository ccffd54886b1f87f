// A whole run of train_gan, from loaded images to the report.
#pragma once

#include "tools/lib/train/run_plan.h"

namespace pbgen {

// Trains, samples, scores and saves as the flags say.  Returns the exit code: 0, or 129, 130, 143 and 152 after SIGHUP,
// SIGINT, SIGTERM and SIGXCPU, which let the iteration finish and save (a second signal ends the process at once).
// The caller holds the folder's FolderLock.
// Throws Error: diverged (the last good checkpoint stays), data, model_file, input_output.
int run_training(const RunPlan& plan);

}  // namespace pbgen
