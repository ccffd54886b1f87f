// Which kernels a run computes with.  Their rounding decides its bytes, so the choice is made once, at the beginning of the run, and kept
// in its config.json and checkpoints.
#pragma once

#include <optional>
#include <string>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "tools/lib/train/isa_choice.h"
#include "tools/lib/train/run_config.h"

namespace pbgen {

// What bears on a run's path, from what weighs most.
struct IsaWishes {
  std::optional<IsaChoice> flag;      // --isa on the command line
  std::optional<Isa> recorded;        // by the run that goes on, or by the configuration that is repeated
  std::string recorded_in;            // the file
  std::optional<Isa> variable;        // PBGEN_ISA
  bool older = false;                 // the run that goes on began before its path was recorded, under avx2 where there was AVX2
};

// What PBGEN_ISA asks for.  run_tool has refused what is no path's name, and what the machine lacks.
std::optional<Isa> isa_of_environment();

// A flag wins over all.  Without one, a recorded path is obeyed: Error(usage) where PBGEN_ISA asks for another one, or where the machine
// lacks it, with the flag that changes it knowingly.  A new run takes what PBGEN_ISA asks for, else what the rule gives
// (core/gemm/isa_rule.h), and that is what a flag of `auto` asks for, too.
Isa chosen_isa(const IsaWishes& wishes);
// The same with another machine and rule.
Isa chosen_isa(const IsaWishes& wishes, FunctionRef<bool(Isa)> supports, FunctionRef<Isa()> rule);

// What new runs take that do not say.
Isa isa_of_new_runs();

// The paths of a run's earlier iterations, once it goes on from `iteration` under `now`: "avx512 to iteration 500, avx2 to iteration 800".
// former: the same as the checkpoint has it, "" where no resume ever changed the path; before: the checkpoint's path, where it tells.
std::string former_paths(const std::string& former, std::optional<Isa> before, Isa now, std::int64_t iteration);

// "avx2 kernels (before: avx512 to iteration 500), --conv direct".
std::string path_text(const RunConfig& config, const std::string& former);

}  // namespace pbgen
