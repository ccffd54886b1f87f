#include "tools/lib/trial.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <limits>
#include <set>
#include <string_view>
#include <thread>

#include "core/check.h"
#include "core/cpu.h"
#include "core/file.h"
#include "core/json.h"
#include "tools/lib/child_process.h"
#include "tools/lib/interrupt.h"
#include "tools/lib/progress.h"
#include "tools/lib/text.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMaxFileBytes = 1 << 26;
constexpr std::chrono::milliseconds kPollPause(20);

std::string read_text(const std::string& path) {
  const std::vector<std::uint8_t> bytes = read_file(path, kMaxFileBytes);
  return {bytes.begin(), bytes.end()};
}

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

// A column of scores.json; all NaN where it is absent.
Estimate read_estimate(const Json& scores, const std::string& column, const std::string& path) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (scores.find(column) == nullptr) return {nan, nan};
  return {number(*scores.find(column), path), number(member(scores, column + "_sd", path), path)};
}

TrialScore read_score(const Json& scores, const std::string& column, const std::string& path) {
  TrialScore score;
  for (const Json& level : items(scores, "levels", path)) score.levels.push_back(read_estimate(level, column, path));
  score.mean = read_estimate(member(scores, "mean", path), column, path);
  return score;
}

void read_scores(const std::string& path, TrialResult& result) {
  const Json scores = parse_json(read_text(path), ErrorKind::data, path);
  for (const Json& level : items(scores, "levels", path)) result.sizes.push_back(static_cast<int>(whole_number(level, "size", path)));
  result.generator = read_score(scores, "generator", path);
  result.noise_floor = read_score(scores, "noise_floor", path);
  result.untrained = read_score(scores, "untrained", path);
  result.num_images = whole_number(scores, "num_images", path);
  result.repeats = static_cast<int>(whole_number(scores, "repeats", path));
  result.iterations = whole_number(scores, "iterations", path);
  result.seconds = number(member(scores, "training_seconds", path), path);
}

// The arguments that a trial's folder was made for.
std::vector<std::string> saved_arguments(const std::string& folder) {
  const std::string path = folder + "/trial.json";
  const Json saved = parse_json(read_text(path), ErrorKind::data, path);
  std::vector<std::string> arguments;
  for (const Json& argument : items(saved, "arguments", path)) {
    if (!argument.is_string()) fail(ErrorKind::data, path, ": an argument is no text");
    arguments.push_back(argument.as_string());
  }
  return arguments;
}

void save_arguments(const Trial& trial, const std::string& folder) {
  Json arguments = Json::array();
  for (const std::string& argument : trial.arguments) arguments.push_back(argument);
  Json saved = Json::object();
  saved.set("arguments", std::move(arguments));
  write_file_atomically(folder + "/trial.json", saved.text(2) + "\n");
}

// An argument with the flag that it belongs to.
std::string flag_and_value(const std::vector<std::string>& arguments, std::size_t i) {
  if (i >= arguments.size()) return "nothing more";
  return i > 0 && !arguments[i].starts_with("--") ? concat(arguments[i - 1], ' ', arguments[i]) : arguments[i];
}

void require_same_arguments(const Trial& trial, const std::string& folder) {
  const std::vector<std::string> saved = saved_arguments(folder);
  if (saved == trial.arguments) return;
  const auto [before, now] = std::mismatch(saved.begin(), saved.end(), trial.arguments.begin(), trial.arguments.end());
  const auto i = static_cast<std::size_t>(before - saved.begin());
  fail(ErrorKind::usage, folder, ": holds a trial with other arguments (", flag_and_value(saved, i), "; asked for: ",
       flag_and_value(trial.arguments, i), "); name another --out, or remove that folder");
}

// How much of its iterations or epochs a run has logged; nothing where it has logged none yet.
std::optional<double> trained_share(const std::string& folder) {
  const std::string path = folder + "/config.json";
  const std::vector<LogRow> rows = RunDirectory::read_log(folder + "/log.csv");
  if (rows.empty() || !fs::exists(path)) return std::nullopt;
  const Json config = parse_json(read_text(path), ErrorKind::data, path);
  const Json* const iterations = config.find("iterations");
  if (iterations != nullptr && iterations->is_number()) return static_cast<double>(rows.back().iteration) / iterations->as_number();
  const Json* const epochs = config.find("epochs");
  if (epochs != nullptr && epochs->is_number()) return rows.back().epoch / epochs->as_number();
  return std::nullopt;
}

// Whether train_gan was ended between its last checkpoint and its scores: then nothing is left to resume.
bool trained_to_the_end(const std::string& folder) {
  const auto checkpoints = RunDirectory::list_checkpoints(folder);
  const std::vector<LogRow> rows = RunDirectory::read_log(folder + "/log.csv");
  if (rows.empty() || checkpoints.empty() || checkpoints.back().first < rows.back().iteration) return false;
  return trained_share(folder).value_or(0.0) >= 1.0;
}

enum class State { fresh, begun, done };

// Error(usage) where the folder is not this trial's.
State state_of(const Trial& trial, const std::string& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return State::fresh;
  if (!fs::exists(folder + "/trial.json", error)) {
    if (fs::is_directory(folder, error) && fs::is_empty(folder, error)) return State::fresh;
    fail(ErrorKind::usage, folder, ": is there and holds no trial; name another --out, or remove it");
  }
  require_same_arguments(trial, folder);
  if (fs::exists(folder + "/scores.json", error) || fs::exists(folder + "/diverged.txt", error)) return State::done;
  const bool begun = fs::exists(folder + "/config.json", error) && !RunDirectory::list_checkpoints(folder).empty();
  return begun && !trained_to_the_end(folder) ? State::begun : State::fresh;
}

// What train_gan said last: the line of its error, or, as stdout may be written after it, whatever is last.
std::string last_word(const std::string& output_path) {
  constexpr std::string_view kErrorPrefix = "train_gan: ";
  const std::string output = read_text(output_path);
  std::string_view last;
  std::string_view last_error;
  for (const std::string_view line : split(output, '\n')) {
    if (!line.empty()) last = line;
    if (line.starts_with(kErrorPrefix)) last_error = line.substr(kErrorPrefix.size());
  }
  return std::string(last_error.empty() ? last : last_error);
}

bool is_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !name.empty() && name[0] != '.' && name.find_first_not_of(kAllowed) == std::string_view::npos;
}

// Runs the trials that are left, several at a time.
class TrialRunner {
 public:
  // jobs >= 1; total: of all trials, done ones included.
  TrialRunner(std::vector<Trial> pending, std::size_t total, int jobs, const TrialOptions& options)
      : pending_(std::move(pending)), total_(total), jobs_(static_cast<std::size_t>(jobs)), options_(options),
        program_(options.train_gan.empty() ? sibling_tool("train_gan") : options.train_gan),
        threads_(std::max(1, thread_count() / jobs)) {}

  // False where a signal stopped it.
  bool run() {
    const InterruptGuard guard;
    ProgressOptions style;
    style.start = static_cast<std::int64_t>(total_ - pending_.size());
    style.rate_seconds = 1e9;  // since the beginning: a trial takes minutes
    done_ = style.start;
    Progress progress("trials", static_cast<std::int64_t>(total_), style);
    int passed_on = 0;
    while (true) {
      const int signal = InterruptGuard::signal_received();
      if (signal != passed_on) {
        for (const Running& child : running_) child.process.send(signal);
        passed_on = signal;
      }
      while (may_start() && InterruptGuard::signal_received() == 0) start_next();
      reap(progress);
      if (running_.empty() && !(may_start() && InterruptGuard::signal_received() == 0)) break;
      if (progress.due()) progress.update(done_, "running " + what_runs());
      std::this_thread::sleep_for(kPollPause);
    }
    if (failure_) std::rethrow_exception(failure_);
    if (InterruptGuard::signal_received() != 0) return false;
    progress.update(done_);
    progress.finish();
    return true;
  }

 private:
  struct Running {
    std::string name;
    std::string folder;
    ChildProcess process;
  };

  bool may_start() const { return !failure_ && next_ < pending_.size() && running_.size() < jobs_; }

  void start_next() {
    const Trial& trial = pending_[next_++];
    const std::string folder = concat(options_.folder, '/', trial.name);
    try {
      std::vector<std::string> arguments;
      if (state_of(trial, folder) == State::begun) {
        arguments = {"--resume", folder};  // config.json brings the rest
      } else {
        make_directories(folder);
        save_arguments(trial, folder);
        arguments = trial.arguments;
        for (const char* more : {"--out", folder.c_str(), "--force"}) arguments.emplace_back(more);
      }
      for (const std::string& more : {std::string("--threads"), concat(threads_)}) arguments.push_back(more);
      // Children share the cores: a thread that waits must not hold one.
      running_.push_back({trial.name, folder, ChildProcess(program_, arguments, {"OMP_WAIT_POLICY=passive"}, folder + "/output.txt")});
    } catch (const Error&) {
      // Thrown once those that run have ended.
      failure_ = std::current_exception();
    }
  }

  void reap(Progress& progress) {
    for (std::size_t i = 0; i < running_.size();) {
      const std::optional<ChildEnd> end = running_[i].process.poll();
      if (!end) {
        ++i;
        continue;
      }
      const Running child = running_[i];
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
      try {
        settle(child, *end, progress);
      } catch (const Error& error) {
        // The first is thrown in the end; until then a user should know.
        if (failure_ || !running_.empty()) progress.note(concat("failed, no others begin: ", error.what()));
        if (!failure_) failure_ = std::current_exception();
      }
    }
  }

  // Error where the trial failed.
  void settle(const Running& child, const ChildEnd& end, Progress& progress) {
    const int signal = InterruptGuard::signal_received();
    if (signal != 0 && (end.exit_code == 128 + signal || end.signal == signal)) return;
    const std::string output = child.folder + "/output.txt";
    if (end.exit_code == 0 && fs::exists(child.folder + "/scores.json")) {
      ++done_;
    } else if (end.exit_code == static_cast<int>(ErrorKind::diverged)) {
      const std::string word = last_word(output);
      write_file_atomically(child.folder + "/diverged.txt", word + "\n");
      progress.note(concat(child.name, " diverged: ", word));
      ++done_;
    } else if (end.exit_code == 0) {
      fail(ErrorKind::data, child.folder, ": train_gan left no scores.json; its last word in ", output, ": ", last_word(output));
    } else if (end.exit_code > static_cast<int>(ErrorKind::input_output) || end.exit_code < static_cast<int>(ErrorKind::usage)) {
      const std::string how = end.signal >= 0 ? concat("signal ", end.signal) : concat("exit code ", end.exit_code);
      fail(ErrorKind::input_output, child.folder, ": ended by ", how, ", go on with the same command; its last word in ", output, ": ",
           last_word(output));
    } else {
      fail(static_cast<ErrorKind>(end.exit_code), child.folder, ": ", last_word(output));
    }
  }

  // "dcgan-F-seed1 40%, lsgan-A-seed1": the share of what each has logged.
  std::string what_runs() const {
    std::string text;
    for (const Running& child : running_) {
      text += concat(text.empty() ? "" : ", ", child.name);
      try {
        if (const auto share = trained_share(child.folder)) text += concat(' ', static_cast<int>(100.0 * *share), '%');
      } catch (const Error&) {
        // The child is just writing these files; what is wrong with them is told when the trial is read.
      }
    }
    return text;
  }

  const std::vector<Trial> pending_;
  const std::size_t total_;
  const std::size_t jobs_;
  const TrialOptions& options_;
  const std::string program_;
  const int threads_;  // of each
  std::size_t next_ = 0;
  std::int64_t done_ = 0;
  std::vector<Running> running_;
  std::exception_ptr failure_;
};

}  // namespace

std::vector<std::pair<std::int64_t, std::string>> TrialResult::samples() const { return RunDirectory::open(folder).samples(); }

std::string TrialResult::checkpoint() const {
  const auto all = RunDirectory::list_checkpoints(folder);
  if (all.empty()) fail(ErrorKind::input_output, folder, ": has no checkpoint; remove the folder and run the trial again");
  return all.back().second;
}

std::optional<std::vector<TrialResult>> run_trials(const std::vector<Trial>& trials, const TrialOptions& options) {
  check(options.jobs >= 0, "run_trials: ", options.jobs, " jobs");
  std::vector<Trial> pending;
  std::set<std::string> names;
  for (const Trial& trial : trials) {
    check(is_name(trial.name), "a trial's name is '", trial.name, "'");
    const auto same_name = [&](const Trial& other) { return other.name == trial.name; };
    check(*std::find_if(trials.begin(), trials.end(), same_name) == trial, "two unlike trials are named ", trial.name);
    if (!names.insert(trial.name).second) continue;
    if (state_of(trial, concat(options.folder, '/', trial.name)) != State::done) pending.push_back(trial);
  }
  if (!pending.empty()) {
    const std::size_t total = names.size();
    const int jobs = std::min(options.jobs > 0 ? options.jobs : thread_count(), static_cast<int>(pending.size()));
    if (!TrialRunner(std::move(pending), total, jobs, options).run()) return std::nullopt;
  }
  std::vector<TrialResult> results;
  for (const Trial& trial : trials) results.push_back(read_trial(concat(options.folder, '/', trial.name)));
  return results;
}

TrialResult read_trial(const std::string& folder) {
  TrialResult result;
  result.name = fs::path(folder).filename().string();
  result.folder = folder;
  result.command = shell_command("./tools/train_gan", saved_arguments(folder));
  result.rows = RunDirectory::read_log(folder + "/log.csv");
  const std::string diverged = folder + "/diverged.txt";
  if (fs::exists(diverged)) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    result.diverged = true;
    const std::string word = read_text(diverged);
    result.failure = word.substr(0, word.find('\n'));
    result.generator.mean = result.noise_floor.mean = result.untrained.mean = {nan, nan};
    if (!result.rows.empty()) result.iterations = result.rows.back().iteration;
  } else {
    read_scores(folder + "/scores.json", result);
  }
  return result;
}

}  // namespace pbgen
