// A whole run of train_gan, from loaded images to the report.
#pragma once

#include <cstdint>
#include <string>

#include "core/files/json.h"
#include "tools/lib/train/train_options.h"

namespace pbgen {

struct RunPlan {
  TrainFlags flags;               // resolved
  Json config;                    // what config.json holds
  Json identity;                  // what a checkpoint must agree with
  std::string run_path;           // the folder
  bool in_place = false;          // the checkpoint that it goes on from is that folder's
  std::string resume_checkpoint;  // "": a new run
  std::string command;            // as the user gave it
};

// Trains, samples, scores and saves as the flags say.  Returns the exit code: 0, or 129, 130, 143 and 152 after SIGHUP,
// SIGINT, SIGTERM and SIGXCPU, which let the iteration finish and save (a second signal ends the process at once).
// The caller holds the folder's FolderLock.
// Throws Error: diverged (the last good checkpoint stays), data, model_file, input_output.
int run_training(const RunPlan& plan);

// Of --iterations, or of --epochs over so many images, the last incomplete batch of each left out.
std::int64_t total_iterations(const TrainFlags& flags, std::int64_t training_images);
// Real images that an iteration sees: a batch for each of its discriminator updates.
std::int64_t images_per_iteration(const TrainFlags& flags);

// --dry-run: layers, memory and an estimate of the time from a few measured iterations, on stdout.  The images are counted,
// not decoded.  Error(data) where there are none.
void show_plan(const RunPlan& plan);

}  // namespace pbgen
