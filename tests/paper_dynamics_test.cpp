// Pieces of ./tools/paper about the game and on what is beyond the paper: which trials they ask for, what they measure, what they say.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "core/math.h"
#include "core/rng.h"
#include "core/tensor.h"
#include "data/image_io.h"
#include "gan/losses.h"
#include "tools/lib/args.h"
#include "tools/lib/paper/competition.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/strategy.h"
#include "tools/lib/paper/trial_table.h"
#include "tools/lib/train_options.h"

namespace pbgen {
namespace {

Experiment small_experiment(int seeds) {
  Experiment experiment;
  experiment.seeds = seeds;
  experiment.settings = {"A", "B", "C", "D", "E", "F", "G", "H"};
  experiment.training = {"--size", "32", "--gf-dim", "16", "--df-dim", "16"};
  experiment.network.size = 32;
  experiment.network.g_widths = NetworkConfig::generator_widths(16);
  experiment.network.d_widths = NetworkConfig::discriminator_widths(16);
  experiment.base_width = 16;
  experiment.iterations = 1000;
  return experiment;
}

constexpr const Piece* kPieces[] = {&kCompetitionPiece, &kExhaustivePiece, &kLinearLayerPiece, &kDeconvScalePiece,
                                    &kRecipePiece, &kSamplingPiece, &kWganPiece};

std::vector<std::string> names_of(const std::vector<Trial>& trials) {
  std::vector<std::string> names;
  for (const Trial& trial : trials) names.push_back(trial.name);
  return names;
}

// What the trial's network has in one bit, as train_gan understands its arguments.
Setting trained_setting(const Trial& trial) {
  TrainFlags flags;
  ArgumentParser parser("train_gan", "");
  declare_train_flags(parser, flags);
  std::vector<const char*> argv{"train_gan"};
  for (const std::string& argument : trial.arguments) argv.push_back(argument.c_str());
  EXPECT_TRUE(parser.parse(static_cast<int>(argv.size()), argv.data()));
  resolve_train_flags(parser, flags);
  return trainer_options(flags).network.binarized;
}

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
  EXPECT_EQ(kExhaustivePiece.trials(small_experiment(3)).size(), 34u);  // and A's two other seeds
}

TEST(PaperTrials, TheLinearLayerIsTheOnlyDifference) {
  const std::vector<Trial> trials = kLinearLayerPiece.trials(small_experiment(1));
  ASSERT_EQ(names_of(trials), (std::vector<std::string>{"dcgan-A-seed1", "dcgan-F-seed1", "dcgan-H-seed1", "dcgan-g0-dnone-seed1",
                                                        "dcgan-g0123-dnone-seed1", "dcgan-g0123-dall-seed1"}));
  EXPECT_EQ(trained_setting(trials[3]), (Setting{{0}, {}}));
  EXPECT_EQ(trained_setting(trials[4]), (Setting{{0, 1, 2, 3}, {}}));
  EXPECT_EQ(trained_setting(trials[5]), (Setting{{0, 1, 2, 3}, {1, 2, 3, 4}}));
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
  EXPECT_NEAR(kVanishedAdvantage, 0.95 - 0.05, 1e-15);
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

}  // namespace
}  // namespace pbgen
