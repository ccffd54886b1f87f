// Scores: spread, the noise floor's counts and sets, the table and the JSON object.
#include "tools/lib/images/score.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "core/files/json.h"
#include "metrics/lattice.h"

namespace pbgen {
namespace {

// Grey noise of 16x16 whose standard deviation differs by pixel row, so that it is not all alike after normalising.
// The first pixel is the image's number.
ImageSource noise_images(std::uint64_t seed, std::int64_t count, int slope, std::set<int>* read = nullptr) {
  ImageSource source;
  source.count = count;
  source.size = 16;
  source.channels = 1;
  source.read = [=](std::int64_t first, std::int64_t n, std::uint8_t* out) {
    for (std::int64_t i = 0; i < n; ++i) {
      if (read != nullptr) read->insert(static_cast<int>(first + i));
      const CounterRng rng(seed, Stream::test, static_cast<std::uint32_t>(first + i));
      for (int p = 0; p < 256; ++p) out[i * 256 + p] = static_cast<std::uint8_t>(rng.below(p, 20 + slope * (p / 16)) + 40);
    }
  };
  return source;
}

ScoreOptions quick_options() {
  ScoreOptions options;
  options.swd.seed = 3;
  options.swd.nhoods_per_image = 8;
  options.swd.dir_repeats = 1;
  options.swd.dirs_per_repeat = 8;
  return options;
}

TEST(Estimate, IsTheMeanAndTheSampleStandardDeviation) {
  const double values[] = {1.0, 2.0, 6.0};
  EXPECT_DOUBLE_EQ(estimate(values).mean, 3.0);
  EXPECT_DOUBLE_EQ(estimate(values).sd, std::sqrt(7.0));
  EXPECT_TRUE(std::isnan(estimate(std::span(values, 1)).sd));
}

TEST(Score, TakesTheSmallerSetAtMostTheNumberAskedFor) {
  ScoreOptions options = quick_options();
  EXPECT_EQ(score(noise_images(1, 9, 4), noise_images(2, 5, 4), options).num_images, 5);
  options.num_images = 3;
  EXPECT_EQ(score(noise_images(1, 9, 4), noise_images(2, 5, 4), options).num_images, 3);
}

TEST(Score, OfTheWholeSetsIsTheDistanceItself) {
  const ScoreOptions options = quick_options();
  const ImageSource a = noise_images(1, 6, 4);
  const ImageSource b = noise_images(2, 6, 9);
  EXPECT_EQ(score(a, b, options).levels[0].mean, sliced_wasserstein(a, b, options.swd)[0].swd);
}

TEST(Score, RepetitionsDifferAndTheFirstIsThatOfOne) {
  ScoreOptions options = quick_options();
  const ImageSource a = noise_images(1, 12, 4);
  const ImageSource b = noise_images(2, 12, 9);
  const double one = score(a, b, options).mean.mean;
  options.repeats = 2;
  const Score two = score(a, b, options);
  EXPECT_EQ(two.repeats, 2);
  EXPECT_GT(two.mean.sd, 0.0);
  // The mean of two values is sd / sqrt(2) from each.
  EXPECT_NEAR(std::fabs(two.mean.mean - one), two.mean.sd / std::sqrt(2.0), 1e-12);
}

TEST(Score, HasTheEnergyOfTheLatticeOfTheSecondOverThatOfTheFirst) {
  const ImageSource a = noise_images(1, 6, 4);
  const ImageSource b = noise_images(2, 6, 9);
  EXPECT_EQ(score(a, b, quick_options()).lattice, nyquist_energy(b, 6) / nyquist_energy(a, 6));
}

TEST(NoiseFloor, ComparesDisjointHalvesOfTheSet) {
  std::set<int> read;
  const Score floor = noise_floor(noise_images(1, 10, 4, &read), quick_options());
  EXPECT_EQ(floor.num_images, 5);
  EXPECT_EQ(read.size(), 10u);
  EXPECT_GT(floor.mean.mean, 0.0);
  EXPECT_THROW(noise_floor(noise_images(1, 1, 4), quick_options()), std::logic_error);
}

TEST(ScoreReport, ComparesAtTheCountOfTheFloorToo) {
  const ScoreReport small_real = score_with_floor(noise_images(1, 10, 4), noise_images(2, 8, 9), quick_options());
  EXPECT_EQ(small_real.swd.num_images, 8);
  EXPECT_EQ(small_real.swd_at_floor_count.num_images, 5);
  EXPECT_EQ(small_real.floor.num_images, 5);
  const ScoreReport large_real = score_with_floor(noise_images(1, 20, 4), noise_images(2, 8, 9), quick_options());
  EXPECT_EQ(large_real.floor.num_images, 8);
  EXPECT_EQ(large_real.swd_at_floor_count.mean.mean, large_real.swd.mean.mean);
}

TEST(ScoreReport, TellsItsProgressUpToTheEnd) {
  ScoreOptions options = quick_options();
  options.repeats = 2;
  std::vector<int> done;
  options.progress = [&](int now, int total) {
    done.push_back(now);
    EXPECT_EQ(total, 6);
  };
  score_with_floor(noise_images(1, 10, 4), noise_images(2, 8, 9), options);
  EXPECT_EQ(done, (std::vector<int>{0, 1, 2, 3, 4, 5, 6}));
}

ScoreReport made_up_report(int repeats) {
  const double sd = repeats > 1 ? 0.001 : std::nan("");
  const auto score_of = [&](std::int64_t n, double value) {
    return Score{n, repeats, {32, 16}, {{value, sd}, {3 * value, sd}}, {2 * value, sd}, {}, 100.0 * value};
  };
  return {score_of(100, 0.04), score_of(50, 0.05), score_of(50, 0.01)};
}

TEST(ScoreTable, ShowsLevelsAndMeanRawAndTimesAThousand) {
  const Table table = score_table(made_up_report(1));
  using Row = std::vector<std::string>;
  EXPECT_EQ(table.header, (Row{"level", "SWD at 100", "x1000", "SWD at 50", "x1000", "floor at 50", "x1000"}));
  ASSERT_EQ(table.rows.size(), 4u);
  EXPECT_EQ(table.rows[0], (Row{"32", "0.04000", "40.00", "0.05000", "50.00", "0.01000", "10.00"}));
  EXPECT_EQ(table.rows[1], (Row{"16", "0.12000", "120.00", "0.15000", "150.00", "0.03000", "30.00"}));
  EXPECT_EQ(table.rows[2], (Row{"mean", "0.08000", "80.00", "0.10000", "100.00", "0.02000", "20.00"}));
  EXPECT_EQ(table.rows[3], (Row{"lattice", "4.00", "", "5.00", "", "1.00", ""}));
}

TEST(ScoreTable, ShowsTheSpreadOfRepetitions) {
  const Table table = score_table(made_up_report(3));
  ASSERT_EQ(table.header.size(), 10u);
  EXPECT_EQ(table.header[2], "sd");
  EXPECT_EQ(table.cell(0, 2), "0.00100");
  EXPECT_EQ(table.cell(3, 2), "");
}

TEST(ScoreJson, HoldsRawFiguresWithTheirSpread) {
  const Json object = score_json(made_up_report(3));
  ASSERT_EQ(object.find("levels")->as_array().size(), 2u);
  const Json& level = object.find("levels")->as_array()[1];
  EXPECT_EQ(level.find("size")->as_integer(), 16);
  EXPECT_DOUBLE_EQ(level.find("swd")->as_number(), 0.12);
  EXPECT_DOUBLE_EQ(level.find("swd_sd")->as_number(), 0.001);
  EXPECT_DOUBLE_EQ(level.find("swd_at_floor_count")->as_number(), 0.15);
  EXPECT_DOUBLE_EQ(level.find("noise_floor")->as_number(), 0.03);
  EXPECT_DOUBLE_EQ(object.find("mean")->as_number(), 0.08);
  EXPECT_DOUBLE_EQ(object.find("mean_at_floor_count")->as_number(), 0.1);
  EXPECT_DOUBLE_EQ(object.find("noise_floor_mean")->as_number(), 0.02);
  EXPECT_DOUBLE_EQ(object.find("noise_floor_mean_sd")->as_number(), 0.001);
  EXPECT_DOUBLE_EQ(object.find("lattice")->as_number(), 4.0);
  EXPECT_DOUBLE_EQ(object.find("noise_floor_lattice")->as_number(), 1.0);
  EXPECT_EQ(object.find("num_images")->as_integer(), 100);
  EXPECT_EQ(object.find("floor_num_images")->as_integer(), 50);
}

TEST(ScoreJson, OfOneRepetitionHasNoSpread) {
  const Json object = parse_json(score_json(made_up_report(1)).text(), ErrorKind::data, "score");
  for (const char* const key : {"mean_sd", "mean_at_floor_count_sd", "noise_floor_mean_sd"})
    EXPECT_TRUE(object.find(key)->is_null()) << key;
  for (const Json& level : object.find("levels")->as_array())
    for (const char* const key : {"swd_sd", "swd_at_floor_count_sd", "noise_floor_sd"}) EXPECT_TRUE(level.find(key)->is_null()) << key;
}

TEST(BlindSpots, NameTheLevelsAndTheSets) {
  Score score{10, 1, {64, 32, 16}, {{}, {}, {}}, {}};
  EXPECT_TRUE(blind_spots(score, "A", "B").empty());
  score.constant = {{0, 0}, {0, 0}, {0, 0}};
  EXPECT_TRUE(blind_spots(score, "A", "B").empty());
  score.constant = {{3, 3}, {1, 2}, {0, 1}};
  const std::vector<std::string> lines = blind_spots(score, "A", "B");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0].find("level 64, 32: channels of A and of B do not vary"), std::string::npos) << lines[0];
  EXPECT_NE(lines[1].find("level 16: channels of B do not vary"), std::string::npos) << lines[1];
  score.constant = {{0, 0}, {0, 0}, {1, 0}};
  EXPECT_NE(blind_spots(score, "A", "B").at(0).find("level 16: channels of A do not vary"), std::string::npos);
}

}  // namespace
}  // namespace pbgen
