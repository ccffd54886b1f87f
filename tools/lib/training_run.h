// A whole run of train_gan, from loaded images to the report.
#pragma once

#include <string>

#include "core/json.h"
#include "tools/lib/train_options.h"

namespace pbgen {

struct RunPlan {
  TrainFlags flags;               // resolved
  Json config;                    // what config.json holds
  Json identity;                  // what a checkpoint must agree with
  std::string run_path;           // the folder
  std::string resume_checkpoint;  // "": a new run
  std::string command;            // as the user typed it
};

// Trains, samples, scores and saves as the flags say.  Returns the exit code: 0, or 130 and 143 after SIGINT and SIGTERM,
// which let the iteration finish and save (a second signal ends the process at once).
// Throws Error: diverged (the last good checkpoint stays), data, model_file, input_output.
int run_training(const RunPlan& plan);

// --dry-run: layers, memory and an estimate of the time from a few measured iterations, on stdout.
void show_plan(const RunPlan& plan);

}  // namespace pbgen
