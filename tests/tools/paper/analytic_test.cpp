// The pieces of ./tools/paper that are arithmetic first: Tables I, II and IV, Fig. 3 and 12.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "core/files/file.h"
#include "gan/checkpoint.h"
#include "gan/latents.h"
#include "gan/sampler.h"
#include "gan/trainer.h"
#include "tests/support/image_files.h"
#include "tools/lib/cli/csv.h"
#include "tools/lib/model/sample_images.h"
#include "tools/lib/paper/experiment.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/pieces/conv4_width.h"
#include "tools/lib/paper/pieces/feature_maps.h"
#include "tools/lib/paper/pieces/measured_savings.h"

namespace pbgen {
namespace {

// Two channels in the last layer, more than are shown in the first.
NetworkConfig small_network() {
  NetworkConfig config;
  config.size = 32;
  config.z_dim = 8;
  config.g_widths = {24, 16, 8, 2};
  config.d_widths = {2, 4, 8, 16};
  return config;
}

std::vector<float> latent(const NetworkConfig& config) {
  std::vector<float> z(static_cast<std::size_t>(config.z_dim));
  draw_latents(CounterRng(3, Stream::test), 0, 1, config.z_dim, z.data());
  return z;
}

TEST(FeatureMapsOfAGenerator, HaveAllLayersAndTheImage) {
  const NetworkConfig config = small_network();
  Sequential generator = make_generator(config);
  initialise(generator, 1, kGeneratorFirstNumber);
  const std::vector<float> z = latent(config);
  const FeatureMaps maps = feature_maps(generator, config, z);

  ASSERT_EQ(maps.layers.size(), 4u);
  const std::vector<std::string> names{"linear", "deconv1", "deconv2", "deconv3"};
  for (std::size_t i = 0; i < 4; ++i) {
    const LayerMaps& layer = maps.layers[i];
    EXPECT_EQ(layer.layer, names[i]);
    EXPECT_EQ(layer.channels, config.g_widths[i]);
    EXPECT_EQ(layer.side, 2 << i);
    // Squares of 64 pixels, four in a row, gaps of 2.
    const int shown = std::min(layer.channels, kShownMaps);
    EXPECT_EQ(layer.maps.width, 4 * 66 + 2);
    EXPECT_EQ(layer.maps.height, (shown + 3) / 4 * 66 + 2);
    EXPECT_EQ(layer.maps.channels, 1);
  }

  // The image is the one that generating draws, each pixel a square of 8.
  Sampler sampler(config, generator);
  const ImageSet images = sample_images(sampler, z.data(), 1);
  ASSERT_EQ(maps.image.width, 8 * 32);
  const std::span<const std::uint8_t> small = images.image(0);
  for (int y = 0; y < maps.image.height; ++y)
    for (int x = 0; x < maps.image.width; ++x)
      for (int c = 0; c < 3; ++c) ASSERT_EQ(maps.image.row(y)[3 * x + c], small[(y / 8 * 32 + x / 8) * 3 + c]) << x << " " << y;
}

// The linear layer's maps set by hand: bias decides, since z is 0.
TEST(FeatureMapsOfAGenerator, ShowWhatVariesMost) {
  const NetworkConfig config = small_network();
  Sequential generator = make_generator(config);
  std::span<float> bias;
  for (Param* const param : generator.params())
    if (param->name == "generator.linear.bias") bias = param->value.span();
  ASSERT_EQ(bias.size(), 24u * 4u);
  // Channel c is (0, 0, 0, c): the higher, the more it varies; so 8 .. 23 are shown.  Channel 0 is high, but constant.
  for (std::size_t c = 0; c < 24; ++c) bias[4 * c + 3] = static_cast<float>(c);
  std::fill_n(bias.begin(), 4, 100.0f);
  generator.weights_loaded();
  const FeatureMaps maps = feature_maps(generator, config, std::vector<float>(8, 0.0f));
  const Image& shown = maps.layers[0].maps;
  for (int i = 0; i < 16; ++i) {
    const int left = 2 + i % 4 * 66;
    const int top = 2 + i / 4 * 66;
    EXPECT_EQ(shown.row(top)[left], 0);
    EXPECT_EQ(shown.row(top + 31)[left + 63], 0);
    // Pixel (1, 1) of a 2x2 map, 32 pixels wide; white is the largest, 23.
    const auto expected = static_cast<double>(8 + i) * 255.0 / 23.0;
    EXPECT_NEAR(shown.row(top + 32)[left + 32], expected, 0.51) << i;
    EXPECT_EQ(shown.row(top + 63)[left + 63], shown.row(top + 32)[left + 32]);
  }
}

TEST(FeatureMapsOfAGenerator, RefusesAnotherLatent) {
  const NetworkConfig config = small_network();
  const Sequential generator = make_generator(config);
  EXPECT_THROW(feature_maps(generator, config, std::vector<float>(9)), std::logic_error);
}

// 25 (131072 + 32768 + 128 c_4 + 3 c_4) weights in the four deconvolutions.
TEST(Conv4Width, CountsByHand) {
  const double original = 131072.0 + 32768.0 + 8192.0 + 192.0;
  const WidthCost narrow = width_cost({}, 64);
  EXPECT_FALSE(narrow.all_binarized);
  EXPECT_NEAR(narrow.counted, (172032.0 / 32.0 + 192.0) / original, 1e-12);
  EXPECT_NEAR(1.0 / narrow.counted, 30.93, 0.005);
  EXPECT_NEAR(narrow.counted_same, narrow.counted, 1e-12);
  EXPECT_NEAR(narrow.file_same, narrow.file, 1e-12);
  const WidthCost before = width_cost({}, 1023);
  EXPECT_FALSE(before.all_binarized);
  EXPECT_NEAR(before.counted, ((163840.0 + 128.0 * 1023.0) / 32.0 + 3.0 * 1023.0) / original, 1e-12);
  const WidthCost after = width_cost({}, 1024);
  EXPECT_TRUE(after.all_binarized);
  EXPECT_NEAR(after.counted, (163840.0 + 131.0 * 1024.0) / 32.0 / original, 1e-12);
  EXPECT_NEAR(after.counted_same, 1.0 / 32.0, 1e-12);
}

TEST(Conv4Width, FallsOnceAndNeverToTheStart) {
  const std::vector<WidthCost> costs = width_costs({});
  ASSERT_EQ(costs.size(), 18u);
  EXPECT_EQ(costs.front().c_4, 64);
  EXPECT_EQ(costs[14].c_4, 960);
  EXPECT_EQ(costs[15].c_4, 1023);
  EXPECT_EQ(costs[16].c_4, 1024);
  EXPECT_EQ(costs.back().c_4, 1088);
  for (std::size_t i = 1; i < costs.size(); ++i) {
    EXPECT_EQ(costs[i].counted > costs[i - 1].counted, i != 16) << costs[i].c_4;
    EXPECT_EQ(costs[i].file > costs[i - 1].file, i != 16) << costs[i].c_4;
    EXPECT_GT(costs[i].counted, costs.front().counted);
    EXPECT_GT(costs[i].file, costs.front().file);
    EXPECT_GT(costs[i].operations, costs.front().operations);
  }
}

TEST(MeasuredSavings, AreReadAgain) {
  const NetworkConfig config = small_network();
  const std::vector<Measurement> all = measure_savings(config, 1);
  EXPECT_EQ(all.size(), 2u * 6u + 1u);
  const auto again = read_measurements(parse_csv(csv_text(measurement_table(all)), "measured.csv"));
  ASSERT_TRUE(again.has_value());
  ASSERT_EQ(again->size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ((*again)[i].network, all[i].network);
    EXPECT_EQ((*again)[i].quantity, all[i].quantity);
    EXPECT_EQ((*again)[i].setting, all[i].setting);
    EXPECT_EQ((*again)[i].value, all[i].value);  // so that a page made again is the same page
  }
  const std::string key = network_key(config);
  for (const Quantity quantity : {Quantity::batch_image, Quantity::single_image, Quantity::weights, Quantity::activations})
    for (const char* const letter : {"A", "F"}) EXPECT_GT(measured(*again, key, quantity, letter), 0.0) << name(quantity) << letter;
  EXPECT_GT(measured(*again, key, Quantity::iteration, "H"), 0.0);
  EXPECT_GT(measured(*again, key, Quantity::weights, "A"), measured(*again, key, Quantity::weights, "F"));
  EXPECT_TRUE(std::isnan(measured(*again, key, Quantity::weights, "H")));
  EXPECT_TRUE(std::isnan(measured(*again, "another", Quantity::weights, "A")));
  EXPECT_FALSE(read_measurements({}).has_value());
}

// The pieces' files and pages, of a folder of their own.
class AnalyticPieces : public testing::Test {
 protected:
  AnalyticPieces() : experiment_(make_experiment(Scale::smoke, folder_ / "out", 1, {"A"}, {})) {}

  Table csv(const std::string& path) const {
    const std::vector<std::uint8_t> bytes = read_file(experiment_.out + "/" + path, 1 << 20);
    return parse_csv(std::string(bytes.begin(), bytes.end()), path);
  }
  static std::vector<std::string> column(const Table& table, const std::string& name) {
    const auto found = std::find(table.header.begin(), table.header.end(), name);
    std::vector<std::string> cells;
    if (found == table.header.end()) ADD_FAILURE() << "no column " << name;
    for (std::size_t row = 0; found != table.header.end() && row < table.rows.size(); ++row)
      cells.emplace_back(table.cell(row, static_cast<std::size_t>(found - table.header.begin())));
    return cells;
  }
  std::string make(const Piece& piece, const TrialBook& trials = {}) const {
    PieceFolder folder(experiment_, piece.command);
    piece.make(experiment_, trials, folder);
    return folder.page().markup();
  }

  TestFolder folder_;
  Experiment experiment_;
};

using Cells = std::vector<std::string>;

TEST_F(AnalyticPieces, RedundancyHasThePapersNumbersAndPictures) {
  TrialResult trial;
  trial.name = kRedundancyPiece.trials(experiment_).at(0).name;
  trial.folder = folder_ / "trial";
  TrainerOptions options;
  options.network = small_network();
  options.batch = 8;
  Trainer trainer(options);
  std::filesystem::create_directories(trial.folder + "/checkpoints");
  save_checkpoint(trial.folder + "/checkpoints/00000000.safetensors", trainer, {});
  const std::string page = make(kRedundancyPiece, TrialBook({trial}));

  const Table table_1 = csv("redundancy/table_1.csv");
  EXPECT_EQ(column(table_1, "redundancy"), (Cells{"99", "496", "192", "-128", "-960"}));
  EXPECT_EQ(column(table_1, "paper prints"), (Cells{"-", "496", "192", "-128", "-960"}));
  const Table discriminator = csv("redundancy/discriminator.csv");
  EXPECT_EQ(column(discriminator, "redundancy"), (Cells{"11", "1472", "2944", "5888"}));
  EXPECT_EQ(column(discriminator, "paper prints"), (Cells{"11", "1472", "2944", "5888"}));
  const Table table_2 = csv("redundancy/table_2.csv");
  EXPECT_EQ(column(table_2, "setting"), (Cells{"A", "B", "C", "D", "E", "F", "G", "H"}));
  EXPECT_EQ(column(table_2, "generator's layers binarized"), (Cells{"none", "1", "2", "3", "4", "1,2,3", "1,2,3,4", "1,2,3"}));
  EXPECT_EQ(column(table_2, "discriminator binarized"), (Cells{"no", "no", "no", "no", "no", "no", "no", "yes"}));
  EXPECT_EQ(column(table_2, "lowest redundancy binarized"), (Cells{"-", "496", "192", "-128", "-960", "-128", "-960", "-128"}));
  for (const char* const file : {"fig_3.svg", "maps_linear.png", "maps_deconv3.png", "image.png"})
    EXPECT_TRUE(std::filesystem::exists(experiment_.out + "/redundancy/" + file)) << file;
  EXPECT_NE(page.find("four values for the generator come out exactly"), std::string::npos);
  EXPECT_NE(page.find("four values for the discriminator come out exactly"), std::string::npos);
}

TEST_F(AnalyticPieces, RedundancyAtLaptopScaleIsAQuarter) {
  experiment_ = make_experiment(Scale::laptop, folder_ / "out", 1, {"A"}, {});
  TrialResult trial;
  trial.name = kRedundancyPiece.trials(experiment_).at(0).name;
  trial.diverged = true;
  const std::string page = make(kRedundancyPiece, TrialBook({trial}));
  const Table table_1 = csv("redundancy/table_1.csv");
  EXPECT_EQ(column(table_1, "here: redundancy"), (Cells{"99", "124", "48", "-32", "-240"}));
  EXPECT_EQ(column(table_1, "here / paper's net"), (Cells{"1.000", "0.250", "0.250", "0.250", "0.250"}));
  EXPECT_NE(page.find("generator here is the paper&#39;s net&#39;s times the same number, 0.250"), std::string::npos) << page;
  EXPECT_NE(page.find("There are no feature maps"), std::string::npos);
}

TEST_F(AnalyticPieces, SavingsKeepsWhatItMeasured) {
  const std::string page = make(kSavingsPiece);
  const Table table_4 = csv("savings/table_4.csv");
  EXPECT_EQ(table_4.rows.at(0), (Cells{"Table IV, as printed", "", "25.81x", "1.96x", "1.32x"}));
  EXPECT_EQ(table_4.rows.at(1), (Cells{"the paper's (Table I)", "the four deconvolutions", "30.93x", "1.94x", "1.32x"}));
  EXPECT_EQ(csv("savings/fig_12.csv").rows.size(), 18u);
  for (const char* const file : {"fig_12.svg", "fig_12_same_width.svg", "counted_and_measured_1.csv"})
    EXPECT_TRUE(std::filesystem::exists(experiment_.out + "/savings/" + file)) << file;
  // Made again, it reads its own measurements: to the byte the same page.
  EXPECT_EQ(make(kSavingsPiece), page);
  // Those of another network do not do.
  experiment_.training.network() = small_network();
  make(kSavingsPiece);
  EXPECT_EQ(csv("savings/measured.csv").cell(0, 0), network_key(small_network()));
}

}  // namespace
}  // namespace pbgen
