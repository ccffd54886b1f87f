// ./tools/paper as a user runs it: everything at smoke scale, once whole and once again; and the experiments behind it.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/check.h"
#include "data/formats/image_io.h"
#include "gan/accounting.h"
#include "tests/support/image_files.h"
#include "tests/support/tool_run.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/child_process.h"
#include "tools/lib/html/encode.h"
#include "tools/lib/html/encode.h"
#include "tools/lib/paper/overrides.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/train/run_config_text.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

std::string contents(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

Experiment laptop() { return make_experiment(Scale::laptop, "out", 3, {"A", "F"}, {}); }

TEST(PaperExperiment, LaptopRedundanciesAreAQuarterOfThePapers) {
  const std::vector<LayerRow> paper = layer_table(NetworkConfig{});
  const std::vector<LayerRow> ours = layer_table(laptop().network());
  for (std::size_t i = 1; i <= 4; ++i) EXPECT_EQ(4 * ours[i].redundancy(), paper[i].redundancy()) << ours[i].name;
  EXPECT_EQ(ours[1].redundancy(), 124);
  EXPECT_EQ(ours[4].redundancy(), -240);
}

TEST(PaperExperiment, PaperScaleIsThePapersNetwork) {
  const Experiment experiment = make_experiment(Scale::paper, "out", 1, {"A"}, {});
  EXPECT_EQ(experiment.network(), NetworkConfig{});
  EXPECT_EQ(experiment.base_width(), 64);
}

TEST(PaperExperiment, OverridesWin) {
  const Experiment experiment = make_experiment(Scale::laptop, "out", 1, {"A"}, {"--size", "64", "--iterations", "7"});
  EXPECT_EQ(experiment.network().size, 64);
  EXPECT_EQ(experiment.iterations, 7);
  EXPECT_THROW(make_experiment(Scale::laptop, "out", 1, {"A"}, {"--size", "63"}), Error);
}

TEST(PaperExperiment, EpochsTakeThePlaceOfTheScalesIterations) {
  for (const std::vector<std::string>& epochs : {std::vector<std::string>{"--epochs", "2"}, {"--epochs=2"}}) {
    const Experiment experiment = make_experiment(Scale::smoke, "out", 1, {"A"}, epochs);
    EXPECT_EQ(experiment.training.cadence.epochs, 2.0);
    EXPECT_EQ(experiment.training.cadence.iterations, std::nullopt);
    // 128 faces, a quarter held out, 8 in a batch.
    EXPECT_EQ(experiment.iterations, 2 * 12);
  }
  EXPECT_EQ(make_experiment(Scale::smoke, "out", 1, {"A"}, {}).iterations, 20);
}

// What the scale says of --loss wgan holds, and where it says nothing wgan's own.
TEST(PaperExperiment, TheCriticHasDefaultsOfItsOwn) {
  const Experiment experiment = make_experiment(Scale::laptop, "out", 1, {"A"}, {});
  const TrainerOptions critic = setting_trial(experiment, "F", "wgan", 3).config.trainer;
  EXPECT_EQ(critic.loss, Loss::wgan);
  EXPECT_EQ(critic.d_steps, 5);
  EXPECT_EQ(critic.clip, 0.01);
  EXPECT_EQ(critic.learning_rate, 2e-4);  // the scale's
  EXPECT_EQ(critic.seed, 3u);
  EXPECT_EQ(critic.network.binarized, parse_setting("F"));
  EXPECT_EQ(make_experiment(Scale::paper, "out", 1, {"A"}, {}).critic.trainer.learning_rate, 5e-5);
  EXPECT_EQ(setting_trial(experiment, "F", "lsgan", 1).config.trainer.d_steps, 1);
}

TEST(PaperExperiment, SettingsAreRisingAndOnce) {
  const Experiment experiment = make_experiment(Scale::laptop, "out", 1, {"F", "A", "F"}, {});
  EXPECT_EQ(experiment.settings, (std::vector<std::string>{"A", "F"}));
}

TEST(PaperExperiment, OverridesAreOneWordEach) {
  Overrides overrides;
  ArgumentParser parser("paper", "");
  overrides.declare(parser);
  const char* const argv[] = {"paper", "--data=--help", "--mirror", "--cache", "there"};
  ASSERT_TRUE(parser.parse(5, argv));
  EXPECT_EQ(overrides.arguments(), (std::vector<std::string>{"--data=--help", "--mirror"}));
  EXPECT_EQ(overrides.cache(), "there");
}

TEST(PaperExperiment, TrialsDifferWhereTheirNamesDo) {
  // Two pieces may ask for one trial; under one name there is one run.
  std::map<std::string, std::vector<std::string>> arguments_of;
  std::map<std::vector<std::string>, std::string> name_of;
  for (const Piece* const piece : pieces()) {
    if (piece->trials == nullptr) continue;
    for (const Trial& trial : piece->trials(laptop())) {
      const std::vector<std::string> arguments = to_arguments(trial.config);
      EXPECT_EQ(arguments_of.emplace(trial.name, arguments).first->second, arguments) << trial.name;
      EXPECT_EQ(name_of.emplace(arguments, trial.name).first->second, trial.name);
    }
  }
  EXPECT_GT(arguments_of.size(), 4u);
}

TEST(PaperExperiment, PieceNamesAreDistinct) {
  std::set<std::string_view> commands;
  for (const Piece* const piece : pieces()) EXPECT_TRUE(commands.insert(piece->command).second) << piece->command;
  EXPECT_EQ(commands.count("all"), 0u);
}

class Paper : public testing::Test {
 protected:
  void SetUp() override {
    skip_without({"paper"});
    tool_ = tool_path("paper").value_or("");
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
    EXPECT_NE(report.find(escape_markup(piece->title)), std::string::npos) << piece->title;
    bool csv = false;
    bool svg = false;
    for (const fs::directory_entry& entry : fs::directory_iterator(concat(out, "/", piece->command))) {
      csv = csv || (entry.path().extension() == ".csv" && entry.path().filename() != "verdicts.csv");
      svg = svg || entry.path().extension() == ".svg";
    }
    EXPECT_TRUE(csv && svg) << piece->command;
  }
  EXPECT_EQ(report.find("src=\"http"), std::string::npos);

  // For documents: the quarters of eight settings' grids, 4 x 4 images of 32 pixels, 2 apart, side by side.
  const Image strip = read_image(out + "/settings/samples_dcgan.jpg").image;
  EXPECT_EQ(strip.height, 2 * (4 * (32 + 2) + 2));
  EXPECT_EQ(strip.width, 8 * (strip.height + 2 * 12) - 2 * 12);

  // It opens with what holds and with where things stand.
  const std::size_t verdicts = report.find("<h2>What holds</h2>");
  const std::size_t links = report.find("<h2>Contents</h2>");
  const std::size_t sections = report.find("<section id=");
  ASSERT_LT(links, verdicts);
  ASSERT_LT(verdicts, sections);
  const std::string opening = report.substr(verdicts, sections - verdicts);
  for (const char* const claim : {"E is above A", "F: the competition vanishes", "H above F"})
    EXPECT_NE(opening.find(claim), std::string::npos) << claim;
  for (const Piece* const piece : pieces()) {
    EXPECT_EQ(count(report, concat("href=\"#", piece->command, "\"")), 1u) << piece->command;
    EXPECT_EQ(count(report, concat("<section id=\"", piece->command, "\"")), 1u) << piece->command;
  }

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

  // A section keeps what it was made with when another one is made anew.
  const ToolRun one = run({"redundancy", "--scale", "smoke", "--out", out, "--seeds", "2", "--settings", "F,A", "--cache", "elsewhere"});
  EXPECT_EQ(one.exit_code, 0) << one.err;
  const std::string later = contents(out + "/report.html");
  EXPECT_EQ(count(later, "paper all --scale smoke"), pieces().size() - 1);
  EXPECT_EQ(count(later, "paper redundancy --scale smoke"), 1u);
  EXPECT_EQ(count(later, "Settings A, F with 2 seeds"), 1u);

  // Only the steps of the two losses differ at this scale.
  const std::string wgan = contents(out + "/wgan/section.html");
  EXPECT_EQ(count(wgan, "20 iterations of 5 and 1 updates (discriminator, generator) at a learning rate of 2e-04 under wgan"), 1u) << wgan;
  EXPECT_EQ(count(wgan, "20 iterations of 1 and 2 updates (discriminator, generator) at a learning rate of 2e-04 under dcgan"), 1u) << wgan;

  const ToolRun other = run({"settings", "--scale", "smoke", "--out", out, "--iterations", "21"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_NE(other.err.find("asked for: --iterations 21"), std::string::npos) << other.err;
  EXPECT_NE(other.err.find("name another --out"), std::string::npos) << other.err;
}

TEST_F(Paper, HelpSaysWhatAllLeavesOut) {
  const std::string help = run({"--help"}).out;
  const std::size_t exhaustive = help.find("exhaustive: ");
  ASSERT_NE(exhaustive, std::string::npos);
  EXPECT_EQ(count(help, "Not part of `all`"), 2u);
  EXPECT_GT(help.find("Not part of `all`"), exhaustive);
  for (const Piece* const piece : pieces()) EXPECT_TRUE(piece->summary.ends_with('.') || piece->summary.ends_with('?')) << piece->summary;
}

// A signal that nobody asks for must not be kept back.
TEST_F(Paper, EndsAtTheFirstSignalWhileAPieceIsMade) {
  const std::string out = folder_ / "out";
  const ChildProcess paper(tool_, {"binarization-error", "--out", out}, {}, LockedOutput(folder_ / "output.txt"));
  std::optional<ChildEnd> end;
  bool sent = false;
  while (!(end = paper.poll())) {
    if (!sent && fs::exists(out + "/binarization-error")) {
      paper.send(SIGTERM);
      sent = true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(sent);
  EXPECT_EQ(end->signal, SIGTERM);
}

TEST_F(Paper, RefusesUnknownPieces) {
  const ToolRun result = run({"fig99"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("binarization-error"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace pbgen
