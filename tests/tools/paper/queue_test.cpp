// Trials through a queue: each by a command of its own, in any order, at once and twice.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "tests/support/contains.h"
#include "tests/support/image_files.h"
#include "tests/support/output_text.h"
#include "tests/support/tool_run.h"
#include "tools/lib/cli/text.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

class PaperQueue : public testing::Test {
 protected:
  void SetUp() override {
    skip_without({"paper", "train_gan"});
    tool_ = tool_path("paper").value_or("");
  }

  // Settings A and F, one seed, at smoke scale.
  ToolRun paper(const std::string& piece, const std::string& out, const Arguments& more) const {
    const Arguments sizes = {"--scale", "smoke", "--settings", "A,F", "--seeds", "1", "--no-lsgan", "--threads", "1"};
    return run_tool_at(tool_, Arguments{piece} + sizes + Arguments{"--out", folder_ / out} + more, folder_.path());
  }
  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (const std::string_view line : split(text, '\n'))
      if (!line.empty()) lines.emplace_back(line);
    return lines;
  }
  std::string checkpoints(const std::string& out) const {
    std::string bytes;
    for (const char* const name : {"dcgan-A-seed1", "dcgan-F-seed1"})
      bytes += text_of(folder_ / concat(out, "/trials/", name, "/checkpoints/00000020.safetensors"));
    return bytes;
  }

  std::string tool_;
  TestFolder folder_;
};

TEST_F(PaperQueue, LeavesWhatAnUndisturbedRunLeaves) {
  const ToolRun whole = paper("settings", "whole", {"--train-only"});
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const ToolRun listed = paper("settings", "queue", {"--list"});
  ASSERT_EQ(listed.exit_code, 0) << listed.err;
  EXPECT_FALSE(fs::exists(folder_ / "queue"));
  const std::vector<std::string> lines = lines_of(listed.out);
  ASSERT_EQ(lines.size(), 2u) << listed.out;
  EXPECT_TRUE(lines[0].ends_with(" --trial=dcgan-A-seed1")) << lines[0];
  EXPECT_TRUE(contains(lines[0], "PBGEN_ISA=")) << lines[0];

  // Every line twice, four at a time, from another folder.
  std::string all;
  for (const std::string& line : lines) all += concat(line, '\n', line, '\n');
  write_file_atomically(folder_ / "lines", all);
  const ToolRun queue = run_tool_at("/bin/sh", {"-c", concat("cd / && xargs -d '\\n' -n 1 -P 4 sh -c <", folder_ / "lines")}, folder_ / "");
  ASSERT_EQ(queue.exit_code, 0) << queue.err;
  EXPECT_EQ(checkpoints("queue"), checkpoints("whole"));
  EXPECT_EQ(lines_of(queue.out).size(), 4u) << queue.out;

  EXPECT_EQ(paper("settings", "queue", {"--list"}).out, "");
  EXPECT_EQ(paper("settings", "queue", {"--status"}).out, "2 trials: 2 done\n");
  const ToolRun again = paper("settings", "queue", {"--trial", "dcgan-F-seed1"});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_EQ(again.out, "dcgan-F-seed1: done\n");
  const ToolRun gathered = paper("settings", "queue", {});
  EXPECT_EQ(gathered.exit_code, 0) << gathered.err;
  EXPECT_FALSE(contains(gathered.err, "running dcgan")) << gathered.err;
  EXPECT_TRUE(fs::exists(folder_ / "queue/report.html"));
}

TEST_F(PaperQueue, TrialsAreThoseOfAllPieces) {
  const auto count = [&](const std::string& piece) { return lines_of(paper(piece, "none", {"--list"}).out).size(); };
  EXPECT_EQ(count("trials"), count("all"));
  EXPECT_GT(count("trials"), count("settings"));
  EXPECT_EQ(count("binarization-error"), 0u);  // trains nothing
}

TEST_F(PaperQueue, StatusNamesWhatIsMissing) {
  const ToolRun status = paper("settings", "none", {"--status"});
  EXPECT_EQ(status.exit_code, 0);
  EXPECT_TRUE(contains(status.out, "2 trials: 2 missing\n")) << status.out;
  EXPECT_TRUE(contains(status.out, "dcgan-F-seed1")) << status.out;
  EXPECT_FALSE(fs::exists(folder_ / "none"));
}

TEST_F(PaperQueue, RefusesWhatItCannotMean) {
  for (const Arguments& wrong : {Arguments{"--trial", "dcgan-Z-seed1"}, Arguments{"--list", "--status"}}) {
    const ToolRun refused = paper("settings", "none", wrong);
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_TRUE(contains(refused.err, wrong.front())) << refused.err;
    EXPECT_FALSE(fs::exists(folder_ / "none"));
  }
  ASSERT_TRUE(fs::create_directories(folder_ / "mine"));
  write_file_atomically(folder_ / "mine/notes", "mine");
  const ToolRun refused = paper("settings", "mine", {"--trial", "dcgan-A-seed1"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_TRUE(contains(refused.err, "name another --out")) << refused.err;
}

}  // namespace
}  // namespace pbgen
