// Pieces of ./tools/paper about the game and on what is beyond the paper: which trials they ask for, what they measure, what they say.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tools/lib/args.h"
#include "tools/lib/paper/piece.h"
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
  const std::vector<std::string> expected{"dcgan-A-seed1", "dcgan-A-seed2", "dcgan-F-seed1", "dcgan-F-seed2", "dcgan-H-seed1", "dcgan-H-seed2"};
  EXPECT_EQ(names_of(kCompetitionPiece.trials(small_experiment(2))), expected);
  Experiment without_f = small_experiment(1);
  without_f.settings = {"A", "H"};
  EXPECT_EQ(names_of(kCompetitionPiece.trials(without_f)), (std::vector<std::string>{"dcgan-A-seed1", "dcgan-H-seed1"}));
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
  const std::vector<Trial> trials = kLinearLayerPiece.trials(small_experiment(3));
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
  for (const Piece* piece : {&kCompetitionPiece, &kExhaustivePiece, &kLinearLayerPiece, &kDeconvScalePiece, &kRecipePiece, &kSamplingPiece, &kWganPiece}) {
    for (const Trial& trial : piece->trials(experiment)) {
      const auto [place, is_new] = known.emplace(trial.name, trial);
      EXPECT_TRUE(is_new || place->second == trial) << trial.name;
    }
  }
}

}  // namespace
}  // namespace pbgen
