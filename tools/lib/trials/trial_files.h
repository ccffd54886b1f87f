// What a trial's folder holds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/files/json.h"
#include "tools/lib/trials/trial.h"

namespace pbgen {

// One of its files.  Error(input_output) where it cannot be read; Error(data) where it is no JSON.
std::string trial_text(const std::string& path);
Json trial_json(const std::string& path);

// trial.json: what a folder is made for, as arguments of train_gan.
void save_trial(const Trial& trial, const std::string& folder);
// Error(data) where it is not what we write.
std::vector<std::string> saved_arguments(const std::string& folder);

// A trial's folder as run_trials left it.  Error(input_output) where the trial is not done, Error(data) where a file in it is
// not what we write.
TrialResult read_trial(const std::string& folder);

// How far the trial was trained that scores.json is of.  Error(data) where it is not what we write.
std::int64_t scored_iterations(const std::string& folder);

}  // namespace pbgen
