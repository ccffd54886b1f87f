// What a run does before its first iteration.
#pragma once

#include <cstdint>

#include "gan/trainer.h"
#include "tools/lib/runs/run_directory.h"
#include "tools/lib/train/run_plan.h"
#include "tools/lib/train/training_data.h"

namespace pbgen {

// The run's folder.  A run goes on in its own folder as it is; into another one, that of a further run for one, it is not led by --resume
// either.  Error(usage) where the folder holds something else.  Writes nothing.
RunDirectory claimed_folder(const RunPlan& plan);

// The images, once memory and threads are there: they are asked for first, before there is anything to lose.
TrainingData loaded_data(const RunConfig& config, int ranks = 1);

// Takes what the checkpoint holds that the run goes on from, or the weights of the one that it begins with, which rank 0 reads.
// Error(usage) where that was trained on other images.
void restore(const RunPlan& plan, const TrainingData& data, Trainer& trainer);

// What is trained on which images by which kernels, in a run of `total` iterations, on stdout.
void announce(const RunPlan& plan, const RunDirectory& folder, const TrainingData& data, Trainer& trainer, std::int64_t total);

}  // namespace pbgen
