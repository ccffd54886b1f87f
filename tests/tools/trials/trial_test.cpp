// Trials: which run, resume or are skipped, how they fail, and that what comes out does not depend on how many run side by side.
#include "tools/lib/trials/trial.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "tests/support/contains.h"
#include "tests/support/image_files.h"
#include "tests/support/output_text.h"
#include "tests/support/refusal.h"
#include "tests/support/signal_state.h"
#include "tests/support/tool_run.h"
#include "tests/tools/trials/trial_fixture.h"
#include "tools/lib/cli/child_process.h"
#include "tools/lib/cli/interrupt.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/train/run_config_text.h"
#include "tools/lib/trials/run_trials.h"
#include "tools/lib/trials/trial_files.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

TEST_F(TrialTest, RunsEachOnceAndSkipsWhatIsDone) {
  const std::vector<Trial> all = {trial("a", "score"), trial("b", "slow"), trial("a", "score"), trial("c", "score")};
  const auto results = run_trials(all, options());
  ASSERT_TRUE(results.has_value());
  ASSERT_EQ(results->size(), 4u);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ((*results)[i].name, all[i].name);
  EXPECT_EQ(calls().size(), 3u);

  const TrialResult& b = (*results)[1];
  EXPECT_EQ(b.folder, trials() + "/b");
  EXPECT_EQ(b.command, command(all[1]));
  EXPECT_FALSE(b.diverged);
  EXPECT_EQ(b.sizes, (std::vector<int>{32, 16}));
  ASSERT_EQ(b.generator.levels.size(), 2u);
  EXPECT_EQ(b.generator.levels[1].mean, 1.5);
  EXPECT_EQ(b.generator.levels[1].sd, 0.75);
  EXPECT_EQ(b.generator.mean.sd, 0.5);
  EXPECT_EQ(b.noise_floor.levels[0].mean, 0.125);
  EXPECT_TRUE(std::isnan(b.noise_floor.levels[1].mean));
  ASSERT_EQ(b.untrained.levels.size(), 2u);
  EXPECT_TRUE(std::isnan(b.untrained.mean.mean));  // no such column
  EXPECT_EQ(b.num_images, 16);
  EXPECT_EQ(b.repeats, 3);
  EXPECT_EQ(b.iterations, 40);
  EXPECT_EQ(b.seconds, 1.5);
  ASSERT_EQ(b.rows.size(), 1u);  // half a line is none
  EXPECT_EQ(b.rows[0].iteration, 40);

  ASSERT_TRUE(run_trials(all, options()).has_value());
  EXPECT_EQ(calls().size(), 3u);
  // Nothing is started where nothing is left, not even looked for.
  EXPECT_TRUE(run_trials(all, {trials(), 0, "/nowhere/train_gan"}).has_value());
}

TEST_F(TrialTest, WhatAnotherProcessFinishedMeanwhileIsLeftAsItIs) {
  const auto results = run_trials({trial("a", "finish"), trial("b", "finish")}, options(1));
  ASSERT_TRUE(results.has_value());
  EXPECT_EQ(calls().size(), 1u);
  EXPECT_EQ((*results)[1].generator.mean.mean, 1.0);
}

TEST_F(TrialTest, SecondsAreOfAllIterationsWhateverTheLastSittingDid) {
  std::string scores = kScores;
  scores.replace(scores.find("\"session_iterations\": 40"), 24, "\"session_iterations\": 10");
  write_file_atomically(folder_ / "scores", scores);
  EXPECT_EQ((*run_trials({trial("a", "score")}, options()))[0].seconds, 6.0);
}

TEST_F(TrialTest, ARunThatWasResumedByHandIsNoLongerTheTrial) {
  const Trial asked = trial("a", "score");
  Trial epochs = trial("b", "score");
  epochs.config.cadence.iterations.reset();
  epochs.config.cadence.epochs = 2.0;  // the scores tell to how many iterations that was
  ASSERT_TRUE(run_trials({asked, epochs}, options()).has_value());
  for (const char* const name : {"/a", "/b"}) {
    const std::string config = concat(trials(), name, "/config.json");
    write_file_atomically(config, R"({"iterations": 40})");
    ASSERT_TRUE(run_trials({asked, epochs}, options()).has_value());
    write_file_atomically(config, R"({"iterations": 90})");
    expect_error([&] { run_trials({asked, epochs}, options()); }, ErrorKind::usage, {concat(trials(), name), "90", "40"});
    fs::remove(config);
  }
  EXPECT_EQ(calls().size(), 2u);
}

// As older builds wrote them: whatever words were given, the last of a repeated one counting.
TEST_F(TrialTest, OlderArgumentsThatSayTheSameAreTheSameTrial) {
  const Trial asked = trial("a", "score");
  ASSERT_TRUE(run_trials({asked}, options()).has_value());
  const auto claim = [&](const char* arguments) {
    write_file_atomically(trials() + "/a/trial.json", concat("{\"arguments\": ", arguments, "}"));
  };
  claim(R"(["--iterations", "10", "--iterations=40", "--data", "score", "--gf-dim", "16",)"
        R"( "--g-widths", "128,96,32,32", "--setting", "a"])");
  const auto again = run_trials({asked}, options());
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->front().command.ends_with("--g-widths 128,96,32,32 --setting a")) << again->front().command;
  EXPECT_EQ(calls().size(), 1u);
  claim(R"(["--iterations", "40", "--data", "score", "--gf-dim", "16", "--setting", "A"])");
  expect_error([&] { run_trials({asked}, options()); }, ErrorKind::usage, {trials() + "/a: ", "--g-widths 128,64,32,16"});
  claim(R"(["--weather", "fine"])");
  expect_error([&] { run_trials({asked}, options()); }, ErrorKind::usage, {trials() + "/a: ", "--weather", "name another --out"});
}

TEST_F(TrialTest, SaysWhatRunsWhereOneStartsOrEnds) {
  ASSERT_TRUE(run_trials({trial("a", "score"), trial("b", "score")}, options(1)).has_value());
  const std::string said = testing::internal::GetCapturedStderr();
  testing::internal::CaptureStderr();
  EXPECT_NE(said.find("trials 0/2 (0%), running a\n"), std::string::npos) << said;
  EXPECT_NE(said.find("running b\n"), std::string::npos) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 3) << said;
}

TEST_F(TrialTest, TheCacheIsPassedOnAndIsNoPartOfWhatATrialIs) {
  TrialOptions with_cache = options();
  with_cache.cache = "here";
  ASSERT_TRUE(run_trials({trial("a", "score")}, with_cache).has_value());
  ASSERT_EQ(calls().size(), 1u);
  EXPECT_NE(calls()[0].find("--cache=here"), std::string::npos) << calls()[0];
  const auto again = run_trials({trial("a", "score")}, options());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->front().command, command(trial("a", "score")));
  EXPECT_EQ(calls().size(), 1u);
}

TEST_F(TrialTest, ADivergedTrialIsDone) {
  const std::vector<Trial> all = {trial("bad", "diverge"), trial("good", "score")};
  for (int round = 0; round < 2; ++round) {
    const auto results = run_trials(all, options(1));
    ASSERT_TRUE(results.has_value());
    const TrialResult& bad = (*results)[0];
    EXPECT_TRUE(bad.diverged);
    EXPECT_EQ(bad.failure, "loss of D at iteration 31 is nan");
    EXPECT_TRUE(std::isnan(bad.generator.mean.mean) && std::isnan(bad.generator.mean.sd));
    EXPECT_TRUE(bad.sizes.empty());
    EXPECT_EQ(bad.iterations, 30);
    EXPECT_FALSE((*results)[1].diverged);
    EXPECT_EQ(calls().size(), 2u);
  }
}

TEST_F(TrialTest, AFailureLetsTheOthersFinishAndIsToldWithItsKind) {
  const auto run = [&](const std::vector<Trial>& all) { run_trials(all, options(2)); };
  const std::vector<Trial> all = {trial("slow", "slow"), trial("bad", "fail"), trial("later", "score")};
  expect_error([&] { run(all); }, ErrorKind::data, {trials() + "/bad: nowhere: holds no images"});
  for (const char* const name : {"/slow", "/later"}) EXPECT_TRUE(fs::exists(concat(trials(), name, "/scores.json"))) << name;
  EXPECT_EQ(calls().size(), 3u);
  expect_error([&] { run({all[1], trial("worse", "fail"), trial("worst", "fail"), trial("last", "score")}); }, ErrorKind::data,
               {"holds no images; 2 more failed: "});
  EXPECT_TRUE(fs::exists(trials() + "/last/scores.json"));
  expect_error([&] { run_trials({trial("lost", "forget")}, options()); }, ErrorKind::data, {"/lost: ", "no scores.json", "all is well"});
}

TEST_F(TrialTest, ABegunTrialIsResumedAndOneThatIsTrainedToTheEndAsWell) {
  expect_error([&] { run_trials({trial("a", "crash")}, options(1)); }, ErrorKind::input_output, {trials() + "/a", "signal 9", "half way"});
  ASSERT_TRUE(run_trials({trial("a", "crash")}, options(1)).has_value());
  ASSERT_EQ(calls().size(), 2u);
  EXPECT_EQ(calls()[1].substr(0, calls()[1].rfind(' ')), concat("--resume ", trials(), "/a --threads"));
  EXPECT_NE(text_of(trials() + "/a/output.txt").find("half way"), std::string::npos);  // appended to, not begun anew

  // Its last checkpoint is the last of all, but there are no scores: train_gan --resume makes them.
  expect_error([&] { run_trials({trial("b", "end")}, options(1)); }, ErrorKind::input_output, {"signal 9"});
  ASSERT_TRUE(run_trials({trial("b", "end")}, options(1)).has_value());
  ASSERT_EQ(calls().size(), 4u);
  EXPECT_NE(calls()[2].find(concat("--out ", trials(), "/b --force")), std::string::npos);
  EXPECT_TRUE(calls()[3].starts_with(concat("--resume ", trials(), "/b --threads"))) << calls()[3];
}

TEST_F(TrialTest, TheLastWordIsOfTheSittingThatFailed) {
  expect_error([&] { run_trials({trial("a", "crash")}, options(1)); }, ErrorKind::input_output, {"half way"});
  fs::remove(folder_ / "scores");
  expect_error([&] { run_trials({trial("a", "crash")}, options(1)); }, ErrorKind::input_output, {"exit code 1", folder_ / "scores"});
}

TEST_F(TrialTest, OtherArgumentsAndOtherFoldersAreRefusedBeforeAnythingRuns) {
  ASSERT_TRUE(run_trials({trial("a", "score")}, options()).has_value());
  expect_error([&] { run_trials({trial("b", "score"), trial("a", "slow")}, options()); }, ErrorKind::usage,
               {trials() + "/a: ", "--data score", "--data slow", "--out"});
  Trial longer = trial("a", "score");
  longer.config.data.mirror = true;
  expect_error([&] { run_trials({longer}, options()); }, ErrorKind::usage, {"no --mirror", "asked for: --mirror"});
  write_bytes(trials() + "/c/holiday.jpg", bytes_of("x"));
  expect_error([&] { run_trials({trial("b", "score"), trial("c", "score")}, options()); }, ErrorKind::usage, {trials() + "/c: "});
  EXPECT_EQ(calls().size(), 1u);
  EXPECT_THROW(run_trials({trial("b", "score"), trial("b", "slow")}, options()), std::logic_error);
  EXPECT_THROW(run_trials({trial("../b", "score")}, options()), std::logic_error);
}

TEST_F(TrialTest, ASignalIsPassedOnAndTheTrialGoesOnNextTime) {
  std::thread user([&] {
    const auto logs = [&](const std::string& name) { return fs::exists(trials() + name + "/log.csv"); };
    while (!logs("/a") || !logs("/b")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ::kill(::getpid(), SIGTERM);
  });
  const std::vector<Trial> all = {trial("a", "train"), trial("b", "train"), trial("c", "score")};
  const auto results = run_trials(all, options(2));
  user.join();
  EXPECT_FALSE(results.has_value());
  EXPECT_EQ(InterruptGuard::signal_received(), SIGTERM);
  EXPECT_EQ(calls().size(), 2u);
  ASSERT_TRUE(run_trials(all, options(2)).has_value());
  const std::vector<std::string> lines = calls();
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const std::string& line) { return line.starts_with("--resume "); }), 2);
  EXPECT_EQ(lines.size(), 5u);
}

TEST_F(TrialTest, ASecondSignalEndsATrialThatDoesNotHeedTheFirst) {
  std::thread user([&] {
    while (!fs::exists(trials() + "/a/log.csv")) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ::kill(::getpid(), SIGINT);
    ::kill(::getpid(), SIGTERM);  // before the first was passed on
  });
  const auto results = run_trials({trial("a", "stubborn")}, options(1));
  user.join();
  EXPECT_FALSE(results.has_value());
  EXPECT_EQ(InterruptGuard::count(), 2);
}

TEST_F(TrialTest, ATrialThatAnotherProcessTrainsIsLeftAlone) {
  ASSERT_TRUE(fs::create_directories(trials() + "/a"));
  save_trial(trial("a", "score"), trials() + "/a");
  const ChildProcess other("/bin/sleep", {"60"}, {}, LockedOutput(trials() + "/a/output.txt"));
  expect_error([&] { run_trials({trial("a", "score")}, options()); }, ErrorKind::usage,
               {trials() + "/a/output.txt", "another process", "(process "});
  other.send(SIGKILL);
  while (!other.poll()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(run_trials({trial("a", "score")}, options()).has_value());
}

TEST_F(TrialTest, OrIsNoFailureWhereItIsLeftToThatProcess) {
  ASSERT_TRUE(fs::create_directories(trials() + "/a"));
  save_trial(trial("a", "score"), trials() + "/a");
  const ChildProcess other("/bin/sleep", {"60"}, {}, LockedOutput(trials() + "/a/output.txt"));
  TrialOptions leaving = options();
  leaving.leave_others = true;
  const TrainedTrials trained = train_trials({trial("a", "score"), trial("b", "score")}, leaving);
  EXPECT_FALSE(trained.stopped);
  EXPECT_EQ(trained.left, std::vector<std::string>{"a"});
  EXPECT_TRUE(fs::exists(trials() + "/b/scores.json"));
  EXPECT_EQ(calls().size(), 1u);
  other.send(SIGKILL);
  while (!other.poll()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(train_trials({trial("a", "score")}, leaving).left.empty());
  EXPECT_EQ(calls().size(), 2u);
}

TEST_F(TrialTest, NoneBeginsWhereNoneCan) {
  const auto run = [&] { run_trials({trial("a", "score"), trial("b", "score")}, {trials(), 1, "/nowhere/train_gan"}); };
  expect_error(run, ErrorKind::input_output, {"/nowhere/train_gan"});
  EXPECT_FALSE(fs::exists(trials() + "/b"));
}

TEST_F(TrialTest, AMissingTrainGanAndBadScoresAreToldWithTheMend) {
  expect_error([&] { run_trials({trial("a", "score")}, {trials(), 0, "/nowhere/train_gan"}); }, ErrorKind::input_output,
               {"/nowhere/train_gan", "`make`"});
  ASSERT_TRUE(run_trials({trial("a", "score")}, options()).has_value());
  write_file_atomically(trials() + "/a/scores.json",
                        R"({"repeats": 1, "levels": [{"size": 16, "generator": "low", "generator_sd": 0}], "mean": {}})");
  expect_error([&] { read_trial(trials() + "/a"); }, ErrorKind::data, {trials() + "/a/scores.json", "\"low\""});
  expect_error([&] { read_trial(trials() + "/b"); }, ErrorKind::input_output, {trials() + "/b"});
}

TEST_F(TrialTest, OneRepetitionHasNoSpreadWhetherTheFileSaysZeroOrNull) {
  ASSERT_TRUE(run_trials({trial("a", "score")}, options()).has_value());
  for (const char* const spread : {"0.0", "null"}) {
    std::string scores = kScores;
    const auto replace = [&](const std::string& what, const std::string& with) {
      for (std::size_t at; (at = scores.find(what)) != scores.npos;) scores.replace(at, what.size(), with);
    };
    replace(R"("repeats": 3)", R"("repeats": 1)");
    replace(R"("generator_sd": 0.5)", concat(R"("generator_sd": )", spread));
    write_file_atomically(trials() + "/a/scores.json", scores);
    const TrialResult result = read_trial(trials() + "/a");
    EXPECT_TRUE(std::isnan(result.generator.mean.sd)) << spread;
    EXPECT_EQ(result.generator.mean.mean, 1.0);
  }
}

TEST_F(TrialTest, CountsThatNoRunHasAreRefused) {
  ASSERT_TRUE(run_trials({trial("a", "score")}, options()).has_value());
  for (const std::string key : {"iterations", "session_iterations", "num_images", "repeats"})
    for (const char* const value : {"0", "-1", "9223372036854775807", "1e308", "null", "\"many\""}) {
      Json scores = parse_json(kScores, ErrorKind::data, "scores");
      scores.set(key, parse_json(value, ErrorKind::data, "value"));
      write_file_atomically(trials() + "/a/scores.json", scores.text());
      expect_error([&] { read_trial(trials() + "/a"); }, ErrorKind::data, {trials() + "/a/scores.json", key});
    }
}

TEST_F(TrialTest, AChildHasItsOwnGroupAndTheVariablesThatAreNotSet) {
  const std::string script = folder_ / "script";
  write_file_atomically(script, "#!/bin/sh\necho $$ $(cut -d' ' -f5 /proc/self/stat) $PBGEN_TEST_NEW $PBGEN_TEST_OLD\ncat\nexit 7\n");
  fs::permissions(script, fs::perms::owner_all);
  ::setenv("PBGEN_TEST_OLD", "kept", 1);
  const ChildProcess child(script, {}, {"PBGEN_TEST_NEW=added", "PBGEN_TEST_OLD=replaced"}, LockedOutput(folder_ / "out"));
  ::unsetenv("PBGEN_TEST_OLD");
  std::optional<ChildEnd> end;
  while (!(end = child.poll())) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(end->exit_code, 7);
  const std::string out = text_of(folder_ / "out");
  const auto words = split(std::string_view(out).substr(0, out.size() - 1), ' ');
  ASSERT_EQ(words.size(), 4u) << out;
  EXPECT_EQ(words[0], words[1]);
  EXPECT_EQ(words[2], "added");
  EXPECT_EQ(words[3], "kept");
}

// The built train_gan, on networks as small as they come.
class RealTrials : public testing::Test {
 protected:
  void SetUp() override {
    skip_without({"train_gan"});
    if (IsSkipped()) return;
    train_ = *tool_path("train_gan");
    testing::internal::CaptureStderr();  // the progress
  }
  void TearDown() override {
    if (!train_.empty()) testing::internal::GetCapturedStderr();
  }
  TrialOptions options(const std::string& name, int jobs) const { return {folder_ / name, jobs, train_}; }
  static Trial trial(const std::string& setting, const std::string& iterations) {
    return {setting, run_config_of({"--setting", setting, "--size", "16", "--g-widths", "8,4,4,4", "--d-widths", "4,4,4,8", "--z-dim", "4",
                      "--batch", "8", "--synthetic-images", "64", "--holdout", "0.25", "--swd-images", "16", "--swd-repeats", "2",
                      "--bn-calibrate", "1", "--iterations", iterations, "--swd-every", iterations, "--sample-every", iterations,
                      "--checkpoint-every", "3"})};
  }

  std::string train_;
  TestFolder folder_;
};

TEST_F(RealTrials, ComeOutTheSameOneByOneAndSideBySide) {
  const std::vector<Trial> all = {trial("A", "4"), trial("H", "4"), trial("E", "4")};
  const auto one_by_one = run_trials(all, options("one", 1));
  const auto side_by_side = run_trials(all, options("side", 3));
  ASSERT_TRUE(one_by_one && side_by_side);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const TrialResult& a = (*one_by_one)[i];
    const TrialResult& b = (*side_by_side)[i];
    EXPECT_EQ(a.name, all[i].name);
    EXPECT_EQ(text_of(a.checkpoint()), text_of(b.checkpoint()));
    EXPECT_EQ(a.generator.mean.mean, b.generator.mean.mean);
    EXPECT_GT(a.generator.mean.mean, 0.0);
    EXPECT_GT(a.generator.mean.sd, 0.0);
    EXPECT_GT(a.noise_floor.mean.mean, 0.0);
    EXPECT_GT(a.untrained.mean.mean, 0.0);
    EXPECT_EQ(a.sizes, std::vector<int>{16});
    EXPECT_EQ(a.num_images, 16);
    EXPECT_EQ(a.repeats, 2);
    EXPECT_EQ(a.iterations, 4);
    EXPECT_EQ(a.rows.back().iteration, 4);
    EXPECT_EQ(a.samples().back().first, 4);
  }
}

TEST_F(RealTrials, ABegunOneGoesOnToTheSameBytesAndOneWithoutScoresBeginsAnew) {
  const auto whole = run_trials({trial("H", "6")}, options("whole", 1));
  ASSERT_TRUE(whole);
  const std::string folder = (*whole)[0].folder;
  const std::string bytes = text_of((*whole)[0].checkpoint());
  // As where it was ended before its last checkpoint, and then before its scores.
  for (const bool last_checkpoint_too : {true, false}) {
    fs::remove(folder + "/scores.json");
    fs::remove(folder + "/output.txt");
    if (last_checkpoint_too) fs::remove((*whole)[0].checkpoint());
    const auto again = run_trials({trial("H", "6")}, options("whole", 1));
    ASSERT_TRUE(again);
    EXPECT_EQ(text_of((*again)[0].checkpoint()), bytes);
    EXPECT_EQ((*again)[0].generator.mean.mean, (*whole)[0].generator.mean.mean);
    const bool resumed = text_of(folder + "/output.txt").find("(from 3)") != std::string::npos;
    EXPECT_EQ(resumed, last_checkpoint_too);
    EXPECT_EQ((*again)[0].rows.size(), (*whole)[0].rows.size());
  }
}

TEST_F(RealTrials, WhatTrainGanRefusesIsToldInItsWords) {
  Trial wrong = trial("A", "4");
  wrong.config.data.folder = folder_ / "nowhere";
  const std::string message = expect_refusal(ErrorKind::data, "", [&] { run_trials({wrong}, options("wrong", 1)); });
  EXPECT_TRUE(contains(message, "nowhere")) << message;
}

TEST(ShellCommand, QuotesWhatAShellWouldRead) {
  EXPECT_EQ(shell_command("./a", {"--b", "c,d", "two words", "", "it's"}), "./a --b c,d 'two words' '' 'it'\\''s'");
  const char* const argv[] = {"my tools/train_gan", "--data", "My Photos"};
  EXPECT_EQ(shell_command(3, argv), "'my tools/train_gan' --data 'My Photos'");
}

}  // namespace
}  // namespace pbgen
