#include "tools/lib/trials/trial_files.h"

#include <filesystem>
#include <limits>

#include "core/base/check.h"
#include "core/files/file.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/train/run_config_text.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMaxFileBytes = 1 << 26;
constexpr std::int64_t kMaxCount = 1'000'000'000;

const Json& member(const Json& object, std::string_view key, const std::string& path) {
  const Json* const found = object.find(key);
  if (found == nullptr) fail(ErrorKind::data, path, ": has no '", key, "'; remove the trial's folder and run it again");
  return *found;
}

// NaN where it is null: JSON has no word for what is not finite.
double number(const Json& value, const std::string& path) {
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!value.is_number()) fail(ErrorKind::data, path, ": ", value.text(), " where a number belongs");
  return value.as_number();
}

std::int64_t whole_number(const Json& object, std::string_view key, const std::string& path) {
  const Json& value = member(object, key, path);
  if (!value.is_integer()) fail(ErrorKind::data, path, ": '", key, "' is ", value.text(), ", expected a whole number");
  return value.as_integer();
}

const Json::Array& items(const Json& object, std::string_view key, const std::string& path) {
  const Json& value = member(object, key, path);
  if (!value.is_array()) fail(ErrorKind::data, path, ": '", key, "' is no list");
  return value.as_array();
}

// A column of scores.json; all NaN where it is absent.  One repetition has no spread, whatever older files say of it.
Estimate read_estimate(const Json& scores, const std::string& column, int repeats, const std::string& path) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (scores.find(column) == nullptr) return {nan, nan};
  const double spread = number(member(scores, column + "_sd", path), path);
  return {number(*scores.find(column), path), repeats > 1 ? spread : nan};
}

TrialScore read_score(const Json& scores, const std::string& column, int repeats, const std::string& path) {
  TrialScore score;
  for (const Json& level : items(scores, "levels", path)) score.levels.push_back(read_estimate(level, column, repeats, path));
  score.mean = read_estimate(member(scores, "mean", path), column, repeats, path);
  return score;
}

// A number of scores.json, in [low, high].
std::int64_t bounded(const Json& object, std::string_view key, std::int64_t low, std::int64_t high, const std::string& path) {
  const std::int64_t value = whole_number(object, key, path);
  if (value < low || value > high) fail(ErrorKind::data, path, ": '", key, "' is ", value, ", expected ", low, " to ", high);
  return value;
}

void read_scores(const std::string& path, TrialResult& result) {
  const Json scores = trial_json(path);
  result.repeats = static_cast<int>(bounded(scores, "repeats", 1, kMaxCount, path));
  for (const Json& level : items(scores, "levels", path))
    result.sizes.push_back(static_cast<int>(bounded(level, "size", 1, kMaxCount, path)));
  result.generator = read_score(scores, "generator", result.repeats, path);
  result.noise_floor = read_score(scores, "noise_floor", result.repeats, path);
  result.untrained = read_score(scores, "untrained", result.repeats, path);
  result.num_images = bounded(scores, "num_images", 1, kMaxCount, path);
  result.iterations = bounded(scores, "iterations", 1, kMaxIterations, path);
  const std::int64_t timed = bounded(scores, "session_iterations", 1, kMaxIterations, path);
  const double share = static_cast<double>(timed) / static_cast<double>(result.iterations);
  result.seconds = number(member(scores, "training_seconds", path), path) / share;
}

}  // namespace

std::string trial_text(const std::string& path) { return read_text_file(path, kMaxFileBytes); }

Json trial_json(const std::string& path) { return parse_json(trial_text(path), ErrorKind::data, path); }

std::int64_t scored_iterations(const std::string& folder) {
  const std::string path = folder + "/scores.json";
  return whole_number(trial_json(path), "iterations", path);
}

void save_trial(const Trial& trial, const std::string& folder) {
  Json arguments = Json::array();
  for (const std::string& argument : to_arguments(trial.config)) arguments.push_back(argument);
  Json saved = Json::object();
  saved.set("arguments", std::move(arguments));
  write_file_atomically(folder + "/trial.json", saved.text(2) + "\n");
}

std::vector<std::string> saved_arguments(const std::string& folder) {
  const std::string path = folder + "/trial.json";
  const Json saved = trial_json(path);
  std::vector<std::string> arguments;
  for (const Json& argument : items(saved, "arguments", path)) {
    if (!argument.is_string()) fail(ErrorKind::data, path, ": an argument is no text");
    arguments.push_back(argument.as_string());
  }
  return arguments;
}

TrialResult read_trial(const std::string& folder) {
  TrialResult result;
  result.name = fs::path(folder).filename().string();
  result.folder = folder;
  result.command = from_any_folder(shell_command(called_tool("train_gan"), saved_arguments(folder)));
  result.rows = RunDirectory::read_log(folder + "/log.csv");
  const std::string diverged = folder + "/diverged.txt";
  if (fs::exists(diverged)) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    result.diverged = true;
    const std::string word = trial_text(diverged);
    result.failure = word.substr(0, word.find('\n'));
    result.generator.mean = result.noise_floor.mean = result.untrained.mean = {nan, nan};
    if (!result.rows.empty()) result.iterations = result.rows.back().iteration;
  } else {
    read_scores(folder + "/scores.json", result);
  }
  return result;
}

}  // namespace pbgen
