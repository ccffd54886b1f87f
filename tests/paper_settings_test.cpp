// Settings A to H and the widths of Fig. 7 and 8: verdicts by the seeds' spread, and the pieces on made-up results.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/lib/args.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/verdict.h"
#include "tools/lib/train_options.h"

namespace pbgen {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Mean m, sample standard deviation s, of three runs.
Sample three(double m, double s) { return {m, s, 3, 0}; }

TEST(PaperVerdict, SampleSkipsRunsThatDiverged) {
  const Sample sample = sample_of(std::array{1.0, kNan, 3.0});
  EXPECT_EQ(sample.n, 2);
  EXPECT_EQ(sample.without, 1);
  EXPECT_DOUBLE_EQ(sample.mean, 2.0);
  EXPECT_DOUBLE_EQ(sample.sd, std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(sample.standard_error(), 1.0);
  const Sample one = sample_of(std::array{5.0});
  EXPECT_DOUBLE_EQ(one.mean, 5.0);
  EXPECT_TRUE(std::isnan(one.standard_error()));
  EXPECT_TRUE(std::isnan(sample_of(std::array{kNan}).mean));
}

TEST(PaperVerdict, ComparisonPropagatesBothSpreads) {
  // Standard errors 0.3 and 0.4.
  const Comparison comparison = compare(three(6.0, 0.3 * std::sqrt(3.0)), three(2.0, 0.4 * std::sqrt(3.0)));
  EXPECT_DOUBLE_EQ(comparison.difference, 4.0);
  EXPECT_NEAR(comparison.difference_error, 0.5, 1e-15);
  EXPECT_DOUBLE_EQ(comparison.ratio, 3.0);
  // d(a/b) = da/b - a db/b^2: sqrt(0.15^2 + 0.6^2).
  EXPECT_NEAR(comparison.ratio_error, std::sqrt(0.15 * 0.15 + 0.6 * 0.6), 1e-15);
  EXPECT_EQ(difference_text(comparison), "+4.00, 8.0 standard errors");
  EXPECT_EQ(ratio_text(comparison), "3.00 +- 0.62 times");
}

TEST(PaperVerdict, TwoStandardErrorsDecide) {
  const double sd = std::sqrt(1.5);  // the difference of two such groups has standard error 1
  const Sample zero = three(10.0, sd);
  const auto against = [&](double mean) { return compare(three(mean, sd), zero); };
  EXPECT_EQ(is_lower(against(7.9)), Verdict::holds);
  EXPECT_EQ(is_lower(against(8.1)), Verdict::cannot_be_told);
  EXPECT_EQ(is_lower(against(11.9)), Verdict::cannot_be_told);
  EXPECT_EQ(is_lower(against(12.1)), Verdict::does_not_hold);
  EXPECT_EQ(is_higher(against(12.1)), Verdict::holds);
  EXPECT_EQ(is_higher(against(7.9)), Verdict::does_not_hold);
  // Within 30%: up to 13, so 10.9 is beyond doubt and 15.1 is too.
  EXPECT_EQ(is_at_most(against(10.9), 0.3), Verdict::holds);
  EXPECT_EQ(is_at_most(against(11.1), 0.3), Verdict::cannot_be_told);
  EXPECT_EQ(is_at_most(against(15.1), 0.3), Verdict::does_not_hold);
  EXPECT_EQ(is_at_most(against(1.0), 0.3), Verdict::holds);
  EXPECT_EQ(is_near(against(10.9), 0.3), Verdict::holds);
  EXPECT_EQ(is_near(against(9.1), 0.3), Verdict::holds);
  EXPECT_EQ(is_near(against(8.9), 0.3), Verdict::cannot_be_told);
  EXPECT_EQ(is_near(against(1.0), 0.3), Verdict::does_not_hold);
  EXPECT_EQ(is_at_least(compare(three(57.0, 0.1), zero), 5.0), Verdict::cannot_be_told);
  EXPECT_EQ(is_at_least(compare(three(60.0, 0.1), three(10.0, 0.1)), 5.0), Verdict::holds);
  EXPECT_EQ(is_at_least(compare(three(40.0, 0.1), three(10.0, 0.1)), 5.0), Verdict::does_not_hold);
}

TEST(PaperVerdict, OneSeedHasNoVerdict) {
  const Comparison comparison = compare(printed_figure(0.449), printed_figure(0.044));
  EXPECT_EQ(is_lower(comparison), Verdict::one_seed);
  EXPECT_EQ(is_near(comparison, 0.1), Verdict::one_seed);
  EXPECT_EQ(is_at_least(comparison, 5.0), Verdict::one_seed);
  EXPECT_EQ(difference_text(comparison), "+0.405");
  EXPECT_EQ(ratio_text(comparison), "10.2 times");
  EXPECT_EQ(is_lower(compare(sample_of(std::array{kNan, kNan}), three(1.0, 0.1))), Verdict::no_figure);
  EXPECT_EQ(difference_text(compare(sample_of(std::array{kNan}), three(1.0, 0.1))), "no figure");
  // A group whose runs are all alike has a spread that is known: none.
  EXPECT_EQ(is_lower(compare(three(1.0, 0.0), three(2.0, 0.0))), Verdict::holds);
}

TEST(PaperVerdict, LineThroughThePapersAverages) {
  // Table III for B, C, D at 496, 192, -128, by hand: means 186.667 and 50, sums of squares 194,730.67, -9,088 and 458 about them.
  const std::array<double, 3> x{496.0, 192.0, -128.0};
  const std::array<Sample, 3> y{printed_figure(38.0), printed_figure(45.0), printed_figure(67.0)};
  const LinearFit fit = linear_fit(x, y);
  EXPECT_NEAR(fit.slope, -9088.0 / 194730.6666666667, 1e-12);
  EXPECT_NEAR(fit.r2, 9088.0 * 9088.0 / (194730.6666666667 * 458.0), 1e-12);
  EXPECT_NEAR(fit.intercept, 50.0 + 186.6666666666667 * 9088.0 / 194730.6666666667, 1e-9);
  EXPECT_TRUE(std::isnan(fit.slope_error));
  // The line through B and D is at 38 + 29 * 304 / 624 where C is.
  const Comparison middle = middle_against_chord(x, y);
  EXPECT_NEAR(middle.difference, 45.0 - (38.0 + 29.0 * 304.0 / 624.0), 1e-12);
  EXPECT_EQ(is_lower(middle), Verdict::one_seed);
}

TEST(PaperVerdict, FitsPropagateTheSpreadOfTheirPoints) {
  const std::array<double, 3> x{0.0, 1.0, 4.0};
  // Standard errors 1, 2, 3.
  const std::array<Sample, 3> y{three(1.0, std::sqrt(3.0)), three(3.0, 2.0 * std::sqrt(3.0)), three(9.0, 3.0 * std::sqrt(3.0))};
  const LinearFit fit = linear_fit(x, y);
  EXPECT_NEAR(fit.slope, 2.0, 1e-15);
  EXPECT_NEAR(fit.r2, 1.0, 1e-15);
  // Weights (x - 5/3) / (26/3).
  const double squares = 25.0 * 1.0 + 4.0 * 4.0 + 49.0 * 9.0;
  EXPECT_NEAR(fit.slope_error, std::sqrt(squares / 9.0) / (26.0 / 3.0), 1e-14);
  const Comparison middle = middle_against_chord(x, y);
  EXPECT_NEAR(middle.difference, 0.0, 1e-15);
  EXPECT_NEAR(middle.difference_error, std::sqrt(4.0 + 0.75 * 0.75 * 1.0 + 0.25 * 0.25 * 9.0), 1e-14);
  EXPECT_THROW(linear_fit(std::array{1.0, 1.0}, std::span(y).first(2)), std::logic_error);
  EXPECT_THROW(linear_fit(std::array{1.0}, std::span(y).first(1)), std::logic_error);
  EXPECT_THROW(linear_fit(std::array{1.0, 2.0}, y), std::logic_error);
  EXPECT_THROW(middle_against_chord(std::array{1.0, 3.0, 2.0}, y), std::logic_error);
}

// The laptop's networks.
Experiment made_up_experiment(const std::vector<std::string>& settings, int seeds) {
  Experiment experiment;
  experiment.seeds = seeds;
  experiment.settings = settings;
  experiment.training = {"--size", "32", "--gf-dim", "16", "--df-dim", "16"};
  experiment.network.size = 32;
  experiment.network.g_widths = NetworkConfig::generator_widths(16);
  experiment.network.d_widths = NetworkConfig::discriminator_widths(16);
  experiment.base_width = 16;
  return experiment;
}

// As train_gan understands the trial's arguments.
NetworkConfig trained_network(const Trial& trial) {
  TrainFlags flags;
  ArgumentParser parser("train_gan", "");
  declare_train_flags(parser, flags);
  std::vector<const char*> argv{"train_gan"};
  for (const std::string& argument : trial.arguments) argv.push_back(argument.c_str());
  EXPECT_TRUE(parser.parse(static_cast<int>(argv.size()), argv.data()));
  resolve_train_flags(parser, flags);
  return trainer_options(flags).network;
}

TEST(PaperSettings, TrainsDcganWithAllSeedsAndLsganWithOne) {
  std::vector<std::string> names;
  for (const Trial& trial : kSettingsPiece.trials(made_up_experiment({"A", "H"}, 2))) names.push_back(trial.name);
  EXPECT_EQ(names, (std::vector<std::string>{"dcgan-A-seed1", "dcgan-A-seed2", "lsgan-A-seed1", "dcgan-H-seed1", "dcgan-H-seed2", "lsgan-H-seed1"}));
}

TEST(PaperChannels, RaisesOneLayerAtATimeByTheSameRedundancy) {
  const Experiment experiment = made_up_experiment({"A", "E"}, 3);
  std::set<std::array<int, 4>> widths;
  std::set<std::string> names;
  for (const Trial& trial : kChannelsPiece.trials(experiment)) {
    names.insert(trial.name);
    if (trial == setting_trial(experiment, "A", "dcgan", 1)) continue;
    const NetworkConfig network = trained_network(trial);
    EXPECT_EQ(network.binarized, parse_setting("E"));
    EXPECT_EQ(network.d_widths, experiment.network.d_widths);
    widths.insert(network.g_widths);
  }
  EXPECT_EQ(names.size(), 9u);
  EXPECT_TRUE(names.contains("dcgan-A-seed1") && names.contains("dcgan-E-seed1"));
  EXPECT_EQ(widths, (std::set<std::array<int, 4>>{{128, 64, 32, 16}, {128, 64, 32, 32}, {128, 64, 32, 64}, {128, 64, 32, 128}, {128, 64, 32, 256},
                                                  {368, 64, 32, 16}, {128, 304, 32, 16}, {128, 64, 272, 16}}));
  EXPECT_TRUE(kChannelsPiece.trials(made_up_experiment({"A", "F"}, 1)).empty());
}

}  // namespace
}  // namespace pbgen
