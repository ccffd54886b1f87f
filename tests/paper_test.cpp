// ./tools/paper as a user runs it: everything at smoke scale, once whole and once again; and the experiments behind it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/check.h"
#include "gan/accounting.h"
#include "tests/image_files.h"
#include "tests/tool_run.h"
#include "tools/lib/paper/piece.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

std::string contents(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Experiment laptop() { return make_experiment(Scale::laptop, "out", 3, {"A", "F"}, {}); }

TEST(PaperExperiment, LaptopRedundanciesAreAQuarterOfThePapers) {
  const std::vector<LayerRow> paper = layer_table(NetworkConfig{});
  const std::vector<LayerRow> ours = layer_table(laptop().network);
  for (std::size_t i = 1; i <= 4; ++i) EXPECT_EQ(4 * ours[i].redundancy(), paper[i].redundancy()) << ours[i].name;
  EXPECT_EQ(ours[1].redundancy(), 124);
  EXPECT_EQ(ours[4].redundancy(), -240);
}

TEST(PaperExperiment, PaperScaleIsThePapersNetwork) {
  const Experiment experiment = make_experiment(Scale::paper, "out", 1, {"A"}, {});
  EXPECT_EQ(experiment.network, NetworkConfig{});
  EXPECT_EQ(experiment.base_width, 64);
}

TEST(PaperExperiment, OverridesWin) {
  const Experiment experiment = make_experiment(Scale::laptop, "out", 1, {"A"}, {"--size", "64", "--iterations", "7"});
  EXPECT_EQ(experiment.network.size, 64);
  EXPECT_EQ(experiment.iterations, 7);
  EXPECT_THROW(make_experiment(Scale::laptop, "out", 1, {"A"}, {"--size", "63"}), Error);
}

TEST(PaperExperiment, TrialsDifferWhereTheirNamesDo) {
  // Two pieces may ask for one trial; under one name there is one set of arguments.
  std::set<std::string> names;
  std::set<std::vector<std::string>> arguments;
  for (const Piece* const piece : pieces()) {
    if (piece->trials == nullptr) continue;
    for (const Trial& trial : piece->trials(laptop())) {
      names.insert(trial.name);
      arguments.insert(trial.arguments);
    }
  }
  EXPECT_EQ(names.size(), arguments.size());
  EXPECT_GT(names.size(), 4u);
}

TEST(PaperExperiment, PieceNamesAreDistinct) {
  std::set<std::string_view> commands;
  for (const Piece* const piece : pieces()) EXPECT_TRUE(commands.insert(piece->command).second) << piece->command;
  EXPECT_EQ(commands.count("all"), 0u);
}

class Paper : public testing::Test {
 protected:
  void SetUp() override {
    const std::optional<std::string> path = tool_path("paper");
    if (!path) GTEST_SKIP() << "PBGEN_TOOLS names no folder that holds paper; `make test` sets it";
    tool_ = *path;
  }

  ToolRun run(const std::vector<std::string>& arguments) const { return run_tool_at(tool_, arguments, folder_.path()); }

  std::string tool_;
  TestFolder folder_;
};

TEST_F(Paper, EverythingAtSmokeScale) {
  const std::string out = folder_ / "out";
  const ToolRun first = run({"all", "--scale", "smoke", "--out", out});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const std::string report = contents(out + "/report.html");
  for (const Piece* const piece : pieces()) {
    EXPECT_NE(report.find(std::string(piece->title)), std::string::npos) << piece->title;
    bool csv = false;
    bool svg = false;
    for (const fs::directory_entry& entry : fs::directory_iterator(concat(out, "/", piece->command))) {
      csv = csv || entry.path().extension() == ".csv";
      svg = svg || entry.path().extension() == ".svg";
    }
    EXPECT_TRUE(csv && svg) << piece->command;
  }
  EXPECT_EQ(report.find("src=\"http"), std::string::npos);

  // What is done is not done again: no trial's folder changes.
  const auto newest_change = [&] {
    fs::file_time_type newest = fs::file_time_type::min();
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(out + "/trials"))
      newest = std::max(newest, entry.last_write_time());
    return newest;
  };
  const fs::file_time_type before = newest_change();
  const ToolRun second = run({"all", "--scale", "smoke", "--out", out});
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(newest_change(), before);
  EXPECT_EQ(contents(out + "/report.html"), report);

  const ToolRun other = run({"settings", "--scale", "smoke", "--out", out, "--iterations", "21"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_NE(other.err.find("name another --out"), std::string::npos) << other.err;
}

TEST_F(Paper, RefusesUnknownPieces) {
  const ToolRun result = run({"fig99"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("binarization-error"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace pbgen
