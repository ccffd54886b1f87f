#include "tools/lib/trials/trial_worker.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>

#include "core/files/file.h"
#include "core/files/json.h"
#include "tools/lib/trials/trial_files.h"
#include "tools/lib/trials/trial_state.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostCount = std::int64_t{1} << 53;

std::string worker_path(const std::string& folder) { return folder + "/worker.json"; }
std::string failure_path(const std::string& folder) { return folder + "/failed.txt"; }

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace

void save_worker(const std::string& folder) {
  Json worker = Json::object();
  worker.set("host", host_name());
  worker.set("process", std::int64_t{::getpid()});
  worker.set("begun", std::int64_t{std::time(nullptr)});
  worker.set("share", std::clamp(trained_share(folder).value_or(0.0), 0.0, 1.0));
  write_file_atomically(worker_path(folder), worker.text(2) + "\n");
  std::error_code ignored;
  fs::remove(failure_path(folder), ignored);
}

std::optional<TrialWorker> read_worker(const std::string& folder) {
  const std::string path = worker_path(folder);
  if (!fs::exists(path)) return std::nullopt;
  const Json saved = trial_json(path);
  const Json* const host = saved.find("host");
  const Json* const process = saved.find("process");
  const Json* const begun = saved.find("begun");
  const Json* const share = saved.find("share");
  const auto is_count = [](const Json* number) {
    return number != nullptr && number->is_integer() && number->as_integer() >= 0 && number->as_integer() <= kMostCount;
  };
  const bool is_share = share != nullptr && share->is_number() && share->as_number() >= 0.0 && share->as_number() <= 1.0;
  const bool valid = host != nullptr && host->is_string() && is_count(process) && is_count(begun) && is_share;
  if (!valid) fail(ErrorKind::data, path, ": not what a trial's worker writes; remove it");
  return TrialWorker{host->as_string(), process->as_integer(), begun->as_integer(), share->as_number()};
}

void save_failure(const std::string& folder, const Error& failure) noexcept {
  try {
    write_file_atomically(failure_path(folder), concat(failure.what(), "\n"));
  } catch (const std::exception&) {
    // The disk may be what failed.
  }
}

std::string read_failure(const std::string& folder) {
  if (!fs::exists(failure_path(folder))) return "";
  const std::string word = trial_text(failure_path(folder));
  return word.substr(0, word.find('\n'));
}

}  // namespace pbgen
