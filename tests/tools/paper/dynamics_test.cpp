// Pieces of ./tools/paper about the game and on what is beyond the paper: which trials they ask for, what they measure, what they say.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/math.h"
#include "core/base/rng.h"
#include "core/tensor/tensor.h"
#include "data/formats/image_io.h"
#include "gan/losses.h"
#include "tests/support/contains.h"
#include "tests/support/tool_run.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/csv.h"
#include "tools/lib/paper/competition.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/pieces/strategy.h"
#include "tools/lib/paper/trial_table.h"
#include "tools/lib/trials/run_trials.h"
#include "tools/lib/trials/trial.h"

namespace pbgen {
namespace {

Experiment small_experiment(int seeds) {
  Experiment experiment;
  experiment.seeds = seeds;
  experiment.settings = {"A", "B", "C", "D", "E", "F", "G", "H"};
  train_as(experiment, {"--size", "32", "--gf-dim", "16", "--df-dim", "16"});
  experiment.iterations = 1000;
  return experiment;
}

constexpr const Piece* kPieces[] = {&kCompetitionPiece, &kExhaustivePiece, &kLinearLayerPiece, &kDiscriminatorLayersPiece,
                                    &kDeconvScalePiece, &kRecipePiece,     &kSamplingPiece,    &kEdgePiece,
                                    &kWganPiece};

std::vector<std::string> names_of(const std::vector<Trial>& trials) {
  std::vector<std::string> names;
  names.reserve(trials.size());
  for (const Trial& trial : trials) names.push_back(trial.name);
  return names;
}

Setting trained_setting(const Trial& trial) { return trial.config.network().binarized; }

TEST(PaperTrials, CompetitionHasEverySeedOfItsThreeSettings) {
  const std::vector<std::string> expected{"dcgan-F-seed1", "dcgan-F-seed2", "dcgan-H-seed1",
                                          "dcgan-H-seed2", "dcgan-A-seed1", "dcgan-A-seed2"};
  EXPECT_EQ(names_of(kCompetitionPiece.trials(small_experiment(2))), expected);
  Experiment without_f = small_experiment(1);
  without_f.settings = {"A", "H"};
  EXPECT_EQ(names_of(kCompetitionPiece.trials(without_f)), (std::vector<std::string>{"dcgan-H-seed1", "dcgan-A-seed1"}));
}

TEST(PaperTrials, ExhaustiveTrainsEachOfTheThirtyTwoOnceAndSharesTheLetters) {
  const Experiment experiment = small_experiment(1);
  const std::vector<Trial> trials = kExhaustivePiece.trials(experiment);
  ASSERT_EQ(trials.size(), 32u);
  std::map<std::string, int> settings;
  for (const Trial& trial : trials) ++settings[setting_name(trained_setting(trial))];
  EXPECT_EQ(settings.size(), 32u);
  for (const char letter : std::string("ABCDEFGH")) {
    const Trial shared = setting_trial(experiment, {&letter, 1}, "dcgan", 1);
    EXPECT_EQ(std::count(trials.begin(), trials.end(), shared), 1) << letter;
  }
  EXPECT_EQ(kExhaustivePiece.trials(small_experiment(3)).size(), 48u);  // and two other seeds of eight letters
}

TEST(PaperTrials, TheLinearLayerIsTheOnlyDifference) {
  const std::vector<Trial> trials = kLinearLayerPiece.trials(small_experiment(1));
  ASSERT_EQ(names_of(trials), (std::vector<std::string>{"dcgan-A-seed1", "dcgan-F-seed1", "dcgan-H-seed1", "dcgan-g0-dnone-seed1",
                                                        "dcgan-g0123-dnone-seed1", "dcgan-g0123-dall-seed1"}));
  EXPECT_EQ(trained_setting(trials[3]), (Setting{{0}, {}}));
  EXPECT_EQ(trained_setting(trials[4]), (Setting{{0, 1, 2, 3}, {}}));
  EXPECT_EQ(trained_setting(trials[5]), (Setting{{0, 1, 2, 3}, {1, 2, 3, 4}}));
}

TEST(PaperTrials, DiscriminatorLayersHaveEverySeedUnderEachLoss) {
  Experiment experiment = small_experiment(2);
  experiment.lsgan = true;
  const std::vector<Trial> trials = kDiscriminatorLayersPiece.trials(experiment);
  ASSERT_EQ(trials.size(), 28u);
  EXPECT_EQ(trials.front(), setting_trial(experiment, "F", "dcgan", 1));
  EXPECT_EQ(trials[13], setting_trial(experiment, "H", "dcgan", 2));
  EXPECT_EQ(trials[1].name, "dcgan-g123-d1-seed1");
  EXPECT_EQ(trained_setting(trials[1]), (Setting{{1, 2, 3}, {1}}));
  EXPECT_EQ(trials[26].name, "lsgan-inner-seed2");
  EXPECT_EQ(trials[26].config.trainer.loss, Loss::lsgan);
  EXPECT_EQ(trained_setting(trials[26]), (Setting{{1, 2, 3}, {2, 3, 4}}));
  experiment.lsgan = false;
  experiment.settings = {"A"};
  EXPECT_EQ(kDiscriminatorLayersPiece.trials(experiment).size(), 10u);  // five that have no letter
}

TEST(PaperTrials, TheEdgeTakesEverySeedOfWhatItExports) {
  Experiment experiment = small_experiment(2);
  const std::vector<Trial> trials = kEdgePiece.trials(experiment);
  EXPECT_EQ(names_of(trials), (std::vector<std::string>{"dcgan-A-seed1", "dcgan-A-seed2", "dcgan-F-seed1", "dcgan-F-seed2",
                                                        "dcgan-g0123-dnone-seed1", "dcgan-g0123-dnone-seed2"}));
  EXPECT_EQ(trials.back().config.trainer.seed, 2u);
  EXPECT_EQ(trained_setting(trials.back()), (Setting{{0, 1, 2, 3}, {}}));
  experiment.settings = {"A"};
  EXPECT_EQ(kEdgePiece.trials(experiment).size(), 4u);
}

// Two trials of one name and other arguments would meet in one folder.
TEST(PaperTrials, NamesAreUniqueAmongAllOfThesePieces) {
  const Experiment experiment = small_experiment(2);
  std::map<std::string, Trial> known;
  for (const Piece* piece : kPieces) {
    for (const Trial& trial : piece->trials(experiment)) {
      const auto [place, is_new] = known.emplace(trial.name, trial);
      EXPECT_TRUE(is_new || place->second == trial) << trial.name;
    }
  }
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// 300 rows, one each 10 iterations, as at laptop scale; the advantage is advantage(iteration), split evenly around one half.
template <class Advantage>
std::vector<LogRow> rows_with(Advantage advantage) {
  std::vector<LogRow> rows;
  for (std::int64_t iteration = 10; iteration <= 3000; iteration += 10) {
    LogRow& row = rows.emplace_back();
    row.iteration = iteration;
    row.epoch = static_cast<double>(iteration) / 224.0;
    const double a = advantage(static_cast<double>(iteration));
    row.d_real = (1.0 + a) / 2.0;
    row.d_fake = (1.0 - a) / 2.0;
    row.loss_d = -2.0 * log_of(row.d_real);
    row.loss_g = -log_of(row.d_fake);
  }
  return rows;
}

// Scores each 500 iterations.
template <class Distance>
void add_scores(std::vector<LogRow>& rows, Distance distance) {
  for (LogRow& row : rows)
    if (row.iteration % 500 == 0) row.swd = distance(static_cast<double>(row.iteration));
}

constexpr double kWindow = 100.0;  // iterations that 300 rows are smoothed over

TEST(Competition, AConstantAdvantageNeitherBeginsNorVanishes) {
  const Competition alive = measure_competition(rows_with([](double) { return 0.5; }));
  EXPECT_FALSE(alive.initiated);
  EXPECT_FALSE(alive.vanished);
  EXPECT_EQ(alive.vanished_share, 0.0);
  EXPECT_NEAR(alive.late_advantage, 0.5, 1e-12);
  EXPECT_NEAR(alive.late_loss_d, -2.0 * std::log(0.75), 1e-12);
  // Won from the first row to the last: it never began, and all of it is vanished.
  const Competition won = measure_competition(rows_with([](double) { return 0.95; }));
  EXPECT_FALSE(won.initiated);
  ASSERT_TRUE(won.vanished);
  EXPECT_EQ(*won.vanished, 10.0);
  EXPECT_EQ(won.vanished_share, 1.0);
}

TEST(Competition, BeginsWithTheGeneratorsFirstGainAndVanishesForGood) {
  const Competition c = measure_competition(rows_with([](double t) { return t < 300.0 ? 0.95 : t < 1000.0 ? 0.5 : 0.97; }));
  ASSERT_TRUE(c.initiated);
  EXPECT_NEAR(*c.initiated, 300.0, kWindow / 2.0);
  ASSERT_TRUE(c.vanished);
  EXPECT_NEAR(*c.vanished, 1000.0, kWindow / 2.0);
  EXPECT_NEAR(c.vanished_share, 2000.0 / 2700.0, kWindow / 2700.0);
  EXPECT_NEAR(c.late_advantage, 0.97, 1e-12);
}

TEST(Competition, AnEndShorterThanTheWindowIsNotForGood) {
  const auto until = [](double begin) { return rows_with([begin](double t) { return t < begin ? 0.2 : 1.0 - 1e-9; }); };
  EXPECT_FALSE(measure_competition(until(2950.0)).vanished);
  EXPECT_TRUE(measure_competition(until(2800.0)).vanished);
}

TEST(Competition, TheThresholdIsADiscriminatorThatIsRightWith95Percent) {
  EXPECT_NEAR(kVanishedLoss, -2.0 * std::log(0.95), 1e-15);
  // A mean loss below it implies a mean advantage above the other; answers of all kinds, some batches on each side.
  const CounterRng rng(7, Stream::test);
  int below = 0;
  for (std::uint32_t batch = 0; batch < 2000; ++batch) {
    const double scale = 0.4 * rng.uniform(batch * 100);
    double loss = 0.0;
    double advantage = 0.0;
    for (std::uint32_t i = 0; i < 32; ++i) {
      const double wrong_real = scale * std::pow(rng.uniform(batch * 100 + 1 + i), 3.0);
      const double wrong_fake = scale * std::pow(rng.uniform(batch * 100 + 40 + i), 3.0);
      loss += (-std::log(1.0 - wrong_real) - std::log(1.0 - wrong_fake)) / 32.0;
      advantage += (1.0 - wrong_real - wrong_fake) / 32.0;
    }
    if (loss >= kVanishedLoss) continue;
    ++below;
    EXPECT_GE(advantage, kVanishedAdvantage) << "batch " << batch;
  }
  EXPECT_GT(below, 100);
  EXPECT_LT(below, 1900);
}

// What the measure stands on: the discriminator's loss sends a gradient of the size 1 - a into its outputs.
TEST(Competition, OneLessTheAdvantageIsTheGradientThatTheDiscriminatorGets) {
  const LaneShape shape{8, 1, 1, 1};
  Tensor real(shape);
  Tensor fake(shape);
  for (int i = 0; i < 8; ++i) {
    real.data()[i] = 0.7f * static_cast<float>(i) - 1.0f;
    fake.data()[i] = 0.3f - 0.6f * static_cast<float>(i);
  }
  const double d_real = loss_towards(Loss::dcgan, real.view(), 1.0, real.view()).mean_output;
  const double d_fake = loss_towards(Loss::dcgan, fake.view(), 0.0, fake.view()).mean_output;
  double gradient = 0.0;
  for (int i = 0; i < 8; ++i) gradient += std::fabs(real.data()[i]) + std::fabs(fake.data()[i]);
  EXPECT_NEAR(gradient, 1.0 - (d_real - d_fake), 16 * 1e-7);
}

TEST(Competition, TheFactorIsThatOfTheSecondHalf) {
  auto rows = rows_with([](double) { return 0.5; });
  EXPECT_TRUE(std::isnan(measure_competition(rows).swd_factor));
  // Falls steeply at first, then to 80% over the second half.
  add_scores(rows, [](double t) { return t < 1500.0 ? 10.0 - t / 200.0 : 0.1 * std::pow(0.8, (t - 1500.0) / 1500.0); });
  EXPECT_NEAR(measure_competition(rows).swd_factor, 0.8, 1e-9);
  add_scores(rows, [](double t) { return t < 1500.0 ? 1.0 : 0.1; });
  EXPECT_NEAR(measure_competition(rows).swd_factor, 1.0, 1e-12);
}

TEST(Competition, NoRowsNoNumbers) {
  const Competition c = measure_competition({});
  EXPECT_TRUE(std::isnan(c.vanished_share) && std::isnan(c.late_advantage) && std::isnan(c.late_loss_d) && std::isnan(c.swd_factor));
  EXPECT_FALSE(c.initiated || c.vanished);
}

using Scores = std::map<std::string, double>;

ScoreOf looked_up(const Scores& scores) {
  return [&scores](LayerSet layers) { return scores.at(layers.to_string()); };
}

// A set is as bad as the worst of its layers: the paper's third inference.
Scores superposed(const std::map<int, double>& single, double none) {
  Scores scores;
  for (const LayerSet layers : all_generator_settings()) {
    double worst = none;
    for (const auto& [layer, swd] : single)
      if (layers.contains(layer)) worst = std::max(worst, swd);
    scores[layers.to_string()] = worst;
  }
  return scores;
}

// Each layer is twice as large as the next.
double made_up_bytes(LayerSet layers) {
  double bytes = 1000.0;
  for (int layer = 1; layer <= 4; ++layer) bytes -= layers.contains(layer) ? 100.0 * (1 << (4 - layer)) / 2.0 : 0.0;
  return bytes;
}

const std::vector<int> kOrder{1, 2, 3, 4};

TEST(Strategy, BothFindThePapersChoiceInThePapersNumbers) {
  const Scores scores = superposed({{1, 0.038}, {2, 0.045}, {3, 0.067}, {4, 0.449}}, 0.044);
  const Strategy one = algorithm_1(looked_up(scores), kOrder, 1.0);
  EXPECT_EQ(one.layers, (LayerSet{1, 2, 3}));
  EXPECT_EQ(one.trials, 6);  // the float generator, four singles, the strategy
  EXPECT_NEAR(one.degradation, 0.067 / 0.044 - 1.0, 1e-12);
  const Strategy all = exhaustive_search(looked_up(scores), made_up_bytes, 1.0);
  EXPECT_EQ(all.layers, (LayerSet{1, 2, 3}));
  EXPECT_EQ(all.trials, 16);
  EXPECT_EQ(algorithm_1(looked_up(scores), kOrder, 0.25).layers, (LayerSet{1, 2}));
  EXPECT_EQ(algorithm_1(looked_up(scores), kOrder, 100.0).layers, (LayerSet{1, 2, 3, 4}));
}

TEST(Strategy, TheyAgreeWhereTheInferencesHoldAndNotOtherwise) {
  // Superposed, and worse from layer to layer in the order: any scores, any threshold.
  const CounterRng rng(3, Stream::test);
  for (std::uint32_t i = 0; i < 50; ++i) {
    std::map<int, double> single;
    double swd = 0.04;
    for (int layer = 1; layer <= 4; ++layer) single[layer] = swd *= 1.0 + 2.0 * rng.uniform(i * 8 + static_cast<std::uint32_t>(layer));
    const Scores scores = superposed(single, 0.04);
    for (const double threshold : {0.1, 0.5, 2.0, 10.0}) {
      const LayerSet chosen = algorithm_1(looked_up(scores), kOrder, threshold).layers;
      EXPECT_EQ(chosen, exhaustive_search(looked_up(scores), made_up_bytes, threshold).layers);
    }
  }
  // The second layer is worse than the third: Algorithm 1 never looks behind it.
  const Scores unordered = superposed({{1, 0.05}, {2, 0.3}, {3, 0.05}, {4, 0.4}}, 0.04);
  EXPECT_EQ(algorithm_1(looked_up(unordered), kOrder, 0.5).layers, (LayerSet{1}));
  EXPECT_EQ(algorithm_1(looked_up(unordered), kOrder, 0.5).trials, 3);
  EXPECT_EQ(exhaustive_search(looked_up(unordered), made_up_bytes, 0.5).layers, (LayerSet{1, 3}));
  // Harmless alone, harmful together: Algorithm 1 does not see it.
  Scores together = superposed({{1, 0.05}, {2, 0.05}, {3, 0.3}, {4, 0.4}}, 0.04);
  together["1,2"] = 0.2;
  const Strategy chosen = algorithm_1(looked_up(together), kOrder, 0.5);
  EXPECT_EQ(chosen.layers, (LayerSet{1, 2}));
  EXPECT_NEAR(chosen.degradation, 4.0, 1e-12);
  EXPECT_EQ(exhaustive_search(looked_up(together), made_up_bytes, 0.5).layers, (LayerSet{1}));
}

TEST(Strategy, ARunThatDivergedIsNeverChosen) {
  Scores scores = superposed({{1, 0.04}, {2, 0.04}, {3, 0.04}, {4, 0.04}}, 0.04);
  scores["2"] = scores["1,2,3,4"] = kNan;
  EXPECT_EQ(algorithm_1(looked_up(scores), kOrder, 0.5).layers, (LayerSet{1}));
  EXPECT_EQ(exhaustive_search(looked_up(scores), made_up_bytes, 0.5).layers, (LayerSet{1, 2, 3}));
  scores["none"] = kNan;
  EXPECT_EQ(algorithm_1(looked_up(scores), kOrder, 0.5).layers, LayerSet{});
  EXPECT_EQ(exhaustive_search(looked_up(scores), made_up_bytes, 0.5).layers, LayerSet{});
}

TEST(Strategy, TheFrontHoldsWhatNothingElseBeats) {
  EXPECT_EQ(pareto_front({1, 2, 3, 3, 2, 1}, {3, 2, 1, 3, kNan, 3}), (std::vector<bool>{true, true, true, false, false, true}));
  EXPECT_EQ(pareto_front({1, 2}, {5, 5}), (std::vector<bool>{true, false}));
  EXPECT_TRUE(pareto_front({}, {}).empty());
}

// A folder of its own, removed at the end.
class PaperPages : public testing::Test {
 protected:
  void SetUp() override {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = concat(testing::TempDir(), "paper_", name, "_", getpid());  // others may run the tests at the same time
    std::filesystem::remove_all(folder_);
    experiment_.out = folder_;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // A trial that never ran: its mean SWD, 2 levels, a log whose discriminator wins where `wins`, and two sample grids.
  TrialResult made_up(const Trial& trial, double swd, bool wins) const {
    TrialResult result;
    result.name = trial.name;
    result.folder = folder_ + "/trials/any";  // pictures are the same for all
    result.command = "./tools/train_gan --out trials/" + trial.name;
    result.sizes = {32, 16};
    result.generator = {{{1.2 * swd, 0.01 * swd}, {0.8 * swd, 0.01 * swd}}, {swd, 0.01 * swd}};
    result.noise_floor = {{{0.011, 0.001}, {0.009, 0.001}}, {0.010, 0.001}};
    result.untrained = {{{0.5, 0.001}, {0.4, 0.001}}, {0.45, 0.001}};
    result.num_images = 1024;
    result.repeats = 2;
    result.iterations = 3000;
    result.seconds = 100.0;
    const auto alive = [](double t) { return 0.5 + 0.3 * std::exp(-t / 300.0) + 0.05 * std::sin(t / 10.0); };
    result.rows = rows_with([&](double t) { return wins && t > 700.0 ? 0.98 : alive(t); });
    add_scores(result.rows, [&](double t) { return wins ? swd : swd * std::exp(2.0 * (1.0 - t / 3000.0)); });
    const std::vector<std::uint8_t> grey(32 * 32 * 3, 128);
    for (const std::string name : {"/samples/00000000.png", "/samples/00003000.png"})
      if (!std::filesystem::exists(result.folder + name)) write_png(result.folder + name, grey, 32, 32, 3);
    return result;
  }

  TrialResult diverged(const Trial& trial) const {
    TrialResult result = made_up(trial, 1.0, false);
    const Estimate none{kNan, kNan};
    result.diverged = true;
    result.failure = "iteration 40: generator.deconv1.weight is <not> finite";
    result.sizes.clear();
    result.generator = result.noise_floor = result.untrained = {{}, none};
    result.num_images = 0;
    result.repeats = 0;
    return result;
  }

  // Trials that take a second.
  void train_tiny_networks() {
    train_as(experiment_, {"--size", "32", "--gf-dim", "2", "--df-dim", "2", "--batch", "8", "--lr", "2e-4", "--iterations", "30",
                            "--synthetic-images", "128", "--holdout", "0.25", "--swd-images", "32", "--swd-repeats", "2",
                            "--swd-every", "30", "--sample-every", "0", "--bn-calibrate", "2", "--checkpoint-every", "0"});
  }

  // Setting E is bad, seeds differ by a few per cent.
  static double usual_swd(const Trial& trial) {
    const LayerSet layers = trained_setting(trial).generator;
    const double swd = layers.contains(4) ? 0.4 : layers.contains(3) ? 0.06 : 0.04;
    return swd * (trial.name.ends_with("seed2") ? 1.05 : trial.name.ends_with("seed3") ? 0.98 : 1.0);
  }

  std::vector<TrialResult> usual_results(const Piece& piece) const {
    std::vector<TrialResult> results;
    for (const Trial& trial : piece.trials(experiment_))
      results.push_back(made_up(trial, usual_swd(trial), trial.name.starts_with("dcgan-F")));
    return results;
  }

  // Puts a trial with that mean SWD in the place of the one of that name.
  void give(std::vector<TrialResult>& results, const std::string& name, double swd) const {
    const auto found = std::find_if(results.begin(), results.end(), [&](const TrialResult& result) { return result.name == name; });
    ASSERT_NE(found, results.end()) << name;
    *found = made_up({name, {}}, swd, false);
  }

  // The page's markup.
  std::string make(const Piece& piece, const std::vector<TrialResult>& results) const {
    PieceFolder folder(experiment_, piece.command);
    piece.make(experiment_, TrialBook(results), folder);
    return folder.page().markup();
  }

  Table csv(const Piece& piece, const std::string& name) const {
    return PieceFolder(experiment_, piece.command).read_csv(name);
  }

  std::string folder_;
  Experiment experiment_ = small_experiment(3);
};

// The cell of that column in the first row that begins with `first`.
std::string cell_of(const Table& table, const std::string& first, const std::string& column) {
  const auto found = std::find(table.header.begin(), table.header.end(), column);
  if (found == table.header.end()) return "no column " + column;
  for (std::size_t row = 0; row < table.rows.size(); ++row)
    if (table.cell(row, 0) == first) return std::string(table.cell(row, static_cast<std::size_t>(found - table.header.begin())));
  return "no row " + first;
}

void expect_verdicts(const Table& claims, std::initializer_list<std::pair<const char*, const char*>> expected) {
  for (const auto& [claim, verdict] : expected) EXPECT_EQ(cell_of(claims, claim, "verdict"), verdict) << claim;
}

TEST_F(PaperPages, CompetitionJudgesThePapersStatementsOverTheSeeds) {
  auto results = usual_results(kCompetitionPiece);
  // Without a spread every difference would count.
  for (TrialResult& result : results)
    for (LogRow& row : result.rows) {
      if (result.name.ends_with("seed2")) row.d_real += 0.01;
      if (result.name.ends_with("seed2") && row.swd) *row.swd *= 1.0 + static_cast<double>(row.iteration) / 1e5;
    }
  const std::string page = make(kCompetitionPiece, results);
  const Table claims = csv(kCompetitionPiece, "claims");
  expect_verdicts(claims, {{"F: the competition vanishes", "holds"},
                           {"H: the competition goes on", "holds"},
                           {"F: the images stop improving", "holds"},
                           {"H: the images go on to improve", "holds"},
                           {"F vanishes more than H", "holds"},
                           {"F's images improve less than H's", "holds"},
                           {"A is very similar to H: more so than to F", "holds"}});
  EXPECT_TRUE(contains(page, "statements of Section IV.C.6 7 hold, 1 cannot be told here"));  // A begins with H
  EXPECT_TRUE(contains(page, "for good in 3 of 3 runs"));
  EXPECT_FALSE(contains(page, "is undecided ("));
  EXPECT_TRUE(contains(page, "Fig. 13") && contains(page, "Fig. 14") && contains(page, "Fig. 15"));
  EXPECT_EQ(csv(kCompetitionPiece, "competition").rows.size(), 9u);
  EXPECT_EQ(csv(kCompetitionPiece, "curves").rows.size(), 900u);
  for (const char* chart : {"losses_F.svg", "losses_H.svg", "losses_A.svg", "advantage.svg", "swd.svg"})
    EXPECT_TRUE(std::filesystem::exists(folder_ + "/competition/" + chart)) << chart;
}

TEST_F(PaperPages, CompetitionTellsOfADiscriminatorThatIsUndecided) {
  auto results = usual_results(kCompetitionPiece);
  for (TrialResult& result : results)
    if (result.name.starts_with("dcgan-H")) result.rows = rows_with([](double) { return 0.01; });
  EXPECT_TRUE(contains(make(kCompetitionPiece, results), "is undecided (under H D&#39;s loss is 1.366 +- 0.000;"));
  // It has not vanished, but it does not go on, either.
  const Table claims = csv(kCompetitionPiece, "claims");
  EXPECT_EQ(cell_of(claims, "H: the competition goes on", "verdict"), "does not hold");
  EXPECT_EQ(cell_of(claims, "H: the competition goes on", "here"), "vanished for good in 0 of 3 runs; undecided, advantage H 0.01 +- 0.00");
}

// An advantage of 0.8 that falls to `late` at iteration `begins`.
std::vector<LogRow> rows_that_fall(double late, double begins) {
  return rows_with([=](double t) { return t < begins ? 0.8 : late; });
}

TEST_F(PaperPages, CompetitionHoldsAAgainstBothOthers) {
  const auto verdict_of = [&](double a, double a_begins, double seed_2, const std::string& claim) {
    auto results = usual_results(kCompetitionPiece);
    for (TrialResult& result : results) {
      const bool is_a = result.name.starts_with("dcgan-A");
      const double late = is_a ? a : result.name.starts_with("dcgan-F") ? 0.5 : 0.1;
      result.rows = rows_that_fall(result.name.ends_with("seed2") ? late + seed_2 : late, is_a ? a_begins : 500.0);
    }
    make(kCompetitionPiece, results);
    return cell_of(csv(kCompetitionPiece, "claims"), claim, "verdict");
  };
  // F at 0.5 and H at 0.1: nearer to H is below 0.3.  A is between them in all of these but the last two.
  const std::string similar = "A is very similar to H: more so than to F";
  EXPECT_EQ(verdict_of(0.25, 500.0, 0.01, similar), "holds");
  EXPECT_EQ(verdict_of(0.35, 500.0, 0.01, similar), "does not hold");
  // 2 a - h - f of equal errors 0.1 / 3: -0.1 against twice sqrt(6) of them.
  EXPECT_EQ(verdict_of(0.25, 500.0, 0.1, similar), "cannot be told");
  EXPECT_EQ(verdict_of(0.05, 500.0, 0.01, similar), "holds");
  EXPECT_EQ(verdict_of(0.6, 500.0, 0.01, similar), "does not hold");
  const std::string earlier = "A: the competition is initiated earlier than under H";
  EXPECT_EQ(verdict_of(0.25, 300.0, 0.0, earlier), "holds");
  EXPECT_EQ(verdict_of(0.25, 700.0, 0.0, earlier), "does not hold");
}

TEST_F(PaperPages, CompetitionOfOneSeedGivesNoVerdict) {
  experiment_.seeds = 1;
  const std::string page = make(kCompetitionPiece, usual_results(kCompetitionPiece));
  EXPECT_TRUE(contains(page, "Of 8 statements of Section IV.C.6 8 have one seed and no verdict here"));
  for (const auto& row : csv(kCompetitionPiece, "claims").rows) EXPECT_EQ(row[1], "one seed, no verdict") << row[0];
}

TEST_F(PaperPages, CompetitionWithoutHOrWithARunThatDiverged) {
  experiment_.settings = {"A", "F"};
  auto results = usual_results(kCompetitionPiece);
  results[0] = diverged(kCompetitionPiece.trials(experiment_)[0]);
  const std::string page = make(kCompetitionPiece, results);
  EXPECT_TRUE(contains(page, "is &lt;not&gt; finite"));
  const Table claims = csv(kCompetitionPiece, "claims");
  EXPECT_EQ(claims.rows.size(), 2u);  // on F alone; two runs are left of it
  EXPECT_EQ(cell_of(claims, "F: the competition vanishes", "verdict"), "holds");
  experiment_.settings = {"B"};
  EXPECT_TRUE(contains(make(kCompetitionPiece, {}), "None of A, F and H"));
}

TEST_F(PaperPages, ExhaustiveComparesBothSearches) {
  const std::string page = make(kExhaustivePiece, usual_results(kExhaustivePiece));
  EXPECT_TRUE(contains(page, "chooses in 8 of 8 cases, with at most 6 trials against 16"));
  EXPECT_TRUE(contains(page, "3 of 3 pairs"));
  EXPECT_TRUE(contains(page, "7 of 7 settings"));
  EXPECT_TRUE(contains(page, "16 of 16 settings"));
  EXPECT_TRUE(contains(page, "3 runs of Setting A"));
  const Table settings = csv(kExhaustivePiece, "settings");
  ASSERT_EQ(settings.rows.size(), 16u);
  EXPECT_EQ(cell_of(settings, "1,2,3", "setting"), "F, H");
  EXPECT_EQ(cell_of(settings, "1,2,3", "times A"), "1.50");
  EXPECT_EQ(cell_of(settings, "1,2", "on the front with D"), "float, one bit");  // as good as the float one, and smaller
  EXPECT_EQ(cell_of(settings, "none", "on the front with D"), "");
  // T of 25% admits layers 1 and 2, 50% (0.06 / 0.04) layer 3 too, and nothing layer 4.
  const Table strategies = csv(kExhaustivePiece, "strategies");
  ASSERT_EQ(strategies.rows.size(), 8u);
  EXPECT_EQ(strategies.cell(0, 2), "1,2");
  EXPECT_EQ(strategies.cell(3, 2), "1,2,3");
  EXPECT_EQ(csv(kExhaustivePiece, "trials").rows.size(), 32u);
}

TEST_F(PaperPages, ExhaustiveBearsRunsThatDiverged) {
  auto results = usual_results(kExhaustivePiece);
  const auto trials = kExhaustivePiece.trials(experiment_);
  for (std::size_t i = 0; i < trials.size(); ++i)
    if (trained_setting(trials[i]).generator.contains(4)) results[i] = diverged(trials[i]);
  const std::string page = make(kExhaustivePiece, results);
  EXPECT_TRUE(contains(page, "7 of 7 settings"));
  EXPECT_TRUE(contains(page, "11 of 11 settings of several"));
  EXPECT_EQ(cell_of(csv(kExhaustivePiece, "settings"), "4", "times A"), "-");
}

TEST_F(PaperPages, LinearLayerIsHeldAgainstTheSameWithoutIt) {
  auto results = usual_results(kLinearLayerPiece);
  give(results, "dcgan-g0123-dall-seed1", 0.3);
  const std::string page = make(kLinearLayerPiece, results);
  EXPECT_TRUE(contains(page, "redundancy is 99"));
  EXPECT_TRUE(contains(page, "H and layer 0 has 5.00 times the SWD of H"));
  EXPECT_TRUE(contains(page, "in 2 of 3"));
  const Table trials = csv(kLinearLayerPiece, "trials");
  EXPECT_EQ(cell_of(trials, "F and layer 0", "reference"), "F");
  EXPECT_EQ(cell_of(trials, "F and layer 0", "ratio"), "1");
  EXPECT_EQ(cell_of(trials, "F and layer 0", "binarize_g"), "0,1,2,3");
  EXPECT_LT(generator_bytes(experiment_, {{0, 1, 2, 3}, {}}), generator_bytes(experiment_, {{1, 2, 3}, {}}));
}

TEST_F(PaperPages, DiscriminatorLayersAreHeldAgainstNoneAndAllByTwoStandardErrors) {
  experiment_.lsgan = false;
  auto results = usual_results(kDiscriminatorLayersPiece);
  const auto seeds = [&](const std::string& name, double swd) {
    for (int seed = 1; seed <= experiment_.seeds; ++seed) give(results, concat("dcgan-", name, "-seed", seed), swd + 0.001 * seed);
  };
  seeds("F", 0.05);
  for (const char* const layers : {"d2", "d3", "d4"}) seeds(concat("g123-", layers), 0.05);
  seeds("g123-d1", 0.07);
  seeds("H", 0.09);
  seeds("inner", 0.053);
  const std::string page = make(kDiscriminatorLayersPiece, results);
  EXPECT_TRUE(contains(page, "conv 1 59, conv 2 368, conv 3 736, conv 4 1472"));
  const Table claims = csv(kDiscriminatorLayersPiece, "claims_dcgan");
  expect_verdicts(claims, {{"all layers in one bit are above none (H above F)", "holds"},
                           {"conv 1 alone is above none", "holds"},
                           {"conv 2 alone is above none", "cannot be told"},
                           {"all but conv 1 are below all", "holds"},
                           {"all but conv 1 are at most 13.6% above none", "holds"}});
  EXPECT_EQ(csv(kDiscriminatorLayersPiece, "trials_dcgan").rows.size(), results.size());
}

TEST_F(PaperPages, DeconvScaleNamesTheFactorsOfThisNetwork) {
  auto results = usual_results(kDeconvScalePiece);
  give(results, "dcgan-E-port-seed1", 0.8);
  const std::string page = make(kDeconvScalePiece, results);
  EXPECT_TRUE(contains(page, "2.0, 2.0, 2.0 and 5.3 times too large"));
  EXPECT_TRUE(contains(page, "Under E the authors&#39; scale gives 2.00 times the SWD of the right one: it does harm"));
  EXPECT_TRUE(contains(page, "Under G the authors&#39; scale gives 1.00 times the SWD of the right one: no difference"));
}

// A's three seeds have a relative standard deviation of 3.6%; E's, 0.4, 0.2 and 0.3, one of a third.
TEST_F(PaperPages, HarmWithinTheWidestSpreadOfTheSeedsIsNone) {
  auto results = usual_results(kDeconvScalePiece);
  const auto with_port = [&](double swd) {
    give(results, "dcgan-E-seed2", 0.2);
    give(results, "dcgan-E-seed3", 0.3);
    give(results, "dcgan-E-port-seed1", swd);
    return make(kDeconvScalePiece, results);
  };
  const std::string within = with_port(0.76);
  EXPECT_TRUE(contains(within, "1.90 times the SWD of the right one: worse, but by no more than the 94% that two seeds of E can lie"));
  EXPECT_FALSE(contains(within, "it does harm"));
  EXPECT_TRUE(contains(within, "3 runs of Setting A under dcgan"));
  EXPECT_TRUE(contains(within, "the widest spread here is that of Setting E, 33%, with which two lie up to 94% apart"));
  EXPECT_TRUE(contains(with_port(0.22), "0.55 times the SWD of the right one: better, but by no more than the 94%"));
  EXPECT_TRUE(contains(with_port(0.8), "2.00 times the SWD of the right one: it does harm"));
  EXPECT_TRUE(contains(with_port(0.2), "0.50 times the SWD of the right one: it helps"));
  experiment_.seeds = 1;
  const std::string one = with_port(0.8);
  EXPECT_TRUE(contains(one, "2.00 times the SWD of the right one: worse, in one run each"));
  EXPECT_FALSE(contains(one, "How far chance reaches"));
}

TEST_F(PaperPages, RecipeCountsWhereItIsLowerAndWhereApart) {
  auto results = usual_results(kRecipePiece);
  give(results, "dcgan-F-xnor-seed1", 0.03);
  for (TrialResult& result : results)
    if (result.name == "dcgan-G-xnor-seed1") result = diverged({result.name, {}});
  const std::string page = make(kRecipePiece, results);
  EXPECT_TRUE(contains(page, "0.50 times the SWD of pbgen under F, no figure the SWD of pbgen under G, 1.00 times"));
  EXPECT_TRUE(contains(page, "lower in 1 of 3, further apart than the paper&#39;s own tolerance in 2"));
  EXPECT_TRUE(contains(page, "G, xnor (diverged)"));
}

TEST_F(PaperPages, WganComparesTheOrderOfTheSettings) {
  auto results = usual_results(kWganPiece);
  give(results, "wgan-A-seed1", 0.05);
  const std::string page = make(kWganPiece, results);
  EXPECT_TRUE(contains(page, "A, F, H, E, G under wgan and as A, F, H, E, G under dcgan: 10 of 10 pairs"));
  EXPECT_TRUE(contains(page, "carries over: with it in one bit the lowest SWD is 6.67 times the highest without"));
  EXPECT_EQ(cell_of(csv(kWganPiece, "trials"), "F", "reference"), "A");
  EXPECT_NEAR(std::stod(cell_of(csv(kWganPiece, "trials"), "F, dcgan", "ratio")), 1.5, 1e-12);
}

TEST_F(PaperPages, WganTellsWhereTheMeasureDoesNotCarryOver) {
  auto results = usual_results(kWganPiece);
  give(results, "wgan-E-seed1", 0.03);
  const std::string page = make(kWganPiece, results);
  EXPECT_TRUE(contains(page, "does not carry over: with it in one bit the lowest SWD is 0.50 times the highest without"));
}

TEST_F(PaperPages, PagesOfOneSettingDoNotFail) {
  experiment_.settings = {"F"};
  experiment_.seeds = 1;
  for (const Piece* piece :
       {&kCompetitionPiece, &kLinearLayerPiece, &kDiscriminatorLayersPiece, &kDeconvScalePiece, &kRecipePiece, &kWganPiece})
    EXPECT_FALSE(make(*piece, usual_results(*piece)).empty()) << piece->command;
}

// A real run, of a second: the scores that it ended with must come out again.
TEST_F(PaperPages, SamplingScoresACheckpointAsTrainGanDoes) {
  const auto train_gan = tool_path("train_gan");
  ASSERT_TRUE(train_gan) << "PBGEN_TOOLS names no folder with train_gan";
  experiment_.settings = {"F"};
  train_tiny_networks();
  const auto results = run_trials(kSamplingPiece.trials(experiment_), {.folder = folder_ + "/trials", .jobs = 1, .train_gan = *train_gan});
  ASSERT_TRUE(results);
  const std::string page = make(kSamplingPiece, *results);
  const Table scores = csv(kSamplingPiece, "scores");
  ASSERT_EQ(scores.rows.size(), 4u);
  ASSERT_EQ(scores.header.size(), 8u);  // four names, two levels, mean and spread
  // train_gan draws from the average, with exact statistics: the last of the four.
  EXPECT_EQ(scores.cell(3, 6), value_text((*results)[0].generator.mean.mean));
  EXPECT_EQ(scores.cell(3, 7), value_text((*results)[0].generator.mean.sd));
  for (std::size_t way = 0; way < 3; ++way) EXPECT_NE(scores.cell(way, 6), scores.cell(3, 6)) << way;
  EXPECT_TRUE(contains(page, "Under F the average of the weights alone has"));

  // What is known is not computed again; where the checkpoint is another, or a picture is gone, it is.
  Table changed = scores;
  changed.rows[1][6] = "0.125";
  changed.rows[2][6] = "0.25";
  changed.rows[2][3] = "of another checkpoint";
  changed.rows[3][6] = "0.5";
  PieceFolder(experiment_, "sampling").csv("scores", changed);
  std::filesystem::remove(folder_ + "/sampling/F_averaged_exact.png");
  make(kSamplingPiece, *results);
  const Table again = csv(kSamplingPiece, "scores");
  EXPECT_EQ(again.cell(1, 6), "0.125");
  EXPECT_EQ(again.cell(2, 6), scores.cell(2, 6));
  EXPECT_EQ(again.cell(3, 6), scores.cell(3, 6));
}

// Real runs again.  What the files draw is scored, and half precision changes next to nothing.
TEST_F(PaperPages, EdgeScoresWhatTheFilesDraw) {
  const auto train_gan = tool_path("train_gan");
  ASSERT_TRUE(train_gan) << "PBGEN_TOOLS names no folder with train_gan";
  experiment_.settings = {"F"};
  experiment_.seeds = 2;
  train_tiny_networks();
  const auto results = run_trials(kEdgePiece.trials(experiment_), {.folder = folder_ + "/trials", .jobs = 1, .train_gan = *train_gan});
  ASSERT_TRUE(results);
  ASSERT_EQ(results->size(), 4u);
  const std::string page = make(kEdgePiece, *results);
  const Table files = csv(kEdgePiece, "files");
  ASSERT_EQ(files.rows.size(), 6u);  // F, F in half precision, layers 0 to 3
  for (std::size_t row = 0; row < files.rows.size(); ++row) {
    const TrialResult& trial = (*results)[row < 4 ? row % 2 : row - 2];
    // Bytes round alike up to one grey level, of which the distance is at most the size.
    EXPECT_NEAR(std::stod(files.rows[row][4]), trial.generator.mean.mean, 0.002) << row;
  }
  const char* const marks[] = {"F", "F-half", "0123"};
  for (std::size_t row = 0; row < files.rows.size(); ++row) {
    const std::string file = concat(folder_, "/edge/", marks[row / 2], "-seed", row % 2 + 1, ".pbgen");
    EXPECT_EQ(concat(std::filesystem::file_size(file)), files.rows[row][3]) << file;
  }
  EXPECT_EQ(files.cell(0, 6), "0");
  EXPECT_LE(std::stod(files.rows[2][6]), 2.0);
  EXPECT_TRUE(contains(page, "of the images&#39; bytes differ, by at most"));
  EXPECT_TRUE(contains(page, "what single runs of F spread over"));
  const Table forms = csv(kEdgePiece, "forms");
  EXPECT_EQ(cell_of(forms, "layers 0 to 3 in one bit", "at the paper's width"), "699520");
  EXPECT_EQ(cell_of(forms, "F, linear layer in float", "times F's"), "1.000");

  Table changed = files;
  changed.rows[0][4] = "0.125";
  changed.rows[1][2] = "of another checkpoint";
  changed.rows[1][4] = "0.25";
  PieceFolder(experiment_, "edge").csv("files", changed);
  make(kEdgePiece, *results);
  EXPECT_EQ(csv(kEdgePiece, "files").cell(0, 4), "0.125");
  EXPECT_EQ(csv(kEdgePiece, "files").cell(1, 4), files.cell(1, 4));
}

TEST_F(PaperPages, EdgeTellsOfRunsThatDiverged) {
  experiment_.settings = {"F"};
  experiment_.seeds = 2;
  std::vector<TrialResult> results;
  for (const Trial& trial : kEdgePiece.trials(experiment_)) results.push_back(diverged(trial));
  const std::string page = make(kEdgePiece, results);
  EXPECT_TRUE(contains(page, "2 of 2 runs of &quot;layers 0 to 3 in one bit&quot; diverged"));
  EXPECT_TRUE(contains(page, "In one bit: no figure"));
  EXPECT_FALSE(contains(page, "half precision changes"));
  experiment_.settings = {"A"};
  experiment_.seeds = 1;
  EXPECT_TRUE(contains(make(kEdgePiece, {diverged(kEdgePiece.trials(experiment_)[0]), diverged(kEdgePiece.trials(experiment_)[1])}),
                       "Setting F was not trained"));
}

TEST_F(PaperPages, SamplingLeavesOutRunsThatDiverged) {
  experiment_.settings = {"H"};
  const std::string page = make(kSamplingPiece, {diverged(kSamplingPiece.trials(experiment_)[0])});
  EXPECT_TRUE(contains(page, "Setting H diverged"));
}

}  // namespace
}  // namespace pbgen
