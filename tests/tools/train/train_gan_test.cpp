// train_gan and generate as a user runs them: a run's folder, resuming, interrupting, refusals.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "core/files/json.h"
#include "data/formats/image_io.h"
#include "gan/checkpoint.h"
#include "tests/support/contains.h"
#include "tests/support/image_files.h"
#include "tests/support/isa_paths.h"
#include "tests/support/output_text.h"
#include "tests/support/tool_run.h"
#include "tools/lib/cli/child_process.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/runs/find_checkpoint.h"
#include "tools/lib/runs/run_directory.h"
#include "tools/lib/runs/scored_checkpoint.h"
#include "tools/lib/train/run_config.h"

namespace pbgen {
namespace {

class TrainGan : public testing::Test {
 protected:
  void SetUp() override {
    skip_without({"train_gan", "generate"});
    train_ = tool_path("train_gan").value_or("");
    generate_ = tool_path("generate").value_or("");
  }

  ToolRun train(const Arguments& arguments) const { return run_tool_at(train_, arguments, folder_.path()); }
  ToolRun generate(const Arguments& arguments) const { return run_tool_at(generate_, arguments, folder_.path()); }
  std::string run_path(const std::string& name) const { return folder_ / name; }

  static std::vector<std::uint8_t> bytes(const std::string& path) { return read_file(path, 1 << 24); }

  void expect_refused(const Arguments& arguments, int exit_code, const std::string& word) const {
    const ToolRun run = train(arguments);
    EXPECT_EQ(run.exit_code, exit_code) << run.err;
    EXPECT_NE(run.err.find(word), std::string::npos) << run.err;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  }

  std::string train_;
  std::string generate_;
  TestFolder folder_;
};

class TrainGanOnEachPath : public TrainGan, public testing::WithParamInterface<Isa> {
 protected:
  void SetUp() override {
    TrainGan::SetUp();
    if (!machine_supports(GetParam())) GTEST_SKIP() << "this processor has no " << name(GetParam());
  }
};

INSTANTIATE_TEST_SUITE_P(Paths, TrainGanOnEachPath, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(TrainGanOnEachPath, TwoHundredIterationsEqualAHundredAndAHundredMoreByteForByte) {
  const Arguments setting = {"--setting", "H", "--ema", "0.9", "--isa", name(GetParam())};
  ASSERT_EQ(train(kTiny + setting + Arguments{"--iterations", "200", "--threads", "1", "--out", run_path("whole")}).exit_code, 0);
  const auto whole = bytes(run_path("whole/checkpoints/00000200.safetensors"));
  for (const std::string threads : {"1", "2"}) {
    const std::string path = run_path("halves" + threads);
    ASSERT_EQ(train(kTiny + setting + Arguments{"--iterations", "100", "--threads", threads, "--out", path}).exit_code, 0);
    const ToolRun second =
        train({"--resume", path, "--isa", name(GetParam()), "--iterations", "200", "--threads", threads, "--checkpoint-every", "50",
               "--keep", "9"});
    ASSERT_EQ(second.exit_code, 0) << second.err;
    EXPECT_EQ(bytes(path + "/checkpoints/00000200.safetensors"), whole) << threads << " threads";
  }
}

TEST_F(TrainGan, ARunByWinogradsAlgorithmGoesOnByteForByte) {
  // Widths and maps that it takes; without it the bytes are others.
  const Arguments wide = {"--size", "64", "--g-widths", "64,32,32,16", "--d-widths", "16,32,32,64", "--synthetic-images", "64",
                          "--batch", "8", "--setting", "D", "--sample-every", "0", "--swd-every", "0", "--conv", "winograd"};
  const std::string name = "/checkpoints/00000004.safetensors";
  ASSERT_EQ(train(wide + Arguments{"--iterations", "4", "--threads", "1", "--out", run_path("whole")}).exit_code, 0);
  const std::string path = run_path("halves");
  ASSERT_EQ(train(wide + Arguments{"--iterations", "2", "--threads", "2", "--out", path}).exit_code, 0);
  expect_refused({"--resume", path, "--iterations", "4", "--conv", "direct"}, 2, R"(conv "direct" (checkpoint: "winograd"))");
  const ToolRun second = train({"--resume", path, "--iterations", "4", "--threads", "2"});
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(bytes(path + name), bytes(run_path("whole") + name));
}

TEST_F(TrainGan, ACriticOfFiveUpdatesGoesOnWithTheBatchWhereItStopped) {
  // 90 images are 11 batches an epoch: five updates an iteration stop in the midst of one.
  const Arguments wgan = {"--loss", "wgan", "--setting", "H", "--mirror", "--lr", "1e-3"};
  ASSERT_EQ(train(kTiny + wgan + Arguments{"--iterations", "25", "--out", run_path("whole")}).exit_code, 0);
  const std::string path = run_path("halves");
  ASSERT_EQ(train(kTiny + wgan + Arguments{"--iterations", "12", "--out", path}).exit_code, 0);
  const ToolRun second = train({"--resume", path, "--iterations", "25"});
  ASSERT_EQ(second.exit_code, 0) << second.err;
  const std::string name = "/checkpoints/00000025.safetensors";
  EXPECT_EQ(bytes(path + name), bytes(run_path("whole") + name));
  // 25 iterations of 5 batches of 11 an epoch.
  EXPECT_NE(text_of(path + "/log.csv").find(concat("\n25,", 125.0 / 11.0).substr(0, 7)), std::string::npos) << text_of(path + "/log.csv");
  EXPECT_NE(text_of(path + "/report.html").find("25 of 5 batches of 8"), std::string::npos);
  // Two epochs are 22 batches: 5 iterations.
  ASSERT_EQ(train(kTiny + wgan + Arguments{"--epochs", "2", "--out", run_path("epochs")}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(run_path("epochs/checkpoints/00000005.safetensors")));
  expect_refused({"--resume", path, "--iterations", "30", "--d-steps", "4"}, 2, "d_steps 4 (checkpoint: 5)");
}

TEST_F(TrainGan, ScoresAreThereForPrograms) {
  const auto scores_of = [&](const std::string& name, const Arguments& more) {
    const ToolRun run = train(kTiny + Arguments{"--iterations", "6", "--out", run_path(name)} + more);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return parse_json(text_of(run_path(name) + "/scores.json"), ErrorKind::data, "scores.json");
  };
  const Json bare = scores_of("bare", {});
  EXPECT_EQ(bare.find("iterations")->as_integer(), 6);
  EXPECT_EQ(bare.find("session_iterations")->as_integer(), 6);
  EXPECT_GT(bare.find("images_per_second")->as_number(), 0.0);
  EXPECT_GT(bare.find("training_seconds")->as_number(), 0.0);
  EXPECT_GE(bare.find("threads")->as_integer(), 1);
  EXPECT_EQ(bare.find("levels"), nullptr);
  EXPECT_EQ(bare.find("mean"), nullptr);

  const Json held = scores_of("held", {"--swd-every", "3", "--swd-repeats", "3", "--holdout", "0.3", "--size", "32"});
  EXPECT_EQ(held.find("reference")->as_string(), "held-out");
  EXPECT_EQ(held.find("num_images")->as_integer(), 30);
  EXPECT_EQ(held.find("repeats")->as_integer(), 3);
  ASSERT_EQ(held.find("levels")->as_array().size(), 2u);
  for (const char* const key : {"generator", "training", "noise_floor", "untrained"}) {
    const std::string spread = concat(key, "_sd");
    double sum = 0.0;
    for (const Json& level : held.find("levels")->as_array()) {
      sum += level.find(key)->as_number();
      EXPECT_GT(level.find(spread)->as_number(), 0.0) << key;
    }
    EXPECT_NEAR(held.find("mean")->find(key)->as_number(), sum / 2.0, 1e-12) << key;
    EXPECT_GT(held.find("mean")->find(spread)->as_number(), 0.0) << key;
    EXPECT_GT(held.find("mean")->find(concat(key, "_lattice"))->as_number(), 0.0) << key;
  }
  EXPECT_EQ(held.find("levels")->as_array()[0].find("size")->as_integer(), 32);
  EXPECT_EQ(held.find("levels")->as_array()[0].find("constant_reference")->as_integer(), 0);
  EXPECT_EQ(held.find("levels")->as_array()[0].find("constant_generator")->as_integer(), 0);
  EXPECT_EQ(held.find("mean")->find("size"), nullptr);

  const Json all = scores_of("all", {"--swd-every", "6", "--holdout", "0"});
  EXPECT_EQ(all.find("reference")->as_string(), "training");
  EXPECT_EQ(all.find("repeats")->as_integer(), 1);
  EXPECT_NE(all.find("mean")->find("generator"), nullptr);
  EXPECT_TRUE(all.find("mean")->find("generator_sd")->is_null());
  EXPECT_EQ(all.find("mean")->find("training"), nullptr);
  EXPECT_EQ(all.find("mean")->find("noise_floor"), nullptr);

  // A sitting counts its own iterations.
  ASSERT_EQ(train({"--resume", run_path("bare"), "--iterations", "8"}).exit_code, 0);
  const Json more = parse_json(text_of(run_path("bare/scores.json")), ErrorKind::data, "scores.json");
  EXPECT_EQ(more.find("iterations")->as_integer(), 8);
  EXPECT_EQ(more.find("session_iterations")->as_integer(), 2);
}

TEST_F(TrainGan, TheBestScoredCheckpointIsKeptAndCanBeTaken) {
  const std::string path = run_path("run");
  const Arguments scored =
      kTiny + Arguments{"--swd-every", "2", "--checkpoint-every", "3", "--keep", "1", "--swd-images", "16", "--out", path};
  ASSERT_EQ(train(scored + Arguments{"--iterations", "12"}).exit_code, 0);
  std::int64_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (const LogRow& row : RunDirectory::read_log(path + "/log.csv"))
    if (row.swd && *row.swd <= least) {
      least = *row.swd;
      best = row.iteration;
    }
  const auto found = best_checkpoint(path);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->iteration, best);
  EXPECT_EQ(found->swd, least);
  const std::size_t kept = best == 12 ? 1 : 2;
  EXPECT_EQ(RunDirectory::list_checkpoints(path).size(), kept);

  // Whatever was best, --best takes it, and without it the newest is taken; both say so.
  const ToolRun drawn = generate({path, "--best", "--n", "2", "--out", run_path("best")});
  EXPECT_EQ(drawn.exit_code, 0) << drawn.err;
  EXPECT_NE(drawn.err.find(found->path), std::string::npos) << drawn.err;
  const ToolRun newest = generate({path, "--n", "2", "--out", run_path("newest")});
  EXPECT_NE(newest.err.find("00000012.safetensors: the newest"), std::string::npos) << newest.err;
  EXPECT_EQ(newest.err.find("best-scored is") != std::string::npos, best != 12) << newest.err;
}

TEST_F(TrainGan, BestIsRefusedWhereNothingWasScoredOrOneModelIsNamed) {
  ASSERT_EQ(train(kTiny + Arguments{"--iterations", "2", "--out", run_path("run")}).exit_code, 0);
  for (const std::string& model : {run_path("run"), named_checkpoint(run_path("run"))}) {
    const ToolRun run = generate({model, "--best", "--n", "1", "--out", run_path("drawn")});
    EXPECT_EQ(run.exit_code, 2) << run.err;
    EXPECT_NE(run.err.find("--best"), std::string::npos) << run.err;
  }
}

TEST_F(TrainGan, ARunOfEpochsGoesOnToItsEpochs) {
  const std::string path = run_path("run");
  // 90 images are trained on: 11 iterations an epoch.
  ASSERT_EQ(train(kTiny + Arguments{"--epochs", "0.5", "--out", path}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(path + "/checkpoints/00000006.safetensors"));
  expect_refused({"--resume", path}, 2, "was to have 6");
  ASSERT_EQ(train({"--resume", path, "--epochs", "1"}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(path + "/checkpoints/00000011.safetensors"));
}

// The rule of the default length depends on how many images there are, and they may be more when the run goes on.
TEST_F(TrainGan, ARunOfDefaultLengthKeepsWhatThatCameTo) {
  const std::string path = run_path("run");
  const Arguments without_checkpoints = {"--checkpoint-every", "0", "--swd-every", "0", "--sample-every", "0"};
  ASSERT_EQ(train(kTiny + without_checkpoints + Arguments{"--out", path}).exit_code, 0);
  EXPECT_TRUE(contains(text_of(path + "/config.json"), concat("\"iterations\": ", kDefaultIterations))) << text_of(path + "/config.json");
}

TEST_F(TrainGan, AutoBeginsInTheFolderOfARunThatEndedBeforeItsFirstCheckpoint) {
  const std::string path = run_path("run");
  write_bytes(path + "/config.json", bytes_of(R"({"binarize_g": "1", "g_widths": "8,8,8,8", "sample_every": 0})"));
  ASSERT_EQ(train(kTiny + Arguments{"--iterations", "2", "--out", path, "--resume", "auto"}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(path + "/checkpoints/00000002.safetensors"));
}

// After ten iterations every generator has the lattice that its deconvolutions began with.
TEST_F(TrainGan, WarnsOfALatticeAndSaysWhatWouldMendIt) {
  const auto output_under = [&](const std::string& setting, const Arguments& smoothing) {
    const std::string path = run_path(concat(setting, smoothing.size()));
    const Arguments more = {"--setting", setting, "--iterations", "10", "--swd-every", "10", "--holdout", "0.3", "--out", path};
    const ToolRun run = train(kTiny + more + smoothing);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_TRUE(contains(text_of(path + "/report.html"), "carry a lattice of dots two pixels apart")) << setting;
    return run.out;
  };
  const std::string in_float = "less with the discriminator's layer 1 in float (--setting inner)";
  const std::string smooth = "none with --smooth 6";
  const std::string binarized = output_under("H", {});
  EXPECT_TRUE(contains(binarized, in_float)) << binarized;
  EXPECT_TRUE(contains(binarized, smooth)) << binarized;
  const std::string inner = output_under("inner", {});
  EXPECT_TRUE(contains(inner, "Beware: the generated images carry a lattice")) << inner;
  EXPECT_FALSE(contains(inner, in_float)) << inner;
  EXPECT_TRUE(contains(inner, smooth)) << inner;
  const std::string smoothed = output_under("H", {"--smooth", "0.001"});
  EXPECT_TRUE(contains(smoothed, in_float)) << smoothed;
  EXPECT_FALSE(contains(smoothed, smooth)) << smoothed;
}

TEST_F(TrainGan, ARunThatCannotBeginLeavesNoFolder) {
  write_bytes(folder_ / "words.safetensors", bytes_of("not a checkpoint, but long enough to have a header"));
  expect_refused(kTiny + Arguments{"--init-from", folder_ / "words.safetensors", "--out", run_path("run")}, 4, "words.safetensors");
  EXPECT_FALSE(std::filesystem::exists(run_path("run")));
}

TEST_F(TrainGan, ARunLeavesItsConfigurationLogSamplesCheckpointAndReport) {
  const std::string path = run_path("run");
  const ToolRun run = train(kTiny + Arguments{"--iterations", "25", "--sample-every", "10", "--swd-every", "20", "--checkpoint-every", "5",
                                              "--keep", "2", "--holdout", "0.3", "--out", path});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("noise floor"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("untrained"), std::string::npos);
  const std::string log = text_of(path + "/log.csv");
  const std::vector<std::string_view> lines = split(log, '\n');
  ASSERT_EQ(lines.size(), 6u) << log;  // header, 1, 10, 20, 25 and what follows the last end of line
  EXPECT_EQ(lines[0], "iteration,epoch,loss_d,loss_g,d_real,d_fake,img_per_s,swd");
  EXPECT_TRUE(lines[1].starts_with("1,"));
  EXPECT_TRUE(lines[1].ends_with(","));
  EXPECT_TRUE(lines[3].starts_with("20,"));
  EXPECT_FALSE(lines[3].ends_with(","));
  EXPECT_TRUE(lines[4].starts_with("25,"));
  for (const char* const name :
       {"config.json", "preview.png", "report.html", "samples/00000000.png", "samples/00000010.png", "samples/00000020.png",
        "samples/00000025.png", "checkpoints/00000020.safetensors", "checkpoints/00000025.safetensors"})
    EXPECT_TRUE(std::filesystem::exists(path + "/" + name)) << name;
  EXPECT_FALSE(std::filesystem::exists(path + "/checkpoints/00000015.safetensors"));

  // config.json is a --config: the same run again, the same bytes.
  const ToolRun again = train({"--config", path + "/config.json", "--out", run_path("again")});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(bytes(path + "/checkpoints/00000025.safetensors"), bytes(run_path("again/checkpoints/00000025.safetensors")));
}

TEST_F(TrainGan, CadencesOfZeroWriteNothingButTheFinalCheckpoint) {
  const std::string path = run_path("run");
  ASSERT_EQ(train(kTiny + Arguments{"--iterations", "3", "--checkpoint-every", "0", "--out", path}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_empty(path + "/samples"));
  EXPECT_EQ(text_of(path + "/log.csv").find("\n3,"), text_of(path + "/log.csv").rfind('\n', text_of(path + "/log.csv").size() - 2));
  int checkpoints = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path + "/checkpoints")) ++checkpoints;
  EXPECT_EQ(checkpoints, 1);
}

TEST_F(TrainGan, AFolderThatIsNotEmptyIsRefusedAndLeftAlone) {
  const std::string path = run_path("precious");
  write_bytes(path + "/notes.txt", bytes_of("mine"));
  expect_refused(kTiny + Arguments{"--iterations", "2", "--out", path}, 2, "--force");
  EXPECT_FALSE(std::filesystem::exists(path + "/config.json"));
  ASSERT_EQ(train(kTiny + Arguments{"--iterations", "2", "--out", path, "--force"}).exit_code, 0);
  EXPECT_EQ(text_of(path + "/notes.txt"), "mine");
}

TEST_F(TrainGan, ForceRemovesWhatAnOlderRunLeftAndNothingElse) {
  const std::string path = run_path("run");
  ASSERT_EQ(train(kTiny + Arguments{"--iterations", "30", "--checkpoint-every", "10", "--sample-every", "10", "--out", path}).exit_code, 0);
  const std::vector<std::string> others = {"/checkpoints/best.safetensors", "/checkpoints/7.safetensors", "/samples/favourite.png",
                                           "/notes.txt"};
  for (const std::string& other : others) write_bytes(path + other, bytes_of("mine"));
  std::filesystem::create_symlink("best.safetensors", path + "/checkpoints/00000011.safetensors");
  const ToolRun again = train(kTiny + Arguments{"--iterations", "4", "--out", path, "--force"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_NE(again.err.find("older run"), std::string::npos) << again.err;
  for (const char* const gone : {"/checkpoints/00000010.safetensors", "/checkpoints/00000020.safetensors",
                                 "/checkpoints/00000030.safetensors", "/samples/00000000.png", "/samples/00000030.png"})
    EXPECT_FALSE(std::filesystem::exists(path + gone)) << gone;
  EXPECT_TRUE(std::filesystem::exists(path + "/checkpoints/00000004.safetensors"));
  for (const std::string& other : others) EXPECT_EQ(text_of(path + other), "mine") << other;
  EXPECT_TRUE(std::filesystem::is_symlink(path + "/checkpoints/00000011.safetensors"));
}

TEST_F(TrainGan, ForceLeavesNumberedFilesWhereThereIsNoConfigurationOfOurs) {
  const std::string path = run_path("album");
  write_bytes(path + "/samples/00000010.png", bytes_of("mine"));
  write_bytes(path + "/config.json", bytes_of("{\"size\": 64}"));
  ASSERT_EQ(train(kTiny + Arguments{"--iterations", "2", "--out", path, "--force"}).exit_code, 0);
  EXPECT_EQ(text_of(path + "/samples/00000010.png"), "mine");
}

TEST_F(TrainGan, AFolderThatIsNotEmptyIsRefusedBeforeImagesAreRead) {
  write_bytes(run_path("precious/notes.txt"), bytes_of("mine"));
  expect_refused(kTiny + Arguments{"--data", folder_ / "missing", "--out", run_path("precious")}, 2, "--force");
}

TEST_F(TrainGan, AResumedRunMayNotChangeWhatItIs) {
  const std::string path = run_path("run");
  ASSERT_EQ(train(kTiny + Arguments{"--iterations", "4", "--out", path}).exit_code, 0);
  const ToolRun changed = train({"--resume", path, "--iterations", "6", "--lr", "0.01", "--setting", "A"});
  EXPECT_EQ(changed.exit_code, 2);
  EXPECT_NE(changed.err.find("lr"), std::string::npos) << changed.err;
  EXPECT_NE(changed.err.find("binarize_g"), std::string::npos) << changed.err;
  EXPECT_EQ(changed.err.find("iterations"), std::string::npos) << changed.err;
  expect_refused({"--resume", path, "--iterations", "6", "--synthetic-images", "64"}, 2, "synthetic_images");
  expect_refused({"--resume", path, "--iterations", "3"}, 2, "--iterations");
  expect_refused({"--resume", path + "/nothing"}, 2, "no such");
  // Another setting may begin from its weights.
  const ToolRun begun = train(kTiny + Arguments{"--init-from", path + "/checkpoints/00000004.safetensors", "--setting", "A", "--iterations",
                                                "2", "--out", run_path("begun")});
  EXPECT_EQ(begun.exit_code, 0) << begun.err;
  // A run's folder stands for its newest checkpoint, as for --resume.
  const ToolRun by_folder =
      train(kTiny + Arguments{"--init-from", path, "--setting", "A", "--iterations", "2", "--out", run_path("by_folder")});
  EXPECT_EQ(by_folder.exit_code, 0) << by_folder.err;
  EXPECT_EQ(bytes(run_path("by_folder/checkpoints/00000002.safetensors")), bytes(run_path("begun/checkpoints/00000002.safetensors")));
  expect_refused(kTiny + Arguments{"--init-from", path + "/nothing", "--out", run_path("nothing")}, 2, "no such checkpoint or run folder");
}

// What the report says to copy, by a shell, from another folder; --out, --force and weights to begin with were given, and the run was gone
// on with.
TEST_F(TrainGan, TheReportsCommandRepeatsTheRunWhereverTheReaderStands) {
  const std::string here = run_path("here");
  std::filesystem::create_directories(here);
  const auto shell = [&](const std::string& folder, const std::string& command) {
    return run_tool_at("/usr/bin/env", {"bash", "-c", shell_command("cd", {folder}) + " && " + command}, folder_.path());
  };
  std::string tiny;
  for (const std::string& word : kTiny) tiny += " " + word;
  const std::string tool = shell_command(train_, {});
  ASSERT_EQ(shell(here, tool + tiny + " --iterations 3 --seed 7 --out first").exit_code, 0);
  ASSERT_EQ(shell(here, tool + tiny + " --iterations 2 --init-from first --out 'the run' --force").exit_code, 0);
  ASSERT_EQ(shell(here, tool + " --resume 'the run' --iterations 4").exit_code, 0);
  const std::string page = text_of(here + "/the run/report.html");
  const std::string lead = "in a new folder:</p>\n<pre>";
  const std::size_t begin = page.find(lead);
  ASSERT_NE(begin, page.npos);
  std::string command = page.substr(begin + lead.size(), page.find("</pre>", begin) - begin - lead.size());
  const std::vector<std::pair<std::string, std::string>> entities = {{"&#39;", "'"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}};
  for (const auto& [entity, letter] : entities)
    for (std::size_t at = 0; (at = command.find(entity)) != command.npos;) command.replace(at, entity.size(), letter);
  const ToolRun again = shell("/", command);
  ASSERT_EQ(again.exit_code, 0) << command << again.err;
  const std::string name = "/checkpoints/00000004.safetensors";
  std::string repeated;
  for (const auto& entry : std::filesystem::directory_iterator(here + "/runs")) repeated = entry.path().string();
  EXPECT_EQ(bytes(repeated + name), bytes(here + "/the run" + name));
}

TEST_F(TrainGan, ResumeAutoPassesOverADamagedCheckpointAndBeginsWhereThereIsNone) {
  const std::string path = run_path("run");
  const Arguments arguments = kTiny + Arguments{"--iterations", "4", "--checkpoint-every", "2", "--out", path, "--resume", "auto"};
  ASSERT_EQ(train(arguments).exit_code, 0);
  const std::string newest = path + "/checkpoints/00000004.safetensors";
  auto content = bytes(newest);
  const auto good = content;
  content[content.size() / 2] ^= 1;
  write_bytes(newest, content);
  const ToolRun run = train(arguments);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.err.find("00000004.safetensors"), std::string::npos) << run.err;
  EXPECT_EQ(bytes(newest), good);
}

class TrainGanSignal : public TrainGan, public testing::WithParamInterface<std::pair<const char*, int>> {};

INSTANTIATE_TEST_SUITE_P(Signals, TrainGanSignal, testing::Values(std::pair("INT", 130), std::pair("TERM", 143)),
                         [](const auto& tested) { return std::string(tested.param.first); });

TEST_P(TrainGanSignal, FinishesTheIterationAndSaves) {
  const auto [signal, exit_code] = GetParam();
  const std::string path = run_path("run");
  // A run that would take hours, with one signal once it has begun.
  std::string command = train_;
  for (const std::string& argument : kTiny + Arguments{"--iterations", "10000000", "--out", path}) command += " " + argument;
  command += concat(" >", folder_ / "stdout", " 2>&1 & tool=$!; while kill -0 $tool && ! grep -qs '^1,' ", path,
                    "/log.csv; do sleep 0.1; done; ", "kill -s ", signal, " $tool; wait $tool");
  const int status = std::system(command.c_str());
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), exit_code) << text_of(folder_ / "stdout");
  EXPECT_NE(text_of(folder_ / "stdout").find("--resume"), std::string::npos);
  ASSERT_FALSE(std::filesystem::is_empty(path + "/checkpoints"));
  for (const auto& entry : std::filesystem::directory_iterator(path + "/checkpoints"))
    EXPECT_NO_THROW(Checkpoint::load(entry.path().string()));
  // The last row is the last checkpoint's iteration.
  const Checkpoint last = Checkpoint::load(named_checkpoint(path));
  EXPECT_NE(text_of(path + "/log.csv").find(concat("\n", last.iteration(), ",")), std::string::npos);
}

TEST_F(TrainGan, ScoresAndReportStandOnlyWhereTheLastSittingEnded) {
  const std::string path = run_path("run");
  const std::vector<std::string> results = {"/scores.json", "/report.html", "/profile.txt"};
  ASSERT_EQ(train(kTiny + Arguments{"--iterations", "6", "--profile", "--out", path}).exit_code, 0);
  for (const std::string& result : results) EXPECT_TRUE(std::filesystem::exists(path + result)) << result;
  // One that is refused loses nothing.
  expect_refused({"--resume", path}, 2, "has 6 iterations already");
  for (const std::string& result : results) EXPECT_TRUE(std::filesystem::exists(path + result)) << result;

  const ChildProcess longer(train_, {"--resume", path, "--iterations", "10000000"}, {}, LockedOutput(folder_ / "output"));
  std::optional<ChildEnd> end;
  while (!(end = longer.poll()) && text_of(path + "/log.csv").find("\n10,") == std::string::npos)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_FALSE(end) << text_of(folder_ / "output");
  longer.send(SIGTERM);
  while (!(end = longer.poll())) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(end->exit_code, 143) << text_of(folder_ / "output");
  for (const std::string& result : results) EXPECT_FALSE(std::filesystem::exists(path + result)) << result;
}

TEST_F(TrainGan, WhatIsMissingOfAnEndedTrainingIsMadeByResume) {
  const std::string path = run_path("run");
  // kTiny ends with the flags that leave out samples and scores.
  const Arguments scored = {"--iterations", "6",  "--sample-every", "6", "--swd-every", "6",
                            "--swd-images", "16", "--keep",         "1", "--out",       path};
  const ToolRun whole = train(Arguments(kTiny.begin(), kTiny.end() - 4) + scored);
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const std::string checkpoint = path + "/checkpoints/00000006.safetensors";
  const std::string sample = path + "/samples/00000006.png";
  const auto trained = bytes(checkpoint);
  const auto drawn = bytes(sample);
  const std::string logged = text_of(path + "/log.csv");
  const Json scores = parse_json(text_of(path + "/scores.json"), ErrorKind::data, "scores");
  // As a full disk leaves it, or kill -9 between the last checkpoint and the removal of the one before.
  const std::string older = path + "/checkpoints/00000005.safetensors";
  std::filesystem::copy_file(checkpoint, older);
  for (const std::string& file : {sample, path + "/report.html", path + "/scores.json"}) std::filesystem::remove(file);
  const ToolRun resumed = train({"--resume", path});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(bytes(checkpoint), trained);
  EXPECT_FALSE(std::filesystem::exists(older));
  EXPECT_EQ(bytes(sample), drawn);
  EXPECT_EQ(text_of(path + "/log.csv"), logged);
  EXPECT_NE(text_of(path + "/report.html").find("</html>"), std::string::npos);
  const Json again = parse_json(text_of(path + "/scores.json"), ErrorKind::data, "scores");
  for (const char* const member : {"iterations", "session_iterations", "levels", "mean"})
    EXPECT_EQ(*again.find(member), *scores.find(member)) << member;
  EXPECT_GT(again.find("training_seconds")->as_number(), 0.0);
  expect_refused({"--resume", path}, 2, "has 6 iterations already");
}

TEST_F(TrainGan, DivergenceStopsWithItsOwnCodeAndNamesStepAndTensor) {
  const std::string path = run_path("run");
  ASSERT_EQ(train(kTiny + Arguments{"--iterations", "2", "--out", path}).exit_code, 0);
  const Checkpoint checkpoint = Checkpoint::load(path + "/checkpoints/00000002.safetensors");
  TrainerOptions options;
  options.network = checkpoint.network();
  options.batch = 8;
  Trainer trainer(options);
  checkpoint.restore(trainer);
  // Finite, but what is computed with it is not.
  AlignedBuffer<float>& value = trainer.generator().params()[2]->value;
  std::fill(value.begin(), value.end(), std::numeric_limits<float>::max());
  write_file_atomically(folder_ / "sick.safetensors", encode_checkpoint(trainer, {}));
  const ToolRun run = train(kTiny + Arguments{"--init-from", folder_ / "sick.safetensors", "--iterations", "2", "--out", run_path("sick")});
  EXPECT_EQ(run.exit_code, 5) << run.err;
  EXPECT_NE(run.err.find("iteration 1"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("discriminator.conv1.weight"), std::string::npos) << run.err;
}

TEST_F(TrainGan, WrongValuesAreRefusedWithTheirRule) {
  expect_refused({"--batch", "12"}, 2, "multiple of 8 from 8 to 4096 (eight images share the lanes");
  expect_refused({"--epochs", "1e300"}, 2, "--epochs");
  expect_refused({"--setting", "Z"}, 2, "A to H");
  expect_refused({"--size", "48"}, 2, "--size 48");
  expect_refused({"--iteratons", "5"}, 2, "--iterations");
  expect_refused({"--g-widths", "8,8"}, 2, "--g-widths");
  expect_refused({"--binarize-d", "0"}, 2, "--binarize-d");
  expect_refused({"--crop", "5x"}, 2, "5x");
  expect_refused({"--data", folder_ / "missing"}, 3, "missing");
  expect_refused(kTiny + Arguments{"--synthetic-images", "64", "--batch", "64"}, 3, "--batch");
}

TEST_F(TrainGan, AWrongKernelPathIsRefusedBeforeAnythingIsDone) {
  const char* const before = std::getenv("PBGEN_ISA");
  const std::string restored = before == nullptr ? "" : before;
  ASSERT_EQ(setenv("PBGEN_ISA", "sse9", 1), 0);
  expect_refused(kTiny + Arguments{"--iterations", "1", "--out", run_path("none")}, 2, "expected ref, avx2 or avx512");
  ASSERT_EQ(before == nullptr ? unsetenv("PBGEN_ISA") : setenv("PBGEN_ISA", restored.c_str(), 1), 0);
  EXPECT_FALSE(std::filesystem::exists(run_path("none")));
}

TEST_F(TrainGan, TheDryRunShowsLayersMemoryAndTimeAndWritesNothing) {
  const ToolRun run = train(kTiny + Arguments{"--dry-run", "--out", run_path("none")});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  for (const char* const word : {"deconv4", "Memory", "Time", "redundancy"}) EXPECT_NE(run.out.find(word), std::string::npos) << word;
  EXPECT_FALSE(std::filesystem::exists(run_path("none")));
}

TEST_F(TrainGan, DryRunPredictsRanks) {
  const Arguments shared = kTiny + Arguments{"--batch", "32", "--shards", "4", "--dry-run", "--out", run_path("none")};
  const ToolRun run = train(shared + Arguments{"--ranks", "4", "--bandwidth", "1"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(contains(run.out, "Ranks:  4 like this machine, 1 Gbit/s from each: ")) << run.out;
  EXPECT_TRUE(contains(run.out, " to compute 8 images and at most ")) << run.out;
  expect_refused(shared + Arguments{"--ranks", "8"}, 2, "--shards 4: expected a multiple of the 8 ranks, of which a batch of 32 images");
  for (const Arguments& how : {Arguments{}, Arguments{"--dry-run"}})
    for (const char* const shards : {"2", "8"})
      expect_refused(kTiny + Arguments{"--shards", shards, "--out", run_path("none")} + how, 2,
                     concat("--shards ", shards, ": expected a power of two that divides 1, the batch in slices of 8 images"));
  expect_refused(kTiny + Arguments{"--ranks", "2", "--out", run_path("none")}, 2, "--ranks is for --dry-run");
}

TEST_F(TrainGan, TheDryRunOfALargeRunIsAnEstimateWithinSecondsThatSaysSo) {
  const auto begin = std::chrono::steady_clock::now();
  const ToolRun run = train({"--size", "1024", "--batch", "8", "--synthetic-images", "64", "--dry-run", "--out", run_path("none")});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("Time:   about "), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("scaled from "), std::string::npos) << run.out;
  EXPECT_LT(seconds, 60.0);  // some 5 on an idle machine
}

TEST_F(TrainGan, TheDryRunCountsImagesToEstimateAWholeRun) {
  // 90 of 100 faces are trained on: 11 batches of 8 an epoch.
  const ToolRun faces = train(kTiny + Arguments{"--dry-run", "--epochs", "3"});
  ASSERT_EQ(faces.exit_code, 0) << faces.err;
  EXPECT_NE(faces.out.find("33 iterations (3.0 epochs of 90 images)"), std::string::npos) << faces.out;
  for (int i = 0; i < 20; ++i) write_bytes(folder_ / concat("data/", i, ".png"), bytes_of("only counted"));
  const ToolRun folder = train(kTiny + Arguments{"--dry-run", "--epochs", "1.5", "--data", folder_ / "data"});
  ASSERT_EQ(folder.exit_code, 0) << folder.err;
  EXPECT_NE(folder.out.find("3 iterations (1.5 epochs of 18 images)"), std::string::npos) << folder.out;
  expect_refused(kTiny + Arguments{"--dry-run", "--data", folder_ / "missing"}, 3, "missing");
}

TEST_F(TrainGan, GreyImagesAreTrainedOnAndDrawnGrey) {
  const std::string path = run_path("grey");
  ASSERT_EQ(train(kTiny + Arguments{"--channels", "1", "--iterations", "2", "--swd-every", "2", "--out", path}).exit_code, 0);
  ASSERT_EQ(generate({path, "--n", "2", "--out", folder_ / "drawn"}).exit_code, 0);
  EXPECT_EQ(read_image(folder_ / "drawn/image_000001.png").image.channels, 1);
}

TEST_F(TrainGan, ThePresetIsThePapersAndExplicitFlagsWin) {
  const ToolRun run = train({"--preset", "paper", "--dry-run", "--setting", "F", "--batch", "8", "--iterations", "1", "--size", "16"});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("512x1x1"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("1 iterations"), std::string::npos) << run.out;
}

TEST_F(TrainGan, GeneratedFilesAreTheSameBytesForTheSameSeed) {
  const std::string path = run_path("run");
  // Far enough that two z give different bytes: this tiny network begins nearly constant.
  ASSERT_EQ(train(kTiny + Arguments{"--iterations", "30", "--lr", "2e-3", "--out", path}).exit_code, 0);
  ASSERT_EQ(generate({path, "--n", "40", "--seed", "7", "--out", folder_ / "a", "--threads", "1"}).exit_code, 0);
  ASSERT_EQ(generate({path + "/checkpoints/00000030.safetensors", "--n", "20", "--seed", "7", "--out", folder_ / "b", "--threads", "2"})
                .exit_code,
            0);
  ASSERT_EQ(generate({path, "--n", "20", "--seed", "8", "--out", folder_ / "c"}).exit_code, 0);
  EXPECT_EQ(bytes(folder_ / "a/image_000019.png"), bytes(folder_ / "b/image_000019.png"));
  EXPECT_NE(bytes(folder_ / "a/image_000019.png"), bytes(folder_ / "c/image_000019.png"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "a/image_000039.png"));

  ASSERT_EQ(generate({path, "--interpolate", "--n", "24", "--grid", folder_ / "walk.png"}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "walk.png"));
  EXPECT_EQ(generate({path, "--out", folder_ / "a"}).exit_code, 2);
  EXPECT_EQ(generate({path}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(path + "/00000030-grid-1.png"));
  EXPECT_EQ(generate({path}).exit_code, 2);
  write_bytes(folder_ / "words.safetensors", bytes_of("not a checkpoint, but long enough to have a header"));
  EXPECT_EQ(generate({folder_ / "words.safetensors", "--grid", folder_ / "x.png"}).exit_code, 4);
}

}  // namespace
}  // namespace pbgen
