// A run's folder: which one is taken, what its log keeps, and that nothing of others is ever deleted.
#include "tools/lib/runs/run_directory.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "tests/support/image_files.h"
#include "tests/support/output_text.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHeader = "iteration,epoch,loss_d,loss_g,d_real,d_fake,img_per_s,swd\n";

// runs/ is looked for in the current folder.
class RunDirectoryTest : public testing::Test {
 protected:
  RunDirectoryTest() : before_(fs::current_path()) { fs::current_path(folder_.path()); }
  ~RunDirectoryTest() override { fs::current_path(before_); }

  // A checkpoint, as far as names go, that is `seconds` old.
  static void write_checkpoint(const std::string& path, int seconds) {
    write_bytes(path, bytes_of("x"));
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::seconds(seconds));
  }
  static LogRow row(std::int64_t iteration) { return {iteration, 0.1, 1.25, 2.5, 0.75, 0.25, 1e-7, std::nullopt}; }

  TestFolder folder_;
  fs::path before_;
};

TEST_F(RunDirectoryTest, ANewRunTakesTheFirstFreeNumber) {
  EXPECT_EQ(RunDirectory::first_free("H-dcgan-64"), "runs/H-dcgan-64-001");
  fs::create_directories("runs/H-dcgan-64-001");
  fs::create_directories("runs/H-dcgan-64-003");
  fs::create_directories("runs/A-dcgan-64-002");
  EXPECT_EQ(RunDirectory::first_free("H-dcgan-64"), "runs/H-dcgan-64-002");
  fs::create_symlink("nowhere", "runs/H-dcgan-64-002");
  EXPECT_EQ(RunDirectory::first_free("H-dcgan-64"), "runs/H-dcgan-64-004");
}

TEST_F(RunDirectoryTest, TheNewestRunIsTheOneThatWroteACheckpointLast) {
  EXPECT_EQ(RunDirectory::newest("H-dcgan-64"), "");
  write_checkpoint("runs/H-dcgan-64-002/checkpoints/00000010.safetensors", 300);
  write_checkpoint("runs/H-dcgan-64-004/checkpoints/00000900.safetensors", 600);
  fs::create_directories("runs/H-dcgan-64-005/checkpoints");                        // none yet
  write_checkpoint("runs/A-dcgan-64-001/checkpoints/00000010.safetensors", 0);      // another kind of run
  write_checkpoint("runs/H-dcgan-64-copy/checkpoints/00000010.safetensors", 0);     // named by a user
  write_checkpoint("runs/H-dcgan-64-0001/checkpoints/00000010.safetensors", 0);
  EXPECT_EQ(RunDirectory::newest("H-dcgan-64"), "runs/H-dcgan-64-002");
  write_checkpoint("runs/H-dcgan-64-1000/checkpoints/00000010.safetensors", 30);
  EXPECT_EQ(RunDirectory::newest("H-dcgan-64"), "runs/H-dcgan-64-1000");
}

TEST_F(RunDirectoryTest, AFolderThatHoldsSomethingIsRefusedUnlessForced) {
  write_bytes("taken/notes.txt", bytes_of("mine"));
  write_bytes("./file", bytes_of("mine"));
  for (const char* const path : {"taken", "file"}) {
    expect_refusal(ErrorKind::usage, path, [&] { RunDirectory::create(path, false); });
  }
  fs::create_directories("empty");
  for (const char* const path : {"empty", "deep/new"}) EXPECT_NO_THROW(RunDirectory::create(path, false)) << path;
  EXPECT_TRUE(fs::is_empty("empty"));
  EXPECT_FALSE(fs::exists("deep"));
  RunDirectory::create("taken", true).make();
  EXPECT_TRUE(fs::is_directory("taken/samples"));
  EXPECT_TRUE(fs::is_directory("taken/checkpoints"));
  EXPECT_EQ(text_of("taken/notes.txt"), "mine");
}

TEST_F(RunDirectoryTest, OldCheckpointsGoByOurExactNamesOnly) {
  const RunDirectory run = RunDirectory::open("run");
  for (const int iteration : {10, 20, 30, 40}) write_bytes(run.checkpoint_path(iteration), bytes_of("x"));
  EXPECT_EQ(run.checkpoint_path(20), "run/checkpoints/00000020.safetensors");
  const std::vector<std::string> foreign = {"run/checkpoints/15.safetensors",   "run/checkpoints/00000015.safetensors.bak",
                                            "run/checkpoints/best.safetensors", "run/checkpoints/-0000005.safetensors",
                                            "run/checkpoints/.safetensors",     "run/samples/00000010.png"};
  for (const std::string& path : foreign) write_bytes(path, bytes_of("mine"));
  run.keep_checkpoints(2, 30, 30);  // 40 is from a later part of a run that was resumed at 20: not this run's to judge
  EXPECT_FALSE(fs::exists(run.checkpoint_path(10)));
  for (const int iteration : {20, 30, 40}) EXPECT_TRUE(fs::exists(run.checkpoint_path(iteration))) << iteration;
  for (const std::string& path : foreign) EXPECT_TRUE(fs::exists(path)) << path;
}

TEST_F(RunDirectoryTest, TheBestCheckpointStaysHoweverOld) {
  const RunDirectory run = RunDirectory::open("run");
  for (const int iteration : {10, 20, 30, 40}) write_bytes(run.checkpoint_path(iteration), bytes_of("x"));
  run.keep_checkpoints(1, 40, 20);
  for (const int iteration : {10, 30}) EXPECT_FALSE(fs::exists(run.checkpoint_path(iteration))) << iteration;
  for (const int iteration : {20, 40}) EXPECT_TRUE(fs::exists(run.checkpoint_path(iteration))) << iteration;
}

TEST_F(RunDirectoryTest, AnOlderRunGoesWithItsScoresAndReports) {
  const RunDirectory run = RunDirectory::open("run");
  for (const std::string& path : {run.scores_path(), run.report_path(), run.profile_path()}) write_bytes(path, bytes_of("x"));
  EXPECT_EQ(run.remove_older_run(), 0);  // no configuration of ours
  EXPECT_EQ(run.remove_results(), 0);
  write_bytes(run.config_path(), bytes_of(R"({"binarize_g":"1","g_widths":"1,2,3,4","sample_every":0})"));
  EXPECT_EQ(run.remove_older_run(), 3);
  EXPECT_FALSE(fs::exists("run/scores.json"));
  EXPECT_FALSE(fs::exists("run/report.html"));
}

TEST_F(RunDirectoryTest, ResultsGoAndWhatARunGoesOnFromStays) {
  const RunDirectory run = RunDirectory::open("run");
  write_bytes(run.config_path(), bytes_of(R"({"binarize_g":"1","g_widths":"1,2,3,4","sample_every":0})"));
  const std::vector<std::string> lasting = {run.checkpoint_path(10), run.sample_path(10), "run/log.csv"};
  for (const std::string& path : lasting) write_bytes(path, bytes_of("x"));
  for (const std::string& path : {run.scores_path(), run.report_path(), run.profile_path()}) write_bytes(path, bytes_of("x"));
  EXPECT_EQ(run.remove_results(), 3);
  for (const std::string& path : {run.scores_path(), run.report_path(), run.profile_path()}) EXPECT_FALSE(fs::exists(path)) << path;
  for (const std::string& path : lasting) EXPECT_TRUE(fs::exists(path)) << path;
}

TEST_F(RunDirectoryTest, TheLastRowIsTheLastWholeOneHoweverLongTheLog) {
  EXPECT_FALSE(RunDirectory::last_row("run/log.csv").has_value());
  std::string log = "iteration,epoch,loss_d,loss_g,d_real,d_fake,img_per_s,swd\n";
  write_bytes("run/log.csv", bytes_of(log));
  EXPECT_FALSE(RunDirectory::last_row("run/log.csv").has_value());
  for (int i = 1; i <= 300; ++i) {  // several times what is read of the end
    log += std::to_string(i) + ",0.5,1.25,2.5,0.75,0.25,100,\n";
    write_bytes("run/log.csv", bytes_of(log + "99999,0.5,1."));
    const auto last = RunDirectory::last_row("run/log.csv");
    ASSERT_TRUE(last.has_value()) << i;
    ASSERT_EQ(last->iteration, i);
  }
}

TEST_F(RunDirectoryTest, NumberedFilesComeByTheirNumber) {
  const RunDirectory run = RunDirectory::open("run");
  EXPECT_TRUE(run.checkpoints().empty());
  for (const std::int64_t iteration : {std::int64_t{100000000}, std::int64_t{99999999}, std::int64_t{7}})
    write_bytes(run.sample_path(iteration), bytes_of("x"));
  write_bytes("run/samples/grid.png", bytes_of("x"));
  const auto samples = run.samples();
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[0].second, "run/samples/00000007.png");
  EXPECT_EQ(samples[1].first, 99999999);
  EXPECT_EQ(samples[2].first, 100000000);
}

TEST_F(RunDirectoryTest, ALogGoesOnBehindTheResumedIteration) {
  {
    RunDirectory run = RunDirectory::open("run");
    run.make();
    EXPECT_TRUE(run.begin_log(0).empty());
    for (const std::int64_t iteration : {1, 10, 20, 30}) run.log(row(iteration));
  }
  const std::string whole = text_of("run/log.csv");
  EXPECT_EQ(whole, std::string(kHeader) + "1,0.1,1.25,2.5,0.75,0.25,1e-07,\n10,0.1,1.25,2.5,0.75,0.25,1e-07,\n"
                                          "20,0.1,1.25,2.5,0.75,0.25,1e-07,\n30,0.1,1.25,2.5,0.75,0.25,1e-07,\n");
  {
    RunDirectory run = RunDirectory::open("run");
    const std::vector<LogRow> rows = run.begin_log(20);
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[2].iteration, 20);
    EXPECT_EQ(rows[2].loss_g, 2.5);
    EXPECT_FALSE(rows[2].swd.has_value());
    LogRow scored = row(30);
    scored.swd = 0.1;
    run.log(scored);
    EXPECT_EQ(text_of("run/log.csv"), whole.substr(0, whole.size() - 1) + "0.1\n");
  }
  EXPECT_TRUE(RunDirectory::open("run").begin_log(0).empty());
  EXPECT_EQ(text_of("run/log.csv"), kHeader);
}

TEST_F(RunDirectoryTest, LinesThatAreNoRowsAreDropped) {
  const std::string good = "10,0.1,1.25,nan,0.75,0.25,7,0.5\n";
  write_bytes("run/log.csv", bytes_of(kHeader + good + "11,0.1,1.25\n12,0.1,x,2.5,0.75,0.25,7,\n13,0.1,1,2,3,4,5,6,7\n-1,0,0,0,0,0,0,\n"
                                      "nan,0,0,0,0,0,0,\n\n1e300,0,0,0,0,0,0,\n14,0.1,1.25,2.5,0.75,0.25,7,0."));
  const std::vector<LogRow> rows = RunDirectory::open("run").begin_log(100);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].swd, 0.5);
  EXPECT_EQ(text_of("run/log.csv"), kHeader + good);
}

}  // namespace
}  // namespace pbgen
