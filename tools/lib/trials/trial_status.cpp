#include "tools/lib/trials/trial_status.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "core/base/check.h"
#include "tools/lib/cli/child_process.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/trials/trial_files.h"
#include "tools/lib/trials/trial_state.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 6> kStandings{"done", "diverged", "running", "stopped", "failed", "missing"};

std::string_view standing_name(TrialStanding standing) { return kStandings[static_cast<std::size_t>(standing)]; }

double logged_share(const std::string& folder) {
  try {
    return std::clamp(trained_share(folder).value_or(0.0), 0.0, 1.0);
  } catch (const Error&) {
    return 0.0;  // its run is just writing these files
  }
}

// Reckoned from what the worker has trained itself; nothing before that can be told.
std::optional<double> seconds_left(const TrialStatus& status, std::int64_t now) {
  if (!status.worker || now <= status.worker->begun || status.share <= status.worker->share) return std::nullopt;
  const double rate = (status.share - status.worker->share) / static_cast<double>(now - status.worker->begun);
  return (1.0 - status.share) / rate;
}

std::string percent_text(double share) { return concat(static_cast<int>(100.0 * share), "%"); }

void drop_empty_columns(Table& table) {
  for (std::size_t column = table.header.size(); column-- > 0;) {
    const auto is_empty = [&](const std::vector<std::string>& row) { return row[column].empty(); };
    if (!std::all_of(table.rows.begin(), table.rows.end(), is_empty)) continue;
    const auto at = static_cast<std::ptrdiff_t>(column);
    table.header.erase(table.header.begin() + at);
    for (std::vector<std::string>& row : table.rows) row.erase(row.begin() + at);
  }
}

}  // namespace

TrialStatus status_of(const Trial& trial, const std::string& folder, std::int64_t now) {
  TrialStatus status;
  status.name = trial.name;
  // Before the state: one that ends meanwhile is seen as done.
  const bool taken = LockedOutput::is_taken(folder + "/output.txt");
  const TrialState state = state_of(trial, folder);
  if (state == TrialState::done) {
    status.share = 1.0;
    status.standing = fs::exists(folder + "/diverged.txt") ? TrialStanding::diverged : TrialStanding::done;
    if (status.standing == TrialStanding::diverged) {
      const std::string word = trial_text(folder + "/diverged.txt");
      status.failure = word.substr(0, word.find('\n'));
    }
    return status;
  }
  if (taken || state == TrialState::begun) status.share = logged_share(folder);
  if (taken) {
    status.standing = TrialStanding::running;
    status.worker = read_worker(folder);
    status.seconds_left = seconds_left(status, now);
    return status;
  }
  status.failure = read_failure(folder);
  status.standing = !status.failure.empty()           ? TrialStanding::failed
                    : state == TrialState::begun ? TrialStanding::stopped
                                                 : TrialStanding::missing;
  return status;
}

std::string worker_text(const TrialStatus& status) {
  return status.worker ? concat(" (", status.worker->host, ", process ", status.worker->process, ")") : "";
}

Table status_table(const std::vector<TrialStatus>& all, std::int64_t now) {
  Table table{{"trial", "state", "trained", "where", "for", "left", "its last word"}, {}};
  for (const TrialStatus& status : all) {
    if (status.standing == TrialStanding::done) continue;
    const bool known = status.worker.has_value();
    table.rows.push_back({status.name, std::string(standing_name(status.standing)), percent_text(status.share),
                          known ? concat(status.worker->host, ", process ", status.worker->process) : "",
                          known ? format_duration(static_cast<double>(now - status.worker->begun)) : "",
                          status.seconds_left ? format_duration(*status.seconds_left) : "", status.failure});
  }
  drop_empty_columns(table);
  return table;
}

std::string status_line(const std::vector<TrialStatus>& all) {
  std::string text = concat(all.size(), all.size() == 1 ? " trial" : " trials");
  const char* before = ": ";
  for (std::size_t standing = 0; standing < kStandings.size(); ++standing) {
    const auto count = std::count_if(all.begin(), all.end(), [&](const TrialStatus& status) {
      return status.standing == static_cast<TrialStanding>(standing);
    });
    if (count == 0) continue;
    text += concat(before, count, ' ', kStandings[standing]);
    before = ", ";
  }
  return text;
}

}  // namespace pbgen
