// train_gan under mpirun on this machine: the same bytes as alone, and an end without a hang whatever happens to a rank.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/contains.h"
#include "tests/support/tool_run.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::string contents(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Flags of a run in four shards.
const Arguments kShared = {"--size", "16", "--g-widths", "16,12,8,8", "--d-widths", "8,8,12,16", "--synthetic-images", "200", "--z-dim",
                           "8", "--batch", "32", "--shards", "4", "--swd-every", "0", "--sample-every", "4", "--checkpoint-every", "4",
                           "--keep", "100", "--ema", "0.9", "--mirror"};

class Mpi : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("PBGEN_MPIRUN") == nullptr) GTEST_SKIP() << "this build has no MPI: `make MPI=1 test`";
    skip_without({"train_gan"});
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  static Arguments words(const std::string& out, const Arguments& more = {}) { return Arguments{"--out", out} + kShared + more; }

  // What mpirun takes in front of a program: as root it wants a flag of its own, and more ranks than cores another one.
  static Arguments launch(int ranks) {
    return {"--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", std::to_string(ranks)};
  }
  ToolRun alone(const Arguments& arguments) { return run_tool_at(*tool_path("train_gan"), arguments, folder_.string()); }
  ToolRun on_ranks(int ranks, const Arguments& arguments) { return mpirun(launch(ranks) + Arguments{*tool_path("train_gan")} + arguments); }
  ToolRun mpirun(const Arguments& arguments) { return run_tool_at(std::getenv("PBGEN_MPIRUN"), arguments, folder_.string()); }

  // What a run leaves that does not tell the time, one file behind the other.
  std::string results(const std::string& run) const {
    std::vector<fs::path> files;
    for (const char* const room : {"checkpoints", "samples"})
      for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(run) / room)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::string all;
    for (const fs::path& file : files) all += file.filename().string() + contents(file);
    return all;
  }

  // The process of a rank of the run in that folder; 0 where there is none.
  static pid_t process_of(const std::string& run, int rank) {
    const std::string variable = "OMPI_COMM_WORLD_RANK=" + std::to_string(rank) + '\0';
    for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
      const std::string number = entry.path().filename().string();
      if (number.find_first_not_of("0123456789") != std::string::npos) continue;
      if (!contains(contents(entry.path() / "cmdline"), run)) continue;
      if (contains(contents(entry.path() / "environ"), variable)) return static_cast<pid_t>(std::stol(number));
    }
    return 0;
  }

  // Starts a run without an end on two ranks, waits for a checkpoint, sends the signal to a rank, and returns how mpirun ended and how many
  // seconds it took from then on.
  struct Ended {
    ToolRun run;
    double seconds;
  };
  Ended end_by(const std::string& run, int rank, int signal, const Arguments& more = {}) {
    auto running = std::async(std::launch::async, [&] {
      return on_ranks(2, words(run, Arguments{"--iterations", "1000000", "--keep", "2"} + more));
    });
    const Clock::time_point begin = Clock::now();
    while (!fs::exists(fs::path(run) / "checkpoints") || fs::is_empty(fs::path(run) / "checkpoints")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      if (Clock::now() - begin > std::chrono::seconds(60)) break;
    }
    const Clock::time_point sent = Clock::now();
    const pid_t process = process_of(run, rank);
    EXPECT_GT(process, 0);
    if (process > 0) ::kill(process, signal);
    ToolRun ended = running.get();
    return {std::move(ended), std::chrono::duration<double>(Clock::now() - sent).count()};
  }

  fs::path folder_ = fs::temp_directory_path() / ("pbgen_mpi_test_" + std::to_string(::getpid()));
};

TEST_F(Mpi, TheSameBytesOnAnyNumberOfRanks) {
  for (const Arguments& kind :
       {Arguments{"--setting", "A"}, Arguments{"--setting", "H", "--smooth", "2"}, Arguments{"--setting", "H", "--loss", "wgan"}}) {
    const Arguments more = kind + Arguments{"--iterations", "8"};
    const std::string reference = path("alone");
    ASSERT_EQ(alone(words(reference, more)).exit_code, 0);
    for (const int ranks : {1, 2, 4})
      for (const char* const threads : {"1", "2"}) {
        const std::string run = path("shared");
        const ToolRun ended = on_ranks(ranks, words(run, more + Arguments{"--threads", threads}));
        ASSERT_EQ(ended.exit_code, 0) << ended.err;
        EXPECT_EQ(results(run), results(reference)) << ranks << " ranks, " << threads << " threads, " << kind[1];
        fs::remove_all(run);
      }
    fs::remove_all(reference);
  }
}

TEST_F(Mpi, ScoresAreThoseOfOneProcess) {
  const Arguments more = {"--setting", "H", "--iterations", "4", "--swd-every", "2", "--swd-images", "16"};
  ASSERT_EQ(alone(words(path("alone"), more)).exit_code, 0);
  const ToolRun shared = on_ranks(2, words(path("shared"), more));
  ASSERT_EQ(shared.exit_code, 0) << shared.err;
  const auto table = [](const std::string& text) {
    return text.substr(text.find("Sliced"), text.find("Trained for") - text.find("Sliced"));
  };
  EXPECT_EQ(table(shared.out), table(run_tool_at(*tool_path("train_gan"), words(path("again"), more), folder_.string()).out));
  EXPECT_TRUE(contains(shared.out, "2 ranks of ")) << shared.out;
}

TEST_F(Mpi, GoesOnOnAnotherNumberOfRanks) {
  ASSERT_EQ(alone(words(path("straight"), {"--setting", "H", "--iterations", "12"})).exit_code, 0);
  const std::string run = path("run");
  ASSERT_EQ(on_ranks(4, words(run, {"--setting", "H", "--iterations", "4"})).exit_code, 0);
  const ToolRun second = on_ranks(2, {"--resume", run, "--iterations", "8"});
  ASSERT_EQ(second.exit_code, 0) << second.err;
  const ToolRun third = alone({"--resume", run, "--iterations", "12"});
  ASSERT_EQ(third.exit_code, 0) << third.err;
  EXPECT_EQ(results(run), results(path("straight")));
}

TEST_F(Mpi, BeginsFromWeightsAndProfiles) {
  ASSERT_EQ(alone(words(path("first"), {"--iterations", "4"})).exit_code, 0);
  const Arguments second = {"--init-from", path("first"), "--iterations", "8", "--ema", "0", "--setting", "H"};
  ASSERT_EQ(alone(words(path("alone"), second)).exit_code, 0);
  const ToolRun run = on_ranks(2, words(path("shared"), second + Arguments{"--profile"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(results(path("shared")), results(path("alone")));
  EXPECT_TRUE(contains(run.out, "An iteration of batch 16, mean of ")) << run.out;
  EXPECT_EQ(on_ranks(2, words(path("none"), {"--dry-run"})).exit_code, 0);
  EXPECT_FALSE(fs::exists(path("none")));
}

TEST_F(Mpi, ARunThatLacksItsResultsAloneGetsThem) {
  const Arguments more = {"--iterations", "4", "--swd-every", "2", "--swd-images", "16"};
  const std::string run = path("run");
  ASSERT_EQ(on_ranks(2, words(run, more)).exit_code, 0);
  const fs::path scores = fs::path(run) / "scores.json";
  ASSERT_TRUE(fs::remove(scores));
  const ToolRun again = on_ranks(4, {"--resume", run});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_TRUE(contains(again.out, "All 4 iterations are trained")) << again.out;
  EXPECT_TRUE(fs::exists(scores));
}

TEST_F(Mpi, ShardsAreARunsOwn) {
  ASSERT_EQ(alone(words(path("run"), {"--iterations", "4"})).exit_code, 0);
  const ToolRun other = alone({"--resume", path("run"), "--iterations", "8", "--shards", "2"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_TRUE(contains(other.err, "shards 2 (checkpoint: 4)")) << other.err;
}

TEST_F(Mpi, RanksThatDoNotFitAreRefusedOnce) {
  const ToolRun run = on_ranks(2, words(path("run"), {"--shards", "1", "--iterations", "4"}));
  EXPECT_EQ(run.exit_code, 2) << run.err;
  const std::string message = "--shards 1: expected a multiple of the 2 ranks: 2, 4";
  const std::size_t first = run.err.find(message);
  ASSERT_NE(first, std::string::npos) << run.err;
  EXPECT_EQ(run.err.find(message, first + 1), std::string::npos) << run.err;
}

TEST_F(Mpi, OtherArgumentsAreRefusedByTheRanksNumber) {
  const std::string tool = *tool_path("train_gan");
  const ToolRun run = mpirun(launch(1) + Arguments{tool} + words(path("run"), {"--iterations", "4"}) + Arguments{":", "-n", "1", tool} +
                             words(path("run"), {"--iterations", "8"}));
  EXPECT_EQ(run.exit_code, 2) << run.err;
  EXPECT_TRUE(contains(run.err, "rank 1: its arguments are not rank 0's")) << run.err;
  EXPECT_FALSE(fs::exists(path("run")));
}

TEST_F(Mpi, OtherImagesAreRefusedByTheRanksNumber) {
  const auto images = [&](const std::string& place, const std::string& seed) {
    return run_tool_at(*tool_path("make_faces"), {"--out", path(place) + "/images", "--n", "64", "--size", "16", "--seed", seed},
                       folder_.string());
  };
  fs::create_directories(path("here"));
  fs::create_directories(path("there"));
  ASSERT_EQ(images("here", "1").exit_code, 0);
  ASSERT_EQ(images("there", "2").exit_code, 0);
  const Arguments run = Arguments{*tool_path("train_gan")} + words(path("run"), {"--iterations", "4", "--data", "images"});
  const ToolRun ended =
      mpirun(launch(1) + Arguments{"-wdir", path("here")} + run + Arguments{":", "-n", "1", "-wdir", path("there")} + run);
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_TRUE(contains(ended.err, "rank 1: its images are not rank 0's")) << ended.err;
}

TEST_F(Mpi, AKilledRankEndsTheJobAndTheRunGoesOn) {
  for (const int rank : {0, 1}) {
    const std::string run = path("killed" + std::to_string(rank));
    const Ended ended = end_by(run, rank, SIGKILL);
    EXPECT_NE(ended.run.exit_code, 0);
    EXPECT_LT(ended.seconds, 10.0);
    EXPECT_TRUE(contains(ended.run.err, "rank " + std::to_string(rank))) << ended.run.err;
    EXPECT_EQ(process_of(run, 1 - rank), 0);
    std::vector<std::string> left;
    for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(run) / "checkpoints")) left.push_back(entry.path().filename());
    const std::string until = std::to_string(std::stoi(*std::max_element(left.begin(), left.end())) + 4);
    const ToolRun resumed = on_ranks(4, {"--resume", run, "--iterations", until});
    EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
    const std::string straight = path("straight");
    ASSERT_EQ(alone(words(straight, {"--iterations", until})).exit_code, 0);
    char name[32];
    std::snprintf(name, sizeof name, "%08d.safetensors", std::stoi(until));
    EXPECT_EQ(contents(fs::path(run) / "checkpoints" / name), contents(fs::path(straight) / "checkpoints" / name));
    fs::remove_all(straight);
  }
}

TEST_F(Mpi, ARankThatHangsIsNamedInTime) {
  for (const int rank : {0, 1}) {
    const std::string run = path("hangs" + std::to_string(rank));
    const Ended ended = end_by(run, rank, SIGSTOP, {"--mpi-timeout", "2"});
    EXPECT_EQ(ended.run.exit_code, 6) << ended.run.err;
    EXPECT_LT(ended.seconds, 2.0 + 5.0 + 10.0);
    EXPECT_TRUE(contains(ended.run.err, "rank " + std::to_string(rank) + " has not answered for ")) << ended.run.err;
    EXPECT_TRUE(contains(ended.run.err, " s (--mpi-timeout 2)")) << ended.run.err;
    EXPECT_TRUE(contains(ended.run.err, "go on with --resume")) << ended.run.err;
  }
}

TEST_F(Mpi, ASignalToOneRankSavesOnce) {
  const std::string run = path("stopped");
  const Ended ended = end_by(run, 1, SIGTERM, {"--checkpoint-every", "5"});
  EXPECT_EQ(ended.run.exit_code, 143) << ended.run.err;
  EXPECT_TRUE(contains(ended.run.out, "Stopped at iteration ")) << ended.run.out;
  const std::string at = ended.run.out.substr(ended.run.out.find("Stopped at iteration ") + 21);
  const int iteration = std::stoi(at);
  const std::string until = std::to_string(iteration + 3);
  const ToolRun resumed = on_ranks(4, {"--resume", run, "--iterations", until});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  const ToolRun straight = alone(words(path("straight"), {"--iterations", until}));
  ASSERT_EQ(straight.exit_code, 0);
  char name[32];
  std::snprintf(name, sizeof name, "%08d.safetensors", iteration + 3);
  EXPECT_EQ(contents(fs::path(run) / "checkpoints" / name), contents(fs::path(path("straight")) / "checkpoints" / name));
}

TEST_F(Mpi, WhatRankZeroCannotWriteEndsAllWithItsMessage) {
  std::ofstream(path("file")) << "no folder";
  const ToolRun run = on_ranks(2, words(path("file") + "/run", {"--iterations", "4"}));
  EXPECT_EQ(run.exit_code, 6) << run.err;
}

// A build without MPI does not train as many networks as it was started times.
TEST(NoMpi, RefusesToBeOneOfMany) {
  if (std::getenv("PBGEN_MPIRUN") != nullptr) GTEST_SKIP() << "this build has MPI";
  skip_without({"train_gan"});
  if (testing::Test::IsSkipped()) return;
  const fs::path folder = fs::temp_directory_path() / ("pbgen_no_mpi_test_" + std::to_string(::getpid()));
  fs::create_directories(folder);
  for (const char* const variable : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}) {
    ASSERT_EQ(::setenv(variable, "2", 1), 0);
    const ToolRun run = run_tool_at(*tool_path("train_gan"), Arguments{"--out", (folder / "run").string()} + kTiny, folder.string());
    ::unsetenv(variable);
    EXPECT_EQ(run.exit_code, 2) << variable;
    EXPECT_TRUE(contains(run.err, "mpirun started 2 processes of a build without MPI")) << run.err;
  }
  EXPECT_FALSE(fs::exists(folder / "run"));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace pbgen
