// A run's configuration and its two texts: each way there is a way back, for every preset and for whatever configuration there may be.
#include "tools/lib/train/run_config_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/files/json.h"
#include "tests/support/contains.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

using Arguments = std::vector<std::string>;

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : generator_(seed) {}

  std::int64_t between(std::int64_t low, std::int64_t high) { return std::uniform_int_distribution<std::int64_t>(low, high)(generator_); }
  double share(double high) { return std::uniform_real_distribution<double>(0.0, high)(generator_); }
  bool coin() { return between(0, 1) == 1; }
  template <class Value>
  Value one_of(std::initializer_list<Value> values) {
    return *(values.begin() + between(0, std::ssize(values) - 1));
  }
  std::string text() { return one_of<std::string>({"", "photos", "-o", "--help", "two words", "a=b", "\"quoted\"", "\xc3\xa9t\xc3\xa9"}); }
  LayerSet layers(int lowest) {
    LayerSet set;
    for (int layer = lowest; layer < LayerSet::kLayers; ++layer)
      if (coin()) set = set.with(layer);
    return set;
  }
  std::array<int, 4> widths() {
    std::array<int, 4> widths{};
    for (int& width : widths) width = static_cast<int>(between(1, 4096));
    return widths;
  }
  Crop crop() {
    const int side = static_cast<int>(between(1, 500));
    switch (between(0, 2)) {
      case 0: return {};
      case 1: return {Crop::Kind::centre, side, side, 0, 0};
      default: return {Crop::Kind::rectangle, side, static_cast<int>(between(1, 500)), static_cast<int>(between(0, 99)), 7};
    }
  }

 private:
  std::mt19937_64 generator_;
};

// Any valid one: each field at random.
RunConfig drawn(std::uint64_t seed) {
  Draw draw(seed);
  RunConfig config;
  NetworkConfig& network = config.network();
  network.size = 16 << draw.between(0, 6);
  network.channels = draw.coin() ? 1 : 3;
  network.z_dim = static_cast<int>(draw.between(1, 4096));
  network.g_widths = draw.widths();
  network.d_widths = draw.widths();
  network.binarized = {draw.layers(0), draw.layers(1)};
  network.recipe = draw.one_of({BinaryRecipe::pbgen, BinaryRecipe::port, BinaryRecipe::xnor});
  TrainerOptions& trainer = config.trainer;
  trainer.loss = draw.one_of({Loss::dcgan, Loss::lsgan, Loss::wgan});
  trainer.batch = 8 * static_cast<int>(draw.between(1, 512));
  trainer.shards = 1 << draw.between(0, 9);
  trainer.d_steps = static_cast<int>(draw.between(1, 100));
  trainer.g_steps = static_cast<int>(draw.between(1, 100));
  trainer.learning_rate = 1e-6 + draw.share(0.9);
  trainer.beta1 = draw.coin() ? 0.0 : draw.share(0.999);
  trainer.clip = trainer.loss == Loss::wgan ? 0.001 + draw.share(1.0) : draw.coin() ? 0.0 : draw.share(1000.0);
  trainer.smooth = draw.coin() ? 0.0 : draw.share(1000.0);
  trainer.ema_decay = draw.coin() ? 0.0 : draw.share(0.999999);
  trainer.seed = draw.coin() ? 1 : std::numeric_limits<std::uint64_t>::max() - static_cast<std::uint64_t>(draw.between(0, 9));
  config.conv = draw.one_of({ConvAlgorithm::direct, ConvAlgorithm::winograd, ConvAlgorithm::im2col, ConvAlgorithm::automatic});
  config.isa = draw.one_of<IsaChoice>({{}, {Isa::ref}, {Isa::avx2}, {Isa::avx512}});
  config.data = {.folder = draw.text(), .synthetic_images = draw.between(64, 10'000'000), .crop = draw.crop(), .mirror = draw.coin(),
                 .contrast_stretch = draw.coin(), .shuffle = draw.coin(), .holdout = draw.share(0.5), .cache = draw.text(),
                 .on_bad = draw.one_of({OnBad::one_percent, OnBad::skip, OnBad::fail})};
  config.scoring = {.images = draw.between(16, 16384), .repeats = static_cast<int>(draw.between(1, 9)),
                    .calibration_batches = static_cast<int>(draw.between(0, 64))};
  if (draw.coin()) config.cadence.iterations = draw.between(1, kMaxIterations);
  else config.cadence.epochs = 0.001 + draw.share(1000.0);
  config.cadence.sample_every = draw.between(0, 1000);
  config.cadence.swd_every = draw.between(0, 1000);
  config.cadence.checkpoint_every = draw.between(0, 1000);
  config.cadence.keep = static_cast<int>(draw.between(1, 9));
  config.init_from = draw.text();
  return config;
}

void expect_round_trips(const RunConfig& config, const std::string& what) {
  const std::string json = to_json(config).text(2);
  EXPECT_TRUE(run_config_of(parse_json(json, ErrorKind::usage, "config.json"), "config.json") == config) << what << json;
  const Arguments arguments = to_arguments(config);
  std::string line;
  for (const std::string& argument : arguments) line += argument + " ";
  const RunConfig again = run_config_of(arguments);
  EXPECT_TRUE(again == config) << what << line << first_difference(again, config);
}

TEST(RunConfig, EveryConfigurationComesBackFromBothTexts) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) expect_round_trips(drawn(seed), concat("seed ", seed, ": "));
}

TEST(RunConfig, EveryWordThatStandsForOthersComesBackFromBothTexts) {
  std::vector<Arguments> lines = {{}, {"--preset", "paper"}, {"--preset", "paper", "--celeba"}, {"--ema", "0"}, {"--gf-dim", "3"},
                                  {"--df-dim", "5"}, {"--epochs", "2.5"}, {"--binarize-g", "0,4"}, {"--binarize-d", "none"}};
  for (const char* const letter : {"A", "B", "C", "D", "E", "F", "G", "H", "inner"}) lines.push_back({"--setting", letter});
  for (const char* const loss : {"dcgan", "lsgan", "wgan"}) {
    lines.push_back({"--loss", loss});
    lines.push_back({"--preset", "paper", "--loss", loss});
  }
  for (const Arguments& line : lines) expect_round_trips(run_config_of(line), line.empty() ? "" : line.back() + ": ");
}

// Two that differ in a field differ in their texts: no field is left out of one.
TEST(RunConfig, ATextForEveryField) {
  const RunConfig a = drawn(1);
  const Json all = to_json(a);
  for (std::uint64_t seed = 2; seed <= 40; ++seed) {
    const RunConfig b = drawn(seed);
    EXPECT_FALSE(a == b);
    EXPECT_NE(to_json(b), all);
    EXPECT_NE(to_arguments(b), to_arguments(a));
    EXPECT_NE(first_difference(a, b), "nothing");
  }
}

TEST(RunConfig, ArgumentsAreShortAndNameTheLayers) {
  EXPECT_EQ(to_arguments(run_config_of(Arguments{"--setting", "F", "--lr", "0.001", "--mirror", "--data=-x"})),
            (Arguments{"--data=-x", "--mirror", "--binarize-g", "1,2,3", "--binarize-d", "none", "--loss", "dcgan", "--lr", "0.001"}));
}

TEST(RunConfig, TheFirstDifferenceIsToldAsFlags) {
  const RunConfig one = run_config_of(Arguments{"--setting", "A", "--lr", "0.5"});
  RunConfig other = one;
  other.trainer.learning_rate = 0.25;
  EXPECT_EQ(first_difference(one, other), "--lr 0.5; asked for: --lr 0.25");
  other = one;
  other.data.mirror = true;
  EXPECT_EQ(first_difference(one, other), "no --mirror; asked for: --mirror");
}

TEST(RunConfig, WhatIsNoPartOfARunIsRefusedAmongItsArguments) {
  for (const Arguments& words : {Arguments{"--out", "x"}, Arguments{"--resume", "auto"}, Arguments{"--force"}, Arguments{"--threads", "2"},
                                 Arguments{"--config", "x"}, Arguments{"--help"}, Arguments{"-h"}})
    EXPECT_TRUE(contains(expect_refusal(ErrorKind::usage, words[0], [&] { run_config_of(words); }), "no part of what a run is"));
}

TEST(RunConfig, EpochsCountWholeBatchesAndAreBounded) {
  RunConfig config = run_config_of(Arguments{"--epochs", "2", "--batch", "16", "--d-steps", "2"});
  EXPECT_EQ(total_iterations(config, 100), 6);  // 6 whole batches an epoch, two an iteration
  EXPECT_EQ(images_per_iteration(config), 32);
  config.cadence.epochs = 1e6;
  EXPECT_TRUE(contains(expect_refusal(ErrorKind::usage, "epochs", [&] { total_iterations(config, 1'000'000); }), "1000000000"));
}

}  // namespace
}  // namespace pbgen
