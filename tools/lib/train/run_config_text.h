// A run's configuration as text: config.json, and the arguments of train_gan.  Each way there is a way back.
#pragma once

#include <string>
#include <vector>

#include "core/files/json.h"
#include "tools/lib/train/run_config.h"

namespace pbgen {

// config.json: one flat object, a member for each flag that a run depends on, in the order of train_gan's help, null for what is not said.
Json to_json(const RunConfig& config);
// As `train_gan --config` reads it: what is missing has train_gan's defaults.  Error(usage) names `source`.
RunConfig run_config_of(const Json& object, const std::string& source);

// Arguments of train_gan that say the same: the layers and the loss, and whatever else is not what train_gan has without a word on it.
std::vector<std::string> to_arguments(const RunConfig& config);
// As train_gan understands them.  Error(usage) where it would refuse them, and for arguments that are no part of what a run is: --out,
// --resume, --force, --threads, --config, --dry-run, --profile, --help.
RunConfig run_config_of(const std::vector<std::string>& arguments);

// The first in which two runs differ, with the flag that says it: "--lr 1e-04; asked for: --lr 2e-04".  They do differ.
std::string first_difference(const RunConfig& saved, const RunConfig& asked);

}  // namespace pbgen
