// How the tools' threads wait, as OpenMP's runtime itself tells it (OMP_DISPLAY_ENV).
#include "tools/lib/cli/thread_waiting.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/cpu.h"
#include "tests/support/tool_run.h"

namespace pbgen {
namespace {

class ThreadWaiting : public testing::Test {
 protected:
  void SetUp() override {
#if defined(__clang__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "GNU's runtime alone reads its environment before main and shows how long its threads turn";
#endif
    if (!built_with_openmp()) GTEST_SKIP() << "without OpenMP no thread waits";
    if (!tool_path("generate")) GTEST_SKIP() << "PBGEN_TOOLS names no built tools";
    folder_ = testing::TempDir() + "thread_waiting";
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // generate with these arguments, where the user has set just these variables of OpenMP.
  ToolRun generate(const std::vector<std::string>& variables, const std::vector<std::string>& arguments) const {
    std::vector<std::string> all;
    for (const char* const name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY", "OMP_NUM_THREADS"}) {
      all.push_back("-u");
      all.push_back(name);
    }
    all.push_back("OMP_DISPLAY_ENV=VERBOSE");
    all.insert(all.end(), variables.begin(), variables.end());
    all.push_back(*tool_path("generate"));
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_tool_at("/usr/bin/env", all, folder_);
  }

  // What the runtime shows at its last start; "" where it shows none.
  static std::string turns(const ToolRun& run) {
    const std::string name = "GOMP_SPINCOUNT = '";
    const std::size_t at = run.err.rfind(name);
    if (at == std::string::npos) return "";
    const std::size_t begin = at + name.size();
    return run.err.substr(begin, run.err.find('\'', begin) - begin);
  }

  std::string folder_;
};

TEST_F(ThreadWaiting, IsShortUnlessTheUserHasChosen) {
  const ToolRun run = generate({}, {"--help"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(turns(run), "300");
}

TEST_F(ThreadWaiting, WhatTheUserHasChosenStays) {
  EXPECT_EQ(turns(generate({"GOMP_SPINCOUNT=77"}, {"--help"})), "77");
  EXPECT_EQ(turns(generate({"OMP_WAIT_POLICY=passive"}, {"--help"})), "0");
  EXPECT_NE(turns(generate({"OMP_WAIT_POLICY=active"}, {"--help"})), "300");
  EXPECT_NE(turns(generate({"OMP_NUM_THREADS=1"}, {"--help"})), "300");
}

TEST_F(ThreadWaiting, BeginningAgainKeepsTheArgumentsAndTheOutput) {
  const ToolRun run = generate({}, {"no such model", "--n", "1", "--out", "", "--grid", "x.png"});
  EXPECT_EQ(run.exit_code, 2) << run.err;
  EXPECT_NE(run.err.find("no such model"), std::string::npos) << run.err;
}

}  // namespace
}  // namespace pbgen
