// How far a trial is, by what its folder holds.
#pragma once

#include <optional>
#include <string>

#include "tools/lib/trials/trial.h"

namespace pbgen {

// done: scored, or diverged; begun: it can be resumed.
enum class TrialState { fresh, begun, done };
// Error(usage) with the mend where the folder holds a trial with other arguments, one whose run was resumed by hand to other iterations, or
// something else.
TrialState state_of(const Trial& trial, const std::string& folder);

// The share of its iterations or epochs that its run has logged; nothing where it has logged none yet.  Error where its files are broken,
// or being written.
std::optional<double> trained_share(const std::string& folder);

}  // namespace pbgen
