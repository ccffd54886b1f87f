// What of a run may not change on resume: a checkpoint keeps it in its notes.
#pragma once

#include <string>

#include "core/files/json.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/train/run_config.h"

namespace pbgen {

// The part of config.json that decides the bytes of a checkpoint: everything but iterations, epochs, cadences, repetitions of the last
// scores, keep, cache, and the data folder's path (its content's fingerprint is compared instead).
// Shards are left out where they are one, as there were none before.  --conv and --isa are part of it, for algorithms and kernels round
// differently; checkpoints older than the choice lack them and go on with any.
Json run_identity(const RunConfig& config);

// Where a checkpoint keeps RunPlan::former_paths; there is no such note where a run kept its path.
inline constexpr const char* kFormerPathsNote = "former_paths";

// Fills what the command line left open from the identity that a checkpoint holds.  Error(model_file) where it holds another thing:
// a checkpoint says what a run is, not where its files go.
void apply_identity(ArgumentParser& parser, const Json& identity, const std::string& checkpoint);

// Throws Error(usage) that lists what differs between a run and the identity of the checkpoint from which it is to go on.  What an
// older checkpoint lacks is as it was before there was a choice: the default of its loss.  --isa may differ: chosen_isa
// (tools/lib/train/numerical_path.h) sees to it that it was changed knowingly.
void require_same_run(const RunConfig& config, const Json& saved, const std::string& checkpoint);

}  // namespace pbgen
