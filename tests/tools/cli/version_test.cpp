// --version of every tool: the number that stands in one place, the kernels in force, the compiler.
#include "tools/lib/cli/version.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "gan/edge/generator.h"
#include "tests/support/edge_paths.h"
#include "tests/support/tool_run.h"
#include "tools/lib/cli/temporary_folder.h"
#include "tools/lib/cli/version_number.h"

namespace pbgen {
namespace {

const char* const kTools[] = {"train_gan", "swd_eval", "generate", "plan", "bench", "export", "paper", "make_faces"};

std::string after_first_line(const std::string& text) { return text.substr(text.find('\n') + 1); }

std::string path_or_empty(const std::string& tool) { return tool_path(tool).value_or(""); }

TEST(Version, EveryToolSaysWhatItIsWhateverElseIsWrong) {
  const TemporaryFolder folder;
  for (const std::string tool : kTools) {
    const std::string path = path_or_empty(tool);
    if (path.empty()) GTEST_SKIP() << "PBGEN_TOOLS has no " << tool;
    const ToolRun run = run_tool_at(path, {"--no-such-flag", "--version"}, folder / "");
    EXPECT_EQ(run.exit_code, 0) << tool;
    EXPECT_TRUE(run.out.starts_with(concat(tool, " ", kVersion))) << run.out;
    EXPECT_EQ(after_first_line(run.out), after_first_line(version_text(tool)));  // the commit is that of the tool's own build
    EXPECT_EQ(run.err, "") << tool;
  }
}

// A C program, whose kernels are those that libpbgen takes.
TEST(Version, FootprintSaysTheSame) {
  const std::string path = path_or_empty("footprint");
  if (path.empty()) GTEST_SKIP() << "PBGEN_TOOLS has no footprint";
  const TemporaryFolder folder;
  const ToolRun run = run_tool_at(path, {"--version"}, folder / "");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(run.out.starts_with(concat("footprint ", kVersion))) << run.out;
  EXPECT_EQ(after_first_line(run.out), concat("kernels: ", name(edge::best_path()), "\ncompiler: ", build_compiler(), "\n"));
}

TEST(Version, NamesTheKernelsInForce) {
  const std::string path = path_or_empty("plan");
  if (path.empty()) GTEST_SKIP() << "PBGEN_TOOLS has no plan";
  const TemporaryFolder folder;
  const ToolRun run = run_tool_at("/usr/bin/env", {"PBGEN_ISA=ref", path, "--version"}, folder / "");
  EXPECT_NE(run.out.find("\nkernels: ref"), std::string::npos) << run.out;
}

TEST(Version, NamesEveryToolThatThereIs) {
  std::vector<std::string> sources;
  for (const auto& entry : std::filesystem::directory_iterator("tools"))
    if (entry.path().extension() == ".cpp") sources.push_back(entry.path().stem().string());
  std::sort(sources.begin(), sources.end());
  std::vector<std::string> tested(std::begin(kTools), std::end(kTools));
  std::sort(tested.begin(), tested.end());
  EXPECT_EQ(sources, tested);
}

TEST(Version, SaysNumberAndCompiler) {
  const std::string text = version_text("plan");
  EXPECT_TRUE(text.starts_with(concat("plan ", kVersion))) << text;
  ASSERT_FALSE(build_compiler().empty());
  EXPECT_TRUE(text.ends_with(concat("\ncompiler: ", build_compiler(), "\n"))) << text;
  EXPECT_TRUE(build_flags().starts_with(build_compiler()));
  EXPECT_NE(build_flags().find("-std=c++20"), std::string::npos) << build_flags();
}

TEST(Version, TheReleaseNotesBeginWithIt) {
  const std::vector<std::uint8_t> bytes = read_file(".github/RELEASES.md", 1 << 20);
  const std::string notes(bytes.begin(), bytes.end());
  const std::size_t heading = notes.find("\n## ");
  ASSERT_NE(heading, std::string::npos);
  EXPECT_EQ(notes.substr(heading, notes.find('\n', heading + 1) - heading), concat("\n## ", kVersion));
}

}  // namespace
}  // namespace pbgen
