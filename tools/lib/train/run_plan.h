// What a run of train_gan is to do, as the command line, a configuration and the folder say it together.
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

// The iterations that --iterations asks for, or --epochs over so many images, the last incomplete batch of each left out.
std::int64_t total_iterations(const TrainFlags& flags, std::int64_t training_images);
// Real images that an iteration sees: a batch for each of its discriminator updates.
std::int64_t images_per_iteration(const TrainFlags& flags);

}  // namespace pbgen
