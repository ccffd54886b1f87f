#include "tools/lib/trials/trial.h"

#include "core/base/check.h"
#include "tools/lib/runs/run_directory.h"

namespace pbgen {

std::vector<std::pair<std::int64_t, std::string>> TrialResult::samples() const { return RunDirectory::open(folder).samples(); }

std::string TrialResult::checkpoint() const {
  const auto all = RunDirectory::list_checkpoints(folder);
  if (all.empty()) fail(ErrorKind::input_output, folder, ": has no checkpoint; remove the folder and run the trial again");
  return all.back().second;
}

}  // namespace pbgen
