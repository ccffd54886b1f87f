// Algorithm 1: the decisions on given figures, and a small search by the tool itself.
#include "tools/lib/trials/search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "tests/support/contains.h"
#include "tests/support/image_files.h"
#include "tests/support/output_text.h"
#include "tests/support/refusal.h"
#include "tests/support/tool_run.h"
#include "tools/lib/cli/csv.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/trials/search_report.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TrialResult result_of(const std::string& name, double swd, double sd, double floor = 0.01, double floor_sd = 0.001) {
  TrialResult result;
  result.name = name;
  result.command = "./tools/train_gan " + name;
  result.sizes = {64};
  result.generator = {{{swd, sd}}, {swd, sd}};
  result.noise_floor = {{{floor, floor_sd}}, {floor, floor_sd}};
  result.untrained = {{{1.0, 0.01}}, {1.0, 0.01}};
  result.repeats = 4;
  return result;
}

TrialResult diverged(const std::string& name) {
  TrialResult result;
  result.name = name;
  result.diverged = true;
  result.failure = "loss of D is nan";
  result.generator.mean = result.noise_floor.mean = {kNan, kNan};
  return result;
}

Measurement measured(double swd, double sd = 0.0004, double floor = 0.01, double floor_sd = 0.001) {
  return measurement(std::vector<TrialResult>{result_of("a", swd, sd, floor, floor_sd)}, Distance::mean);
}

// The paper's average distances of Settings A to E (Table III), F and H.  It has none with single layers of the discriminator: here conv 1
// costs half as much again as F, the others nothing.
const std::map<std::string, double> kPaper = {{"A", .044},        {"B", .038},        {"C", .045},        {"D", .067},
                                              {"E", .449},        {"F", .067},        {"g123-d4", .067}, {"g123-d3", .06},
                                              {"g123-d2", .067}, {"g123-d1", .1},    {"inner", .05},    {"H", .034}};
const std::vector<std::string> kDiscriminatorTrials = {"g123-d4-seed1", "g123-d3-seed1", "g123-d2-seed1", "g123-d1-seed1"};

// A training that takes its figures from a table by the letter of the setting, and notes what it was asked for.
struct Figures {
  std::map<std::string, double> swd = kPaper;
  std::map<std::string, double> finest = {};  // where it is not the mean
  std::vector<std::string> asked = {};

  std::optional<std::vector<TrialResult>> operator()(const std::vector<Trial>& trials) {
    std::vector<TrialResult> results;
    for (const Trial& trial : trials) {
      asked.push_back(trial.name);
      const std::string letter = trial.name.substr(0, trial.name.find("-seed"));
      if (!swd.contains(letter)) return std::nullopt;
      results.push_back(std::isnan(swd.at(letter)) ? diverged(trial.name) : result_of(trial.name, swd.at(letter), 0.0004));
      if (finest.contains(letter)) results.back().generator.levels[0].mean = finest.at(letter);
    }
    return results;
  }
};

Search search_with(Figures& figures, const SearchOptions& options) {
  return search_layers(options, std::ref(figures), [](const Search&) {});
}

TEST(Search, ThePapersOwnFiguresGiveItsChoice) {
  for (const double threshold : {0.53, kDefaultThreshold, 9.1}) {
    Figures figures;
    const Search search = search_with(figures, {.threshold = threshold});
    ASSERT_TRUE(search.complete);
    EXPECT_EQ(search.chosen.generator, (LayerSet{1, 2, 3})) << threshold;
    std::vector<std::string> asked = {"A-seed1", "B-seed1", "C-seed1", "D-seed1", "E-seed1", "F-seed1"};
    asked.insert(asked.end(), kDiscriminatorTrials.begin(), kDiscriminatorTrials.end());
    asked.emplace_back("inner-seed1");
    EXPECT_EQ(figures.asked, asked);
    const std::vector<double> expected = {kNan, -0.136, 0.023, 0.523, 9.205, 0.523};  // Table III's, to its rounding; F by hand
    ASSERT_EQ(search.steps.size(), asked.size());
    for (std::size_t i = 1; i < expected.size(); ++i) EXPECT_NEAR(search.steps[i].degraded->swd, expected[i], 0.0006) << i;
    EXPECT_EQ(search.steps.back().redundancy, -128);
  }
}

// A layer of the discriminator is compared with the generator's layers beside a float discriminator, F's .067, and has its own threshold.
TEST(Search, TheDiscriminatorsLayersAreTriedBesideTheGeneratorsAndItsFirstMayStayInFloat) {
  Figures figures;
  const SearchOptions options{.discriminator_threshold = 0.4};
  const Search search = search_with(figures, options);
  EXPECT_EQ(search.chosen, (Setting{{1, 2, 3}, {2, 3, 4}}));
  EXPECT_EQ(strategy_flags(search), "--binarize-g 1,2,3 --binarize-d 2,3,4");
  ASSERT_EQ(search.steps.size(), 11u);
  EXPECT_NEAR(search.steps[9].degraded->swd, 0.1 / 0.067 - 1.0, 1e-12);
  EXPECT_TRUE(search.steps[9].degraded->exceeds);
  EXPECT_NEAR(search.steps[10].degraded->swd, 0.05 / 0.044 - 1.0, 1e-12);
  const std::string verdict = search_verdict(search, options);
  for (const char* const words : {"stopped at conv1 (redundancy 11): at 64 +49.3%", "exceeds +40.0%", "In float stay deconv4, conv1."})
    EXPECT_TRUE(contains(verdict, words)) << verdict;

  Figures all;
  EXPECT_EQ(strategy_flags(search_with(all, {.discriminator_threshold = 0.6})), "--binarize-g 1,2,3 --binarize-d all");
  EXPECT_EQ(all.asked.back(), "H-seed1");

  Figures none;
  none.swd["g123-d4"] = 0.2;
  const Search floats = search_with(none, options);
  EXPECT_TRUE(floats.complete);
  EXPECT_EQ(strategy_flags(floats), "--binarize-g 1,2,3 --binarize-d none");
  EXPECT_EQ(none.asked.back(), "g123-d4-seed1");  // F is trained already
}

// The mean says that conv 1 costs nothing and conv 3 much; at the finest level it is the other way round, and that decides.  Of the
// generator's layers and of all together the mean decides.
TEST(Search, TheDiscriminatorsLayersAreJudgedAtTheFinestLevel) {
  Figures figures;
  figures.swd["g123-d1"] = 0.067;
  figures.swd["g123-d3"] = 0.2;
  figures.finest = {{"B", 0.9}, {"F", 0.05}, {"g123-d1", 0.07}, {"g123-d2", 0.05}, {"g123-d3", 0.05}, {"g123-d4", 0.05}, {"inner", 0.9}};
  const Search search = search_with(figures, {});
  EXPECT_EQ(strategy_flags(search), "--binarize-g 1,2,3 --binarize-d 2,3,4");
  ASSERT_EQ(search.steps.size(), 11u);
  EXPECT_NEAR(search.steps[7].degraded->swd, 0.0, 1e-12);
  EXPECT_NEAR(search.steps[9].degraded->swd, 0.07 / 0.05 - 1.0, 1e-12);
  EXPECT_NEAR(search.steps[10].degraded->swd, 0.05 / 0.044 - 1.0, 1e-12);
  EXPECT_TRUE(contains(search_verdict(search, {}), "conv1 (redundancy 11): at 64 +40.0%")) << search_verdict(search, {});
  EXPECT_TRUE(contains(step_text(search, search.steps[9], {}), "SWD 0.06700, at 64 0.07000, at 64 +40.0%"));
  const Table csv = search_csv(search, {});
  EXPECT_EQ(csv.header[10], "judged_by");
  EXPECT_EQ(csv.cell(9, 10), "swd_64");
  EXPECT_EQ(csv.cell(10, 10), "swd");
}

TEST(Search, WhereTheGeneratorsLayersDivergeTogetherTheDiscriminatorStaysInFloat) {
  Figures figures;
  figures.swd["F"] = kNan;
  const Search search = search_with(figures, {});
  EXPECT_TRUE(search.complete);
  EXPECT_EQ(figures.asked.back(), "F-seed1");
  EXPECT_TRUE(contains(search_verdict(search, {}), "Trained together: training diverged"));
}

// What the baseline's trials, and the untrained generator's, scored in the means over levels.
std::string answer_of(const std::vector<std::pair<double, double>>& scores, double sd) {
  std::vector<TrialResult> trials;
  for (const auto& [swd, untrained] : scores) {
    TrialResult& trial = trials.emplace_back(result_of("A", swd, sd));
    trial.untrained.mean = {untrained, sd};
  }
  return why_no_answer(trials);
}

TEST(Search, ABaselineThatIsNotBetterThanAnUntrainedGeneratorGivesNoAnswer) {
  EXPECT_EQ(answer_of({{0.04, 0.4}}, 0.001), "");
  EXPECT_NE(answer_of({{0.4, 0.4}}, 0.001).find("not better than a generator before its first update"), std::string::npos);
  EXPECT_NE(answer_of({{0.5, 0.4}}, 0.001), "");
  EXPECT_NE(answer_of({{0.39, 0.4}}, 0.02), "");  // four scorings each: the difference is below its standard error
  EXPECT_EQ(answer_of({{0.35, 0.4}}, 0.02), "");
  EXPECT_NE(answer_of({{0.2, 0.4}, {0.6, 0.41}, {0.3, 0.4}}, 0.001), "");  // seeds that vary more than they learn
  EXPECT_EQ(answer_of({{0.2, 0.4}, {0.21, 0.41}, {0.19, 0.4}}, 0.001), "");
  EXPECT_EQ(answer_of({{0.4, kNan}}, 0.001), "");  // of an older run that did not score it
}

TEST(Search, WithoutAnAnswerItEndsAfterTheBaseline) {
  Figures figures;
  figures.swd["A"] = 1.2;
  int told = 0;
  const Search search = search_layers({}, std::ref(figures), [&](const Search& so_far) { told += so_far.no_answer.empty() ? 0 : 1; });
  EXPECT_EQ(figures.asked, (std::vector<std::string>{"A-seed1"}));
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(search.complete);
  EXPECT_FALSE(search.no_answer.empty());
  EXPECT_NE(search_report(search, {}, "command").find("No answer: the float baseline"), std::string::npos);
}

TEST(Search, StopsAtTheFirstThatExceedsAndLeavesItOut) {
  Figures figures;
  figures.swd["g12-dnone"] = 0.04;
  figures.swd["g12-d4"] = 0.2;
  const Search search = search_with(figures, {.threshold = 0.3});
  EXPECT_EQ(search.chosen, (Setting{{1, 2}, {}}));
  EXPECT_EQ(figures.asked, (std::vector<std::string>{"A-seed1", "B-seed1", "C-seed1", "D-seed1", "g12-dnone-seed1", "g12-d4-seed1"}));
  const std::string verdict = search_verdict(search, {.threshold = 0.3});
  EXPECT_NE(verdict.find("stopped at deconv3 (redundancy -128): +52.3%"), std::string::npos) << verdict;
}

TEST(Search, AllLayersMayPassAndNoneMay) {
  Figures all;
  all.swd["E"] = 0.05;
  for (const char* const setting : {"G", "gall-d4", "gall-d3", "gall-d2", "gall-d1", "gall-dall"}) all.swd[setting] = 0.2;
  const Search every = search_with(all, {});
  EXPECT_TRUE(every.complete);
  EXPECT_EQ(every.chosen, (Setting{{1, 2, 3, 4}, {1, 2, 3, 4}}));
  EXPECT_TRUE(every.steps.back().degraded->exceeds);
  const std::string verdict = search_verdict(every, {});
  for (const char* const words : {"do not bear together", "A lower --threshold or --d-threshold", "Nothing that was tried stays in float."})
    EXPECT_TRUE(contains(verdict, words)) << verdict;

  Figures none;
  none.swd["B"] = 0.2;
  const Search nothing = search_with(none, {});
  EXPECT_TRUE(nothing.complete);
  EXPECT_EQ(nothing.chosen, Setting{});
  EXPECT_EQ(none.asked, (std::vector<std::string>{"A-seed1", "B-seed1"}));  // nothing is left to train together, or to be played against
  EXPECT_EQ(strategy_flags(nothing), "--binarize-g none --binarize-d none");
}

TEST(Search, TheLinearLayerStandsWhereItsRedundancyPutsIt) {
  const std::vector<SearchLayer> order = search_order({}, true);
  std::vector<int> numbers;
  std::vector<std::int64_t> redundancies;
  for (const SearchLayer& layer : order) {
    numbers.push_back(layer.number);
    redundancies.push_back(layer.redundancy);
  }
  EXPECT_EQ(numbers, (std::vector<int>{1, 2, 0, 3, 4}));
  EXPECT_EQ(redundancies, (std::vector<std::int64_t>{496, 192, 99, -128, -960}));
  EXPECT_EQ(search_order({}, false).size(), 4u);
}

TEST(Search, TheDiscriminatorsOrderIsThatOfItsRedundancies) {
  std::vector<std::pair<int, std::int64_t>> order;
  for (const SearchLayer& layer : discriminator_search_order({})) order.emplace_back(layer.number, layer.redundancy);
  EXPECT_EQ(order, (std::vector<std::pair<int, std::int64_t>>{{4, 5888}, {3, 2944}, {2, 1472}, {1, 11}}));
}

TEST(Search, TrialsShareTheTrainingAndSayTheRest) {
  SearchOptions options{.first_seed = 7, .seeds = 2};
  options.training.network().size = 32;
  const Setting setting{{1, 2}, {1, 2, 3, 4}};
  const std::vector<Trial> trials = step_trials(options, setting);
  ASSERT_EQ(trials.size(), 2u);
  EXPECT_EQ(trials[1].name, "g12-dall-seed8");
  RunConfig expected = options.training;
  expected.network().binarized = setting;
  expected.trainer.seed = 8;
  EXPECT_TRUE(trials[1].config == expected);
  EXPECT_EQ(step_trials(options, {})[0].config.network().binarized, Setting{});
  EXPECT_EQ(step_trials(options, {})[0].config.trainer.seed, 7u);
}

TEST(Search, AStoppedTrainingLeavesTheSearchIncomplete) {
  Figures figures;
  figures.swd.erase("C");
  const Search search = search_with(figures, {});
  EXPECT_FALSE(search.complete);
  EXPECT_EQ(search.steps.size(), 2u);
}

TEST(Search, WhatDivergesExceedsEveryThreshold) {
  Figures figures;
  figures.swd["C"] = kNan;
  figures.swd["g1-d4"] = kNan;
  const Search search = search_with(figures, {.threshold = 1e6, .discriminator_threshold = 1e6});
  EXPECT_EQ(search.chosen, (Setting{{1}, {}}));
  EXPECT_TRUE(search.steps[2].degraded->diverged);
  const Table csv = search_csv(search, {});
  EXPECT_EQ(csv.rows.size(), 4u);
  EXPECT_EQ(csv.cell(2, 6), "");  // no distance
  Figures baseline;
  baseline.swd["A"] = kNan;
  const std::string message = expect_refusal(ErrorKind::diverged, "", [&] { search_with(baseline, {}); });
  EXPECT_TRUE(contains(message, "loss of D is nan")) << message;
  // One of two seeds is enough.  That the baseline lost one is told.
  Figures paper;
  Search one_lost = search_with(paper, {.seeds = 2});
  EXPECT_EQ(search_caveats(one_lost, {.seeds = 2}).size(), 1u);
  one_lost.steps[0].mean = measurement(std::vector<TrialResult>{result_of("a", 0.044, 0.0), diverged("b")}, Distance::mean);
  const std::vector<std::string> caveats = search_caveats(one_lost, {.seeds = 2});
  ASSERT_EQ(caveats.size(), 2u);
  EXPECT_NE(caveats[1].find("2 seeds 1 diverged"), std::string::npos) << caveats[1];
  const Measurement half = measurement(std::vector<TrialResult>{result_of("a", 0.04, 0.0), diverged("b")}, Distance::finest);
  EXPECT_EQ(half.swd.mean, 0.04);
  EXPECT_TRUE(degradation(half, measured(0.044), 1.0).exceeds);
}

TEST(Degradation, OneSeedHasTheErrorOfRepeatedScoringManyThatOfTheSeeds) {
  const Measurement one = measured(0.05, 0.004);
  EXPECT_EQ(one.swd.n, 4);
  EXPECT_DOUBLE_EQ(one.swd.standard_error(), 0.002);
  const Measurement two = measurement(std::vector<TrialResult>{result_of("a", 0.04, 9.0), result_of("b", 0.06, 9.0)}, Distance::mean);
  EXPECT_DOUBLE_EQ(two.swd.mean, 0.05);
  EXPECT_EQ(two.swd.n, 2);
  EXPECT_NEAR(two.swd.standard_error(), 0.01, 1e-12);  // sd 0.0141 / sqrt(2)
  // Ratio 0.05 / 0.04 with standard errors 0.002 and 0.001: 1.25 sqrt(0.04^2 + 0.025^2).
  const Degradation d = degradation(one, measured(0.04, 0.002), 1.0);
  EXPECT_NEAR(d.swd, 0.25, 1e-12);
  EXPECT_NEAR(d.error, 1.25 * std::hypot(0.04, 0.025), 1e-12);
  EXPECT_NEAR(d.above_floor, 0.04 / 0.03 - 1.0, 1e-12);
}

TEST(Degradation, NearTheThresholdIsNotDecidedAndUnknownErrorsAreSaid) {
  const Measurement baseline = measured(0.04, 0.002);
  const Degradation near = degradation(measured(0.05, 0.004), baseline, 0.30);  // 0.25 +- 0.059
  EXPECT_FALSE(near.exceeds);
  EXPECT_FALSE(near.decided);
  EXPECT_NE(verdict_text(near, 0.30).find("not decided"), std::string::npos);
  const Degradation far = degradation(measured(0.05, 0.004), baseline, 0.40);
  EXPECT_TRUE(far.decided);
  EXPECT_EQ(verdict_text(far, 0.40), "+25.0% +- 5.9%: within +40.0%");
  TrialResult once = result_of("a", 0.05, 0.0);
  once.repeats = 1;
  const Degradation unknown = degradation(measurement(std::vector<TrialResult>{once}, Distance::mean), baseline, 0.10);
  EXPECT_TRUE(unknown.exceeds);
  EXPECT_FALSE(unknown.decided);
  EXPECT_NE(verdict_text(unknown, 0.10).find("error is not known"), std::string::npos);
}

TEST(Degradation, ADifferenceWithinTheFloorsSpreadIsNone) {
  const Measurement baseline = measured(0.0200, 0.0, 0.01, 0.002);
  const Degradation within = degradation(measured(0.0219, 0.0, 0.01, 0.002), baseline, 0.0);
  EXPECT_FALSE(within.exceeds);
  EXPECT_TRUE(within.within_floor);
  EXPECT_NE(verdict_text(within, 0.0).find("counts as none"), std::string::npos) << verdict_text(within, 0.0);
  EXPECT_TRUE(degradation(measured(0.0221, 0.0, 0.01, 0.002), baseline, 0.0).exceeds);
  // A baseline that is not above the floor leaves nothing to divide by; without held-out images there is no floor.
  EXPECT_TRUE(std::isnan(degradation(measured(0.02), measured(0.01), 1.0).above_floor));
  const Degradation floorless = degradation(measured(0.05, 0.0, kNan, kNan), measured(0.04, 0.0, kNan, kNan), 0.2);
  EXPECT_TRUE(floorless.exceeds);
  EXPECT_TRUE(std::isnan(floorless.above_floor));
}

TEST(SearchReport, ShowsTrialsThresholdAndCommands) {
  Figures figures;
  const SearchOptions options{.threshold = 1.0};
  const Search search = search_with(figures, options);
  const Table csv = search_csv(search, options);
  EXPECT_EQ(parse_csv(csv_text(csv), "search.csv").rows.size(), 11u);
  EXPECT_EQ(csv.header[8], "swd_64");
  EXPECT_EQ(csv.cell(4, 0), "deconv4");
  EXPECT_EQ(csv.cell(4, 4), "-960");
  EXPECT_EQ(csv.cell(4, 8), "0.449");
  EXPECT_EQ(csv.cell(5, 0), "generator");
  EXPECT_EQ(csv.cell(5, 3), "none");
  EXPECT_EQ(csv.cell(9, 0), "conv1");
  EXPECT_EQ(csv.cell(9, 4), "11");
  EXPECT_EQ(csv.cell(10, 0), "together");
  EXPECT_EQ(csv.cell(10, 3), "2,3,4");
  const std::string page = search_report(search, options, "./tools/plan --search --out x");
  for (const char* const word : {"--binarize-g 1,2,3 --binarize-d 2,3,4", "threshold", "+52.3%", "One seed", "./tools/train_gan E-seed1",
                                 "<svg", "./tools/plan --search --out x"})
    EXPECT_NE(page.find(word), std::string::npos) << word;
}

// The search as a user runs it, on networks as small as they come.
class SearchTool : public testing::Test {
 protected:
  void SetUp() override {
    skip_without({"plan", "train_gan"});
    plan_ = tool_path("plan").value_or("");
  }
  ToolRun search(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"--search", "--size", "16", "--g-widths", "16,16,16,16", "--d-widths", "16,16,16,16"};
    // Long enough for a baseline that is better than an untrained generator.
    for (const char* const word : {"--z-dim", "8", "--lr", "0.001", "--batch", "8", "--synthetic-images", "64", "--holdout", "0.25",
                                   "--swd-images", "16", "--iterations", "600", "--bn-calibrate", "1", "--swd-repeats", "2", "--out"})
      arguments.emplace_back(word);
    arguments.push_back(out());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tool_at(plan_, arguments, folder_.path());
  }
  std::string out() const { return folder_ / "search"; }

  std::string plan_;
  TestFolder folder_;
};

TEST_F(SearchTool, EndsWithAStrategyAndTrainsOnlyWhatIsMissing) {
  // Every layer passes: eleven trials.
  const std::vector<std::string> anything = {"--threshold", "1000000", "--d-threshold", "1000000"};
  const ToolRun whole = search(anything);
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  EXPECT_EQ(last_line(whole.out), "--binarize-g 1,2,3,4 --binarize-d all");
  const Table csv = parse_csv(text_of(out() + "/search.csv"), "search.csv");
  ASSERT_EQ(csv.rows.size(), 11u);
  EXPECT_NE(text_of(out() + "/report.html").find("data:image/png"), std::string::npos);

  // Two trials are lost, as where a search is stopped: one whole, of the other its scores.
  const auto written = fs::last_write_time(out() + "/trials/B-seed1/scores.json");
  const std::string scores = text_of(out() + "/trials/D-seed1/scores.json");
  fs::remove_all(out() + "/trials/C-seed1");
  fs::remove(out() + "/trials/D-seed1/scores.json");
  fs::remove(out() + "/search.csv");
  const ToolRun again = search(anything);
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(last_line(again.out), last_line(whole.out));
  EXPECT_EQ(fs::last_write_time(out() + "/trials/B-seed1/scores.json"), written);
  const Table csv_again = parse_csv(text_of(out() + "/search.csv"), "search.csv");
  ASSERT_EQ(csv_again.rows.size(), csv.rows.size());
  for (std::size_t row = 0; row < csv.rows.size(); ++row)
    for (std::size_t column = 0; column < csv.header.size(); ++column) {
      if (csv.header[column] == "seconds") continue;
      EXPECT_EQ(csv_again.cell(row, column), csv.cell(row, column)) << row << ' ' << csv.header[column];
    }

  // Another threshold decides on the same trials; none is trained.
  const ToolRun strict = search({"--threshold", "0"});
  ASSERT_EQ(strict.exit_code, 0) << strict.err;
  EXPECT_EQ(fs::last_write_time(out() + "/trials/B-seed1/scores.json"), written);
}

TEST_F(SearchTool, RefusesWhatItDecidesItselfAndFoldersOfOthers) {
  const std::vector<std::vector<std::string>> all_wrong = {
      {"--setting", "F"}, {"--binarize-g", "1"}, {"--resume", "auto"}, {"--threshold", "-1"}, {"--out", folder_.path()}};
  for (const std::vector<std::string>& wrong : all_wrong) {
    const ToolRun run = search(wrong);
    EXPECT_EQ(run.exit_code, 2) << wrong[0];
    EXPECT_NE(run.err.find(wrong[0] == "--out" ? folder_.path() : wrong[0]), std::string::npos) << run.err;
  }
  const ToolRun help = search({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.out.find("off by one"), std::string::npos);
  EXPECT_EQ(help.out.find("--binarize-g LAYERS"), std::string::npos);
}

}  // namespace
}  // namespace pbgen
