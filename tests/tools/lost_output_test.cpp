// What a tool prints is taken, or the tool says so; and what is closed when it starts is not mistaken for a file of its own.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "core/files/file.h"
#include "tests/support/image_files.h"
#include "tests/support/tool_run.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

const std::string kTwoIterations =
    "--size 16 --g-widths 8,8,8,8 --d-widths 8,8,8,8 --z-dim 4 --batch 8 --iterations 2 --sample-every 0 --swd-every 0 --holdout 0";

class LostOutput : public testing::Test {
 protected:
  void SetUp() override {
    skip_without({"train_gan", "generate", "export", "swd_eval", "plan", "paper", "make_faces", "bench", "footprint", "pbgen_example"});
  }

  // The command of a shell that stands in the test's folder; TOOLS/ is where the tools are.
  int shell(std::string command) const {
    const std::string tools = fs::path(*tool_path("plan")).parent_path().string() + "/";
    for (std::size_t at; (at = command.find("TOOLS/")) != command.npos;) command.replace(at, 6, tools);
    const int status = std::system(("cd '" + folder_.path() + "' && { " + command + "; }").c_str());
    return status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string text(const std::string& name) const { return read_text_file(folder_ / name, 1 << 20); }

  TestFolder folder_;
};

TEST_F(LostOutput, IsToldAndIsAnErrorOfOutput) {
  const char* const commands[] = {
      "TOOLS/train_gan --help", "TOOLS/generate --help",  "TOOLS/export --help", "TOOLS/swd_eval --help", "TOOLS/plan --help",
      "TOOLS/plan --search --help", "TOOLS/paper --help", "TOOLS/make_faces --help", "TOOLS/bench --help", "TOOLS/plan --json",
      "TOOLS/plan --version", "TOOLS/plan", "TOOLS/bench --list", "TOOLS/swd_eval synthetic synthetic:2 --size 16 --num-images 16 --json",
      "TOOLS/make_faces --n 1 --out faces --force"};
  for (const std::string command : commands) {
    SCOPED_TRACE(command);
    for (const char* const lost : {" >/dev/full 2>err", " >&- 2>err"}) {
      EXPECT_EQ(shell(command + lost), 6) << lost;
      const std::string err = text("err");
      EXPECT_NE(err.find("stdout"), std::string::npos) << err;
      EXPECT_NE(err.find(std::strerror(std::string(lost).find("full") != std::string::npos ? ENOSPC : EBADF)), std::string::npos) << err;
      EXPECT_EQ(err.find("internal error"), std::string::npos) << err;
    }
    EXPECT_EQ(shell(command + " >out 2>err"), 0);
  }
  EXPECT_TRUE(fs::exists(folder_ / "faces/face_000000.png")) << "what went to files is there all the same";
}

TEST_F(LostOutput, AReaderThatHasSeenEnoughIsNoNoise) {
  // The pipe's reader is gone before the tool begins to write.
  EXPECT_EQ(shell("{ sleep 0.2; TOOLS/plan 2>err; echo $? >code; } | true"), 0);
  EXPECT_EQ(text("code"), "6\n");
  EXPECT_EQ(text("err"), "");
}

TEST_F(LostOutput, AnErrorKeepsItsCode) { EXPECT_EQ(shell("TOOLS/plan --no-such-flag >&- 2>err"), 2); }

TEST_F(LostOutput, OfAProgramInC) {
  const std::string network = "--iterations 1 --out run >out 2>err && TOOLS/export run -o model.pbgen >out 2>err";
  ASSERT_EQ(shell("TOOLS/train_gan " + kTwoIterations + " --synthetic-images 64 " + network), 0) << text("err");
  for (const char* const command : {"TOOLS/footprint model.pbgen", "TOOLS/pbgen_example model.pbgen 1"}) {
    EXPECT_EQ(shell(std::string(command) + " >out 2>err"), 0) << command;
    for (const char* const lost : {" >/dev/full 2>err", " >&- 2>err"}) {
      EXPECT_EQ(shell(std::string(command) + lost), 1) << command << lost;
      EXPECT_NE(text("err").find("output"), std::string::npos) << text("err");
    }
  }
}

// A closed descriptor's number is not given to a file into which messages then go.
TEST_F(LostOutput, ClosedDescriptorsSpoilNoFile) {
  ASSERT_EQ(shell("TOOLS/make_faces --n 16 --size 16 --out faces >out 2>err"), 0) << text("err");
  const std::string train = "TOOLS/train_gan " + kTwoIterations + " --threads 1 --data faces ";
  ASSERT_EQ(shell(train + "--cache cache-plain --out plain >out 2>err"), 0) << text("err");
  const char* const closed[] = {"2>&-", "<&-", "<&- 2>&-", "<&- >&- 2>&-", ">&- 2>&-"};
  for (std::size_t i = 0; i < std::size(closed); ++i) {
    const std::string redirection = closed[i];
    SCOPED_TRACE(redirection);
    const std::string name = std::to_string(i);
    const bool lost = (" " + redirection).find(" >&-") != redirection.npos;
    const int code = shell(train + "--cache cache" + name + " --out run" + name + " " + redirection + (lost ? "" : " >out"));
    EXPECT_EQ(code, lost ? 6 : 0);
    std::string log = text("run" + name + "/log.csv");
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 3) << log;
    EXPECT_TRUE(log.starts_with("iteration,")) << log;
    EXPECT_EQ(log.find("training"), log.npos) << log;
    EXPECT_EQ(read_file(folder_ / ("run" + name + "/checkpoints/00000002.safetensors"), 1 << 24),
              read_file(folder_ / "plain/checkpoints/00000002.safetensors", 1 << 24));
    std::vector<Bytes> caches;
    for (const std::string& folder : {std::string("cache-plain"), "cache" + name})
      for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / folder))
        if (entry.path().extension() == ".pixels") caches.push_back(read_file(entry.path().string(), 1 << 24));
    ASSERT_EQ(caches.size(), 2u);
    EXPECT_EQ(caches[0], caches[1]);
  }
}

}  // namespace
}  // namespace pbgen
