// Who is at a trial, and which are done, running, stopped, failed or missing.
#include "tools/lib/trials/trial_status.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/tools/trials/trial_fixture.h"
#include "tools/lib/cli/child_process.h"
#include "tools/lib/trials/trial_files.h"
#include "tools/lib/trials/trial_worker.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kNow = 2'000'000'000;

class TrialStatusTest : public TrialTest {
 protected:
  std::string folder(const std::string& name) const { return concat(trials(), '/', name); }
  TrialStatus status(const Trial& trial) const { return status_of(trial, folder(trial.name), kNow); }
  void write_worker(const std::string& name, const std::string& text) const {
    write_file_atomically(folder(name) + "/worker.json", text);
  }
};

TEST_F(TrialStatusTest, ATrialThatNobodyBeganIsMissing) {
  EXPECT_EQ(status(trial("a", "score")).standing, TrialStanding::missing);
  EXPECT_FALSE(fs::exists(folder("a")));  // asking makes nothing
}

TEST_F(TrialStatusTest, OnesThatEndedTellHow) {
  const std::vector<Trial> all = {trial("good", "score"), trial("bad", "diverge"), trial("wrong", "fail"), trial("killed", "crash")};
  expect_error([&] { run_trials(all, options(1)); }, ErrorKind::data, {"holds no images; 1 more failed: killed"});
  EXPECT_EQ(status(all[0]).standing, TrialStanding::done);
  EXPECT_EQ(status(all[1]).standing, TrialStanding::diverged);
  EXPECT_EQ(status(all[1]).failure, "loss of D at iteration 31 is nan");
  EXPECT_EQ(status(all[2]).standing, TrialStanding::failed);
  EXPECT_TRUE(contains(status(all[2]).failure, "holds no images"));
  EXPECT_EQ(status(all[3]).standing, TrialStanding::failed);
  EXPECT_TRUE(contains(status(all[3]).failure, "signal 9"));
  // It goes on, and its failure is forgotten.
  ASSERT_TRUE(run_trials({all[3]}, options(1)).has_value());
  EXPECT_EQ(status(all[3]).standing, TrialStanding::done);
  EXPECT_EQ(read_failure(folder("killed")), "");
}

TEST_F(TrialStatusTest, AStoppedOneWasBegunAndNobodyIsAtIt) {
  const Trial asked = trial("a", "train");
  std::thread user([&] {
    while (!fs::exists(folder("a") + "/log.csv")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(status(asked).standing, TrialStanding::running);
    ::kill(::getpid(), SIGTERM);
  });
  EXPECT_FALSE(run_trials({asked}, options(1)).has_value());
  user.join();
  EXPECT_EQ(status(asked).standing, TrialStanding::stopped);
  EXPECT_DOUBLE_EQ(status(asked).share, 0.5);  // 20 of 40 iterations
}

TEST_F(TrialStatusTest, ARunningOneTellsWhereAndHowLong) {
  const Trial asked = trial("a", "train");
  ASSERT_TRUE(fs::create_directories(folder("a")));
  save_trial(asked, folder("a"));
  const ChildProcess other("/bin/sleep", {"60"}, {}, LockedOutput(folder("a") + "/output.txt"));
  EXPECT_EQ(status(asked).standing, TrialStanding::running);
  EXPECT_FALSE(status(asked).worker.has_value());
  write_worker("a", R"({"host": "node7", "process": 12, "begun": 1999999900, "share": 0.25})");
  write_file_atomically(folder("a") + "/config.json", R"({"iterations": 40})");
  write_file_atomically(folder("a") + "/log.csv", "iteration,epoch,loss_d,loss_g,d_real,d_fake,img_per_s,swd\n20,1,1,2,.5,.2,10,\n");
  const TrialStatus running = status(asked);
  ASSERT_TRUE(running.worker.has_value());
  EXPECT_EQ(running.worker->host, "node7");
  EXPECT_DOUBLE_EQ(running.share, 0.5);
  // A quarter in 100 s: the other half takes 200.
  ASSERT_TRUE(running.seconds_left.has_value());
  EXPECT_DOUBLE_EQ(*running.seconds_left, 200.0);
  EXPECT_EQ(worker_text(running), " (node7, process 12)");

  const std::vector<TrialStatus> all = {running, status(trial("b", "score")), status(trial("c", "score"))};
  EXPECT_EQ(status_line(all), "3 trials: 1 running, 2 missing");
  const Table table = status_table(all, kNow);
  EXPECT_EQ(table.rows.at(0), (std::vector<std::string>{"a", "running", "50%", "node7, process 12", "1:40", "3:20"}));
  other.send(SIGKILL);
  while (!other.poll()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

TEST_F(TrialStatusTest, AWorkerNamesThisProcess) {
  ASSERT_TRUE(fs::create_directories(folder("a")));
  save_failure(folder("a"), Error(ErrorKind::data, "of an earlier sitting"));
  EXPECT_EQ(read_failure(folder("a")), "of an earlier sitting");
  const std::int64_t before = std::time(nullptr);
  save_worker(folder("a"));
  EXPECT_EQ(read_failure(folder("a")), "");
  const auto worker = read_worker(folder("a"));
  ASSERT_TRUE(worker.has_value());
  EXPECT_FALSE(worker->host.empty());
  EXPECT_EQ(worker->process, ::getpid());
  EXPECT_GE(worker->begun, before);
  EXPECT_EQ(worker->share, 0.0);
  for (const char* const broken : {"{}", "[]", R"({"host": 1, "process": 1, "begun": 1, "share": 0})",
                                   R"({"host": "a", "process": "b", "begun": 1, "share": 0})",
                                   R"({"host": "a", "process": 1, "begun": -9223372036854775807, "share": 0})",
                                   R"({"host": "a", "process": 1, "begun": 1, "share": 1.5})", "half a"}) {
    write_worker("a", broken);
    expect_error([&] { read_worker(folder("a")); }, ErrorKind::data, {"worker.json"});
  }
}

}  // namespace
}  // namespace pbgen
