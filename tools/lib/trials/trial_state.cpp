#include "tools/lib/trials/trial_state.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "core/base/check.h"
#include "core/files/json.h"
#include "tools/lib/cli/flag_names.h"
#include "tools/lib/runs/run_directory.h"
#include "tools/lib/train/run_config_text.h"
#include "tools/lib/trials/trial_files.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

void require_same_trial(const Trial& trial, const std::string& folder) {
  std::string difference;
  try {
    const RunConfig saved = run_config_of(saved_arguments(folder));
    if (saved == trial.config) return;
    difference = first_difference(saved, trial.config);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::usage) throw;
    difference = told(error);  // arguments that train_gan does not know are others
  }
  fail(ErrorKind::usage, folder, ": holds a trial with other arguments (", difference, "); name another --out, or remove that folder");
}

// A member of a run's config.json, where it is there and a number.
std::optional<double> configured(const std::string& folder, std::string_view key) {
  const std::string path = folder + "/config.json";
  if (!fs::exists(path)) return std::nullopt;
  const Json config = trial_json(path);
  const Json* const value = config.find(key);
  return value != nullptr && value->is_number() ? std::optional(value->as_number()) : std::nullopt;
}

// A run that somebody resumed with other --iterations is no longer this trial.  Error(usage).
void require_same_length(const Trial& trial, const std::string& folder) {
  const std::optional<double> now = configured(folder, "iterations");
  std::optional<double> asked_for = trial.config.cadence.iterations;
  if (!asked_for && fs::exists(folder + "/scores.json")) asked_for = static_cast<double>(scored_iterations(folder));
  if (!now || !asked_for || *now == *asked_for) return;
  fail(ErrorKind::usage, folder, ": its run was resumed by hand, to ", *now, " iterations in place of ", *asked_for,
       "; name another --out, or remove that folder");
}

// Whether nothing is in a folder but what another process, at this moment, begins the trial with.
bool is_just_made(const std::string& folder) {
  std::error_code error;
  const fs::directory_iterator entries(folder, error);
  return !error && std::all_of(begin(entries), end(entries), [](const fs::directory_entry& entry) {
    const std::string name = entry.path().filename().string();
    return name == "output.txt" || name.starts_with("trial.json");  // itself, or half of it under a name of its own
  });
}

}  // namespace

std::optional<double> trained_share(const std::string& folder) {
  const std::optional<LogRow> last = RunDirectory::last_row(folder + "/log.csv");
  if (!last) return std::nullopt;
  if (const auto iterations = configured(folder, "iterations")) return static_cast<double>(last->iteration) / *iterations;
  if (const auto epochs = configured(folder, "epochs")) return last->epoch / *epochs;
  return std::nullopt;
}

TrialState state_of(const Trial& trial, const std::string& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return TrialState::fresh;
  if (!fs::exists(folder + "/trial.json", error)) {
    if (is_just_made(folder)) return TrialState::fresh;
    // Once more: another process may have begun it meanwhile.
    if (!fs::exists(folder + "/trial.json", error))
      fail(ErrorKind::usage, folder, ": is there and holds no trial; name another --out, or remove it");
  }
  require_same_trial(trial, folder);
  require_same_length(trial, folder);
  if (fs::exists(folder + "/scores.json", error) || fs::exists(folder + "/diverged.txt", error)) return TrialState::done;
  const bool begun = fs::exists(folder + "/config.json", error) && !RunDirectory::list_checkpoints(folder).empty();
  return begun ? TrialState::begun : TrialState::fresh;
}

}  // namespace pbgen
