// What the ranks of a run (core/base/ranks.h) tell one another outside of training: that they are alike, and what rank 0 has decided.
//
// In this order, by all of them: require_same_program, share_plan; and once the images are there require_same_images, shared_file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/ranks.h"
#include "tools/lib/train/run_plan.h"

namespace pbgen {

// Error(usage) that names the first rank whose program or arguments are not rank 0's.
void require_same_program(Ranks& ranks, int argc, char** argv);

// Rank 0's plan, everywhere; its paths lead to files of rank 0.  Error(usage) naming a rank whose processor lacks the plan's kernels.
// Those are in force afterwards.
void share_plan(Ranks& ranks, RunPlan& plan);

// Error(data) that names the first rank whose images are not rank 0's.
void require_same_images(Ranks& ranks, const std::string& fingerprint);

// The bytes of a file of rank 0's, or none where path is "" there.  Error(input_output) as read_file.
std::vector<std::uint8_t> shared_file(Ranks& ranks, const std::string& path);

// Whether a signal has asked a rank to stop: its number, the same everywhere, or 0.
int stop_signal(Ranks& ranks);

}  // namespace pbgen
