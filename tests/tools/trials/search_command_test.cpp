// plan --search as a command line: whose folder it takes, what of its flags a trial gets, and how its output ends.  Its trials are
// there already, so nothing is trained.
#include "tools/lib/trials/search_command.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/files/file.h"
#include "core/files/json.h"
#include "tests/support/image_files.h"
#include "tests/support/output_text.h"
#include "tests/support/refusal.h"
#include "tools/lib/cli/text.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

using Arguments = std::vector<std::string>;

// Those of the flags below that say how to train, in the order of train_gan's help, and the search's own repeats.
const Arguments kTraining = {"--holdout", "0.25", "--size", "16", "--iterations", "4", "--lr", "0.001", "--swd-repeats", "3"};

Json list(const Arguments& arguments) {
  Json all = Json::array();
  for (const std::string& argument : arguments) all.push_back(argument);
  return all;
}

class SearchCommand : public testing::Test {
 protected:
  std::string out() const { return folder_ / "search"; }

  // A trial that is done, with the arguments that every trial of these tests is to have.
  void add_trial(const std::string& name, const std::string& layers, const std::string& discriminator, double swd,
                 const std::string& seed = "5") const {
    const std::string folder = concat(out(), "/trials/", name);
    Arguments arguments = kTraining;
    arguments.insert(arguments.end(), {"--binarize-g", layers, "--binarize-d", discriminator, "--seed", seed});
    Json trial = Json::object();
    trial.set("arguments", list(arguments));
    write_file_atomically(folder + "/trial.json", trial.text());
    const std::string figures = concat(R"("generator": )", swd, R"(, "generator_sd": 0.0, "noise_floor": 0.01, "noise_floor_sd": 0.0)");
    write_file_atomically(folder + "/scores.json",
                          concat(R"({"iterations": 4, "training_seconds": 1.0, "session_iterations": 4, "num_images": 16, "repeats": 3,)",
                                 R"( "levels": [{"size": 16, )", figures, R"(}], "mean": {)", figures, "}}"));
  }

  static int search(const Arguments& more) {
    const Arguments all = Arguments{"plan", "--search", "--lr", "0.001", "--iterations", "4", "--size", "16", "--holdout", "0.25", "--seed",
                                    "5", "--threads", concat(thread_count())};
    std::vector<const char*> words;
    for (const std::string& word : all) words.push_back(word.c_str());
    for (const std::string& word : more) words.push_back(word.c_str());
    return run_search(static_cast<int>(words.size()), words.data());
  }

  static std::string refusal(const Arguments& more) {
    return expect_refusal(ErrorKind::usage, "", [&] { search(more); });
  }

  // A folder that a search began.
  void claim() const {
    Json search = Json::object();
    search.set("training", list(kTraining));
    write_file_atomically(out() + "/search.json", search.text(2) + "\n");
  }

  TestFolder folder_;
};

TEST_F(SearchCommand, TrialsGetTheTrainingFlagsAndTheLastLineIsTheStrategy) {
  claim();
  add_trial("A-seed5", "none", "none", 0.04);
  add_trial("B-seed5", "1", "none", 0.04);
  add_trial("C-seed5", "2", "none", 0.06);
  add_trial("D-seed5", "3", "none", 0.2);
  add_trial("g12-dnone-seed5", "1,2", "none", 0.05);
  add_trial("g12-d4-seed5", "1,2", "4", 0.05);
  add_trial("g12-d2-seed5", "1,2", "2", 0.06);
  add_trial("g12-d3-seed5", "1,2", "3", 0.08);
  add_trial("g12-d24-seed5", "1,2", "2,4", 0.05);
  int exit_code = -1;
  std::string error;
  testing::internal::CaptureStdout();
  try {
    exit_code = search({"--threshold", "2", "--d-threshold", "0.5", "--out", out()});
  } catch (const Error& thrown) {
    error = thrown.what();
  }
  const std::string output = testing::internal::GetCapturedStdout();
  EXPECT_EQ(exit_code, 0) << error;
  EXPECT_TRUE(output.ends_with("\n--binarize-g 1,2 --binarize-d 2,4\n")) << output;
  EXPECT_NE(text_of(out() + "/report.html").find("--threshold 2"), std::string::npos);
  EXPECT_NE(text_of(out() + "/search.csv").find("g12-d24-seed5"), std::string::npos);
}

TEST_F(SearchCommand, ListsWhatIsToBeTrainedBeforeTheNextIsDecided) {
  const auto listed = [&] {
    testing::internal::CaptureStdout();
    const int exit_code = search({"--seeds", "2", "--out", out(), "--list"});
    const std::string text = testing::internal::GetCapturedStdout();
    EXPECT_EQ(exit_code, 0);
    std::vector<std::string> names;
    for (const std::string_view line : split(text, '\n'))
      if (!line.empty()) names.emplace_back(line.substr(line.rfind('=') + 1));
    return names;
  };
  EXPECT_EQ(listed(), (Arguments{"A-seed5", "A-seed6"}));
  EXPECT_FALSE(fs::exists(out()));
  claim();
  add_trial("A-seed5", "none", "none", 0.04);
  EXPECT_EQ(listed(), Arguments{"A-seed6"});
  add_trial("A-seed6", "none", "none", 0.05, "6");
  EXPECT_EQ(listed(), (Arguments{"B-seed5", "B-seed6"}));
  EXPECT_NE(refusal({"--out", out(), "--trial", "D-seed5"}).find("--list names"), std::string::npos);
  EXPECT_NE(refusal({"--list"}).find("--out"), std::string::npos);
  EXPECT_NE(refusal({"--list", "--status", "--out", out()}).find("one of them"), std::string::npos);
  testing::internal::CaptureStdout();
  EXPECT_EQ(search({"--seeds", "2", "--out", out(), "--status"}), 0);
  const std::string status = testing::internal::GetCapturedStdout();
  EXPECT_TRUE(status.ends_with("4 trials: 2 done, 2 missing\n")) << status;

  // One that was begun keeps its path, whatever this machine would take now.
  add_trial("B-seed5", "1", "none", 0.04);
  ASSERT_TRUE(fs::remove(out() + "/trials/B-seed5/scores.json"));
  const auto lines = [&] {
    testing::internal::CaptureStdout();
    EXPECT_EQ(search({"--seeds", "2", "--out", out(), "--list"}), 0);
    return testing::internal::GetCapturedStdout();
  };
  EXPECT_NE(lines().find("PBGEN_ISA="), std::string::npos);
  for (const char* const name : {"B-seed5", "B-seed6"}) {
    fs::create_directories(concat(out(), "/trials/", name, "/checkpoints"));
    write_file_atomically(concat(out(), "/trials/", name, "/config.json"), R"({"iterations": 4})");
    write_file_atomically(concat(out(), "/trials/", name, "/checkpoints/00000002.safetensors"), "a checkpoint");
  }
  add_trial("B-seed6", "1", "none", 0.04, "6");
  ASSERT_TRUE(fs::remove(out() + "/trials/B-seed6/scores.json"));
  EXPECT_EQ(lines().find("PBGEN_ISA="), std::string::npos);
}

TEST_F(SearchCommand, OtherFoldersAreRefusedAndLeftAlone) {
  // Trials alone do not make a search: those of an experiment have a report beside them, too.
  add_trial("A-seed5", "none", "none", 0.04);
  write_file_atomically(out() + "/report.html", "mine");
  EXPECT_NE(refusal({"--out", out()}).find("holds no search"), std::string::npos);
  EXPECT_EQ(text_of(out() + "/report.html"), "mine");
  EXPECT_FALSE(fs::exists(out() + "/search.json"));
  claim();
  EXPECT_NE(refusal({"--out", out(), "--mirror"}).find("holds a search with other"), std::string::npos);
}

TEST_F(SearchCommand, WhatTheSearchCannotTakeIsRefusedBeforeAnythingIsTrained) {
  write_file_atomically(folder_ / "flags.json", R"({"lr": 0.1})");
  for (const Arguments& wrong : {Arguments{"--swd-every", "0"}, Arguments{"--config", folder_ / "flags.json"}, Arguments{"--setting", "F"},
                                 Arguments{"--binarize-g", "1"}, Arguments{"--resume", "auto"}, Arguments{"--threshold", "-1"}}) {
    EXPECT_TRUE(refusal({"--out", out(), wrong[0], wrong[1]}).starts_with(wrong[0])) << wrong[0];
    EXPECT_FALSE(fs::exists(out()));
  }
}

}  // namespace
}  // namespace pbgen
