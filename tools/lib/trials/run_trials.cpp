#include "tools/lib/trials/run_trials.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <set>
#include <string_view>
#include <thread>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/files/file.h"
#include "tools/lib/cli/child_process.h"
#include "tools/lib/cli/interrupt.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/progress.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/train/numerical_path.h"
#include "tools/lib/train/run_config_text.h"
#include "tools/lib/trials/trial_files.h"
#include "tools/lib/trials/trial_state.h"
#include "tools/lib/trials/trial_worker.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kPollPause(20);
constexpr std::chrono::seconds kSharePause(3);
constexpr double kPlainSeconds = 60.0;  // where nothing starts or ends

// Why a file takes no further line; "" where it does.
std::string why_it_takes_no_more(const std::string& path) {
  try {
    constexpr std::uint8_t kLineEnd = '\n';
    write_all(open_to_append(path).get(), {&kLineEnd, 1}, path);
    return "";
  } catch (const Error& reason) {
    return reason.what();
  }
}

// What train_gan said last in its sitting, whose output begins at that byte: the line of its error, or, as stdout may be written
// after it, whatever is last.  Where no whole line tells an error, a full disk or a limit may have kept it from being said: then that.
std::string last_word(const std::string& program, const std::string& output_path, std::int64_t begin) {
  const std::string error_prefix = concat(name_beside(std::filesystem::path(program).filename().string(), "train_gan"), ": ");
  const std::string all = trial_text(output_path);
  const std::string_view output = std::string_view(all).substr(std::min(static_cast<std::size_t>(begin), all.size()));
  std::string_view last;
  std::string_view last_error;
  for (const std::string_view line : split(output, '\n')) {
    if (!line.empty()) last = line;
    if (line.starts_with(error_prefix)) last_error = line.substr(error_prefix.size());
  }
  if (last_error.empty() || !output.ends_with('\n')) {
    const std::string reason = why_it_takes_no_more(output_path);
    if (!reason.empty()) return concat("could not say why it ended: ", reason);
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
        threads_(std::max(1, thread_count() / jobs)),
        path_(isa_of_new_runs()) {}

  TrainedTrials run() {
    const InterruptGuard guard(3);  // the second signal ends the running ones, and then us
    ProgressOptions style;
    style.start = static_cast<std::int64_t>(total_ - pending_.size());
    style.rate_seconds = 1e9;  // since the beginning: a trial takes minutes
    style.plain_seconds = kPlainSeconds;
    done_ = style.start;
    Progress progress("trials", static_cast<std::int64_t>(total_), style);
    while (true) {
      const std::size_t ran = running_.size();
      const std::size_t started = next_;
      pass_signals_on();
      reap(progress);
      while (may_start()) start_next(progress);
      if (running_.empty()) break;
      if (started != next_ || ran != running_.size()) {
        progress.tell(done_, "running " + what_runs());
      } else if (progress.due()) {
        progress.update(done_, "running " + what_runs());
      }
      std::this_thread::sleep_for(kPollPause);
    }
    if (failure_) throw_failures();
    if (InterruptGuard::signal_received() != 0) return {true, left_};
    progress.update(done_);
    progress.finish();
    return {false, left_};
  }

 private:
  using Clock = std::chrono::steady_clock;

  struct Running {
    std::string name;
    std::string folder;
    ChildProcess process;
    std::int64_t output_begin;         // of what it says, in output.txt
    std::string share = {};            // " 40%", as it was last looked up
    Clock::time_point looked_up = {};
  };

  bool may_start() const {
    return !hopeless_ && next_ < pending_.size() && running_.size() < jobs_ && InterruptGuard::signal_received() == 0;
  }

  // The first signal lets the running ones save; the second ends them, for they may not have met the first yet.
  void pass_signals_on() {
    const int count = InterruptGuard::count();
    if (count == passed_on_) return;
    for (const Running& child : running_) child.process.send(count == 1 ? InterruptGuard::signal_received() : SIGKILL);
    passed_on_ = count;
  }

  void start_next(Progress& progress) {
    const Trial& trial = pending_[next_++];
    const std::string folder = concat(options_.folder, '/', trial.name);
    try {
      if (state_of(trial, folder) == TrialState::fresh) {
        make_directories(folder);
        save_trial(trial, folder);
      }
      const std::string output_path = folder + "/output.txt";
      std::optional<LockedOutput> output = options_.leave_others ? LockedOutput::unless_taken(output_path) : LockedOutput(output_path);
      if (!output) {
        left_.push_back(trial.name);
        return;
      }
      // Only now is it ours: until a moment ago another process may have trained it.
      std::vector<std::string> arguments;
      switch (state_of(trial, folder)) {
        case TrialState::done:
          ++done_;
          return;
        case TrialState::begun:
          arguments = {"--resume", folder};  // config.json brings the rest
          break;
        case TrialState::fresh:
          arguments = to_arguments(trial.config);
          if (!trial.config.isa.path) arguments.insert(arguments.end(), {"--isa", name(path_)});
          arguments.insert(arguments.end(), {"--out", folder, "--force"});
      }
      arguments.insert(arguments.end(), {"--threads", concat(threads_)});
      if (!options_.cache.empty()) arguments.push_back(concat("--cache=", options_.cache));  // one word: it may begin as a flag does
      save_worker(folder);
      // Children share the cores: a thread that waits must not hold one.
      const std::int64_t begin = output->size();
      running_.push_back({trial.name, folder, ChildProcess(program_, arguments, {"OMP_WAIT_POLICY=passive"}, *output), begin});
    } catch (const Error& error) {
      // A folder that cannot be written to, or a program that is missing, is so for the others as well.
      hopeless_ = error.kind() == ErrorKind::input_output;
      add_failure(trial.name, error, progress);
    }
  }

  // All failures are thrown as one, once the others have ended; until then a user should know.
  void add_failure(const std::string& name, const Error& error, Progress& progress) {
    if (failure_ || !running_.empty() || may_start())
      progress.note(concat(name, " failed", hopeless_ ? ", no others begin" : "", ": ", error.what()));
    if (failure_) further_failures_.push_back(name);
    else failure_ = error;
  }

  [[noreturn]] void throw_failures() const {
    if (further_failures_.empty()) throw Error(*failure_);
    std::string names;
    for (const std::string& name : further_failures_) names += concat(names.empty() ? "" : ", ", name);
    fail(failure_->kind(), failure_->what(), "; ", further_failures_.size(), " more failed: ", names);
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
        save_failure(child.folder, error);
        add_failure(child.name, error, progress);
      }
    }
  }

  // Error where the trial failed.
  void settle(const Running& child, const ChildEnd& end, Progress& progress) {
    const int signal = InterruptGuard::signal_received();
    if (signal != 0 && (end.exit_code == 128 + signal || end.signal == signal || end.signal == SIGKILL)) return;
    const std::string output = child.folder + "/output.txt";
    if (end.exit_code == 0 && fs::exists(child.folder + "/scores.json")) {
      ++done_;
    } else if (end.exit_code == static_cast<int>(ErrorKind::diverged)) {
      const std::string word = last_word(program_, output, child.output_begin);
      write_file_atomically(child.folder + "/diverged.txt", word + "\n");
      progress.note(concat(child.name, " diverged: ", word));
      ++done_;
    } else if (end.exit_code == 0) {
      fail(ErrorKind::data, child.folder, ": train_gan left no scores.json; its last word in ", output, ": ",
           last_word(program_, output, child.output_begin));
    } else if (end.exit_code > static_cast<int>(ErrorKind::input_output) || end.exit_code < static_cast<int>(ErrorKind::usage)) {
      const std::string how = end.signal >= 0 ? concat("signal ", end.signal) : concat("exit code ", end.exit_code);
      fail(ErrorKind::input_output, child.folder, ": ended by ", how, ", go on with the same command; its last word in ", output, ": ",
           last_word(program_, output, child.output_begin));
    } else {
      fail(static_cast<ErrorKind>(end.exit_code), child.folder, ": ", last_word(program_, output, child.output_begin));
    }
  }

  // "dcgan-F-seed1 40%, lsgan-A-seed1": the share of what each has logged.
  std::string what_runs() {
    std::string text;
    for (Running& child : running_) {
      if (const auto now = Clock::now(); now - child.looked_up >= kSharePause) {
        child.looked_up = now;
        try {
          if (const auto share = trained_share(child.folder)) child.share = concat(' ', static_cast<int>(100.0 * *share), '%');
        } catch (const Error&) {
          // The child is just writing these files; what is wrong with them is told when the trial is read.
        }
      }
      text += concat(text.empty() ? "" : ", ", child.name, child.share);
    }
    return text;
  }

  const std::vector<Trial> pending_;
  const std::size_t total_;
  const std::size_t jobs_;
  const TrialOptions& options_;
  const std::string program_;
  const int threads_;  // of each
  const Isa path_;     // of those that begin and do not name theirs: measured once, and not beside others that run
  std::size_t next_ = 0;
  std::int64_t done_ = 0;
  int passed_on_ = 0;  // signals
  std::vector<Running> running_;
  std::vector<std::string> left_;  // which another process is at
  std::optional<Error> failure_;
  std::vector<std::string> further_failures_;  // of which trials
  bool hopeless_ = false;
};

}  // namespace

TrainedTrials train_trials(const std::vector<Trial>& trials, const TrialOptions& options) {
  check(options.jobs >= 0, "train_trials: ", options.jobs, " jobs");
  std::vector<Trial> pending;
  std::set<std::string> names;
  for (const Trial& trial : trials) {
    check(is_name(trial.name), "a trial's name is '", trial.name, "'");
    const auto same_name = [&](const Trial& other) { return other.name == trial.name; };
    check(*std::find_if(trials.begin(), trials.end(), same_name) == trial, "two unlike trials are named ", trial.name);
    if (!names.insert(trial.name).second) continue;
    if (state_of(trial, concat(options.folder, '/', trial.name)) != TrialState::done) pending.push_back(trial);
  }
  if (pending.empty()) return {};
  const std::size_t total = names.size();
  const int jobs = std::min(options.jobs > 0 ? options.jobs : thread_count(), static_cast<int>(pending.size()));
  return TrialRunner(std::move(pending), total, jobs, options).run();
}

std::optional<std::vector<TrialResult>> run_trials(const std::vector<Trial>& trials, const TrialOptions& options) {
  check(!options.leave_others, "run_trials: results of trials that are left to others");
  if (train_trials(trials, options).stopped) return std::nullopt;
  std::vector<TrialResult> results;
  results.reserve(trials.size());
  for (const Trial& trial : trials) results.push_back(read_trial(concat(options.folder, '/', trial.name)));
  return results;
}

}  // namespace pbgen
