#include "tools/lib/trials/trial_queue.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "tools/lib/cli/interrupt.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/train/numerical_path.h"
#include "tools/lib/trials/trial_state.h"
#include "tools/lib/trials/trial_status.h"

namespace pbgen {
namespace {

std::string folder_of(const std::string& folder, const Trial& trial) { return concat(folder, '/', trial.name); }

}  // namespace

void list_trials(const std::vector<Trial>& trials, const std::string& folder, const std::vector<std::string>& command) {
  // Workers that measured the path for themselves, beside others, might differ; one that was begun keeps its own.  No shell stays in front
  // of the tool, so that a queue's signal reaches it.
  const std::string path = concat("env PBGEN_ISA=", name(isa_of_new_runs()), ' ');
  for (const Trial& trial : trials) {
    const TrialState state = state_of(trial, folder_of(folder, trial));
    if (state == TrialState::done) continue;
    const std::string before = concat("exec ", state == TrialState::fresh ? path : "");
    std::vector<std::string> arguments(command.begin() + 1, command.end());
    arguments.push_back("--trial=" + trial.name);
    say(stdout, from_any_folder(before + shell_command(command.front(), arguments)));
  }
}

const Trial& trial_named(const std::vector<Trial>& trials, const std::string& name) {
  const auto found = std::find_if(trials.begin(), trials.end(), [&](const Trial& trial) { return trial.name == name; });
  if (found == trials.end()) fail(ErrorKind::usage, "--trial ", name, ": none is of that name; --list names those that are left");
  return *found;
}

int train_one(const Trial& trial, TrialOptions options) {
  options.jobs = 1;
  options.leave_others = true;
  const TrainedTrials trained = train_trials({trial}, options);
  if (trained.stopped) {
    say(stdout, trial.name, ": stopped; the same command goes on");
    return 128 + InterruptGuard::signal_received();
  }
  const TrialStatus status = status_of(trial, folder_of(options.folder, trial), std::time(nullptr));
  if (!trained.left.empty()) say(stdout, trial.name, ": another process is at it", worker_text(status), "; left to it");
  else say(stdout, trial.name, status.standing == TrialStanding::diverged ? ": diverged: " + status.failure : ": done");
  return 0;
}

void show_status(const std::vector<Trial>& trials, const std::string& folder) {
  const std::int64_t now = std::time(nullptr);
  std::vector<TrialStatus> all;
  all.reserve(trials.size());
  for (const Trial& trial : trials) all.push_back(status_of(trial, folder_of(folder, trial), now));
  const Table table = status_table(all, now);
  if (!table.rows.empty()) std::printf("%s\n", printed_table(table).c_str());
  say(stdout, status_line(all));
}

}  // namespace pbgen
