// How much memory there is, and that a tool that gets too little says so.
#include "tools/lib/cli/memory_limits.h"

#include <gtest/gtest.h>

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "gan/training_memory.h"
#include "tests/support/contains.h"
#include "tests/support/image_files.h"
#include "tests/support/refusal.h"
#include "tests/support/tool_run.h"
#include "tools/lib/train/run_memory.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PBGEN_SANITIZER_MAPS_MORE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PBGEN_SANITIZER_MAPS_MORE 1
#endif
#endif

namespace pbgen {
namespace {

constexpr std::int64_t kMegabyte = 1 << 20;

TEST(MemoryLimits, AreTheMachinesOrTheGroupsWhicheverIsLess) {
  const TestFolder root;
  const auto file = [&](const std::string& path, const std::string& text) { write_bytes(root / path, bytes_of(text)); };
  EXPECT_FALSE(memory_limits(root.path()).most.has_value());
  file("proc/meminfo", "MemTotal:  4096 kB\nMemFree: 1 kB\nMemAvailable:    2048 kB\nSwapTotal: 1024 kB\n");
  MemoryLimits limits = memory_limits(root.path());
  EXPECT_EQ(limits.most, 5 * kMegabyte);
  EXPECT_EQ(limits.available, 2 * kMegabyte);
  EXPECT_NE(limits.whose.find("machine"), std::string::npos);
  file("proc/self/cgroup", "0::/job\n");
  file("proc/self/mountinfo", "30 25 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  file("sys/fs/cgroup/job/memory.max", "max\n");
  EXPECT_EQ(memory_limits(root.path()).most, 5 * kMegabyte);
  file("sys/fs/cgroup/job/memory.max", "1048576\n");
  limits = memory_limits(root.path());
  EXPECT_EQ(limits.most, 2 * kMegabyte);  // and the swap
  EXPECT_EQ(limits.available, kMegabyte);
  EXPECT_NE(limits.whose.find("container"), std::string::npos);
}

TEST(MemoryLimits, ARunThatIsTooLargeIsRefusedAndOneThatIsNotNowIsWarnedOf) {
  RunMemory memory;
  memory.training = {.weights = kMegabyte / 2, .derived = kMegabyte / 2, .activations = kMegabyte};
  memory.images = kMegabyte;
  EXPECT_EQ(require_memory(memory, {}), "");
  EXPECT_EQ(require_memory(memory, {.most = 3 * kMegabyte, .whose = "x", .available = 3 * kMegabyte}), "");
  const std::string warning = require_memory(memory, {.most = 3 * kMegabyte, .whose = "x", .available = 3 * kMegabyte - 1});
  EXPECT_NE(warning.find("--batch"), std::string::npos) << warning;
  const MemoryLimits limits = {.most = 3 * kMegabyte - 1, .whose = "a limit", .available = 3 * kMegabyte};
  const std::string message = expect_refusal(ErrorKind::input_output, "", [&] { require_memory(memory, limits); });
  EXPECT_TRUE(contains(message, "a limit") && contains(message, "--batch")) << message;
}

class StarvedTools : public testing::Test {
 protected:
  void SetUp() override {
#ifdef PBGEN_SANITIZER_MAPS_MORE
    GTEST_SKIP() << "sanitizers map more than any limit allows";
#endif
    skip_without({"train_gan", "generate", "export", "swd_eval", "make_faces", "bench", "plan", "paper"});
  }

  // The exit code of a command of sh with so many kB of address space; 128 and a signal's number where one ended it.
  int run(std::int64_t kilobytes, const std::string& command) const {
    const std::string whole =
        concat("exec >", folder_ / "out", " 2>", folder_ / "err", " </dev/null; ulimit -v ", kilobytes, "; exec ", command);
    const int status = std::system(whole.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string words() const { return read_text_file(folder_ / "err", 1 << 20); }
  static constexpr const char* kBeforeMain = "\nlibgomp: Out of memory allocating 8 bytes\n";
  static std::string tool(const std::string& name) { return *tool_path(name) + " "; }

  TestFolder folder_;
};

// Whatever is missing at whatever moment: memory of ours, of OpenMP's, of stb's, or a thread's stack.
TEST_F(StarvedTools, SayWhatToDoAndEndWithTheirOwnCode) {
  constexpr const char* kTiny = " --size 16 --g-widths 8,8,8,8 --d-widths 8,8,8,8 --synthetic-images 100 --z-dim 4 --batch 8 "
                                "--iterations 2 --swd-every 0 --threads 3";
  const std::string run_path = folder_ / "run";
  ASSERT_EQ(run(4'000'000, tool("train_gan") + kTiny + " --out " + run_path), 0) << words();
  const std::string model = folder_ / "model.pbgen";
  ASSERT_EQ(run(4'000'000, tool("export") + run_path + " -o " + model), 0) << words();
  const std::vector<std::string> commands = {
      tool("train_gan") + kTiny + " --out " + (folder_ / "other") + " --force",
      tool("generate") + run_path + " --threads 3 --grid " + (folder_ / "grid.png") + " --force",
      tool("generate") + model + " --threads 3 --grid " + (folder_ / "grid.png") + " --force",
      tool("export") + run_path + " --force -o " + (folder_ / "again.pbgen"),
      tool("swd_eval") + "synthetic synthetic:2 --num-images 16 --size 16 --threads 3",
      tool("make_faces") + "--n 2 --size 32 --force --out " + (folder_ / "faces"),
      tool("plan")};
  int refused = 0;
  int done = 0;
  for (const std::string& command : commands)
    for (const std::int64_t kilobytes : {9'000, 10'500, 12'000, 16'000, 20'000, 25'000, 32'000, 60'000, 600'000}) {
      const int end = run(kilobytes, command);
      const std::string said = words();
      // Below what the program's own text takes, its loader speaks, or GNU's runtime before main, and nothing of ours runs.
      if (end == 127 && said.find("shared librar") != std::string::npos) continue;
      if (said == kBeforeMain && run(kilobytes, command.substr(0, command.find(' ')) + " --help") == 1 && words() == kBeforeMain) continue;
      // glibc 2.41's loader does not always say it.
      const std::string program = command.substr(0, command.find(' '));
      if (end == 128 + SIGSEGV && said.empty() && run(kilobytes, program + " --help") == end && words().empty()) continue;
      const std::size_t last = said.rfind('\n', said.size() < 2 ? 0 : said.size() - 2) + 1;
      EXPECT_TRUE(end == 0 || end == 6) << kilobytes << " kB: " << command << ": " << end << "\n" << said;
      EXPECT_TRUE(end == 0 || said.find("ulimit", last) != std::string::npos) << kilobytes << " kB: " << command << "\n" << said;
      ++(end == 0 ? done : refused);
    }
  EXPECT_GT(refused, 4);
  EXPECT_GT(done, 10);
}

TEST_F(StarvedTools, ARunThatTheLimitCannotHoldIsRefusedBeforeItAllocates) {
  EXPECT_EQ(run(400'000, tool("train_gan") + "--size 256 --batch 64 --synthetic-images 64 --holdout 0 --out " + (folder_ / "run")), 6);
  EXPECT_NE(words().find("training takes "), std::string::npos) << words();
  EXPECT_NE(words().find("--batch"), std::string::npos) << words();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run"));
}

// Memory that suffices to train may not suffice to score.
TEST_F(StarvedTools, WhatIsTrainedIsSavedWhereScoringFindsNoMemory) {
  bool saved = false;
  for (std::int64_t kilobytes = 24'000; kilobytes < 200'000 && !saved; kilobytes += 4'000) {
    const std::string path = folder_ / concat("run-", kilobytes);
    const int end = run(kilobytes, tool("train_gan") +
                                       "--size 16 --g-widths 8,8,8,8 --d-widths 8,8,8,8 --synthetic-images 1000 --z-dim 4 --batch 8 "
                                       "--iterations 7 --swd-every 5 --sample-every 0 --threads 1 --out " + path);
    saved = end == 6 && std::filesystem::exists(path + "/checkpoints/00000005.safetensors");
    EXPECT_TRUE(end == 0 || end == 6) << kilobytes << " kB: " << end << "\n" << words();
    if (end == 0) break;
  }
  EXPECT_TRUE(saved);
}

}  // namespace
}  // namespace pbgen
