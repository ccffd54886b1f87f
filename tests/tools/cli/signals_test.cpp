// What is done to a running tool from outside: readers that go, files that may not grow, limits, signals that whoever started it had
// ignored or blocked.
#include "tools/lib/cli/signals.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/files/file.h"
#include "gan/checkpoint.h"
#include "tests/support/image_files.h"
#include "tests/support/signal_state.h"
#include "tests/support/tool_run.h"
#include "tools/lib/runs/find_checkpoint.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

// A pipe whose reader has gone.
class BrokenPipe {
 public:
  BrokenPipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    ::close(ends[0]);
    descriptor_ = ends[1];
  }
  ~BrokenPipe() { ::close(descriptor_); }
  BrokenPipe(const BrokenPipe&) = delete;
  BrokenPipe& operator=(const BrokenPipe&) = delete;

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

class Signals : public testing::Test {
 protected:
  void SetUp() override { skip_without({"train_gan", "bench"}); }

  // Descriptors below 0: a file of the test's folder, "out" or "err".  blocked: signals that it is started with.
  pid_t start(const std::string& tool, const Arguments& arguments, int out, int err, const std::vector<int>& blocked = {}) const {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    const auto lead = [&](int from, int to, const std::string& name) {
      if (from >= 0) posix_spawn_file_actions_adddup2(&actions, from, to);
      else posix_spawn_file_actions_addopen(&actions, to, (folder_ / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    };
    lead(out, STDOUT_FILENO, "out");
    lead(err, STDERR_FILENO, "err");
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t mask;
    sigemptyset(&mask);
    for (const int signal : blocked) sigaddset(&mask, signal);
    posix_spawnattr_setsigmask(&attributes, &mask);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    Arguments words = arguments;
    words.insert(words.begin(), *tool_path(tool));
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    pid_t pid = -1;
    EXPECT_EQ(::posix_spawn(&pid, pointers[0], &actions, &attributes, pointers.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return pid;
  }
  // As a shell shows it: the exit code, or 128 and the signal that ended it.
  static int end_of(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  // The same of a command of sh; what it says goes to "out" and "err".
  int shell(const std::string& command) const {
    const std::string whole = "exec >" + (folder_ / "out") + " 2>" + (folder_ / "err") + " </dev/null; " + command;
    const int status = std::system(whole.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string text(const std::string& name) const { return read_text_file(folder_ / name, 1 << 20); }
  static Arguments with(Arguments left, const Arguments& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
  }
  std::string training(const Arguments& more) const {
    std::string command = "exec " + *tool_path("train_gan");
    for (const std::string& argument : with(kTiny, more)) command += " '" + argument + "'";
    return command;
  }
  // Until the run has iterations behind it.
  void wait_for_iterations(const std::string& run) const {
    const auto has_row = [&] {
      return fs::exists(run + "/log.csv") && read_text_file(run + "/log.csv", 1 << 20).find("\n10,") != std::string::npos;
    };
    for (int i = 0; i < 6000 && !has_row(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_TRUE(has_row()) << text("err");
  }

  PlainSignals plain_;
  TestFolder folder_;
};

TEST_F(Signals, ARunGoesOnWhereNobodyReadsItsProgress) {
  const BrokenPipe broken;
  const std::string run = folder_ / "run";
  EXPECT_EQ(end_of(start("train_gan", with(kTiny, {"--iterations", "30", "--out", run}), -1, broken.descriptor())), 0);
  EXPECT_TRUE(fs::exists(run + "/scores.json"));
}

// What it had to say is lost, what it was to make is there.
TEST_F(Signals, ARunGoesOnWhereNobodyReadsAnythingOfIt) {
  const BrokenPipe broken;
  const std::string run = folder_ / "run";
  const int end = end_of(start("train_gan", with(kTiny, {"--iterations", "30", "--out", run}), broken.descriptor(), broken.descriptor()));
  EXPECT_EQ(end, 6);
  EXPECT_TRUE(fs::exists(run + "/scores.json"));
  EXPECT_NO_THROW(Checkpoint::load(named_checkpoint(run)));
}

// `bench | head -1`: minutes of measurements that nobody sees.
TEST_F(Signals, WorkWhoseOnlyResultNobodyReadsEndsAtOnceWithoutAWord) {
  const BrokenPipe broken;
  EXPECT_EQ(end_of(start("bench", {}, broken.descriptor(), -1)), 6);
  EXPECT_EQ(text("err"), "");
}

TEST_F(Signals, AFileThatMayNotGrowIsAnErrorOfTheWrite) {
  const std::string run = folder_ / "run";
  EXPECT_EQ(shell("ulimit -f 40; " + training({"--iterations", "3", "--out", run})), 6) << text("err");
  EXPECT_NE(text("err").find("File too large"), std::string::npos) << text("err");
}

TEST_F(Signals, ARunWhoseCpuTimeIsUsedUpIsSaved) {
  const std::string run = folder_ / "run";
  EXPECT_EQ(shell("ulimit -S -t 1; " + training({"--iterations", "10000000", "--out", run})), 128 + SIGXCPU) << text("err");
  EXPECT_NE(text("out").find("--resume"), std::string::npos);
  EXPECT_GT(Checkpoint::load(named_checkpoint(run)).iteration(), 0);
}

TEST_F(Signals, ASignalThatItsStarterHadBlockedIsHeeded) {
  const std::string run = folder_ / "run";
  const pid_t pid = start("train_gan", with(kTiny, {"--iterations", "10000000", "--out", run}), -1, -1, {SIGTERM, SIGINT});
  wait_for_iterations(run);
  ::kill(pid, SIGTERM);
  EXPECT_EQ(end_of(pid), 128 + SIGTERM) << text("err");
  EXPECT_NO_THROW(Checkpoint::load(named_checkpoint(run)));
}

TEST_F(Signals, AnInterruptOfAJobInTheBackgroundIsHeededAndAHangUpUnderNohupIsNot) {
  const std::string run = folder_ / "run";
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGHUP, SIG_IGN);
  const pid_t pid = start("train_gan", with(kTiny, {"--iterations", "10000000", "--out", run}), -1, -1);
  wait_for_iterations(run);
  ::kill(pid, SIGHUP);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(::kill(pid, 0), 0);
  ::kill(pid, SIGINT);
  EXPECT_EQ(end_of(pid), 128 + SIGINT) << text("err");
  EXPECT_NO_THROW(Checkpoint::load(named_checkpoint(run)));
}

// A search's trials are children: that one ended must reach it whatever its starter did with SIGCHLD.
TEST_F(Signals, WhatToolsChangeOrNeedIsNotInheritedByWhatTheyStart) {
  const sigset_t own = signals_of_our_own();
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGXFSZ, SIGXCPU}) EXPECT_EQ(sigismember(&own, signal), 1) << signal;
  EXPECT_EQ(sigismember(&own, SIGHUP), 0);
  std::signal(SIGCHLD, SIG_IGN);
  prepare_signals();
  EXPECT_EQ(std::signal(SIGCHLD, SIG_DFL), SIG_DFL);
  EXPECT_EQ(std::signal(SIGPIPE, SIG_DFL), SIG_IGN);
  EXPECT_EQ(std::signal(SIGXFSZ, SIG_DFL), SIG_IGN);
}

}  // namespace
}  // namespace pbgen
