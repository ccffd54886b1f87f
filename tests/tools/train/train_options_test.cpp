// What the words of train_gan's users mean: presets, letters, widths, and who wins where two say the same thing.
#include "tools/lib/train/train_options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "tests/support/contains.h"
#include "tests/support/refusal.h"
#include "tools/lib/cli/flag_names.h"

namespace pbgen {
namespace {

using Widths = std::vector<std::int64_t>;

// A command line, and where given a configuration under it, resolved.
struct Resolved {
  TrainFlags flags;
  ArgumentParser parser{"train_gan", "a test"};

  explicit Resolved(std::vector<const char*> words, const std::string& config = "") {
    declare_train_flags(parser, flags);
    words.insert(words.begin(), "train_gan");
    EXPECT_TRUE(parser.parse(static_cast<int>(words.size()), words.data()));
    if (!config.empty()) parser.apply_config(parse_json(config, ErrorKind::usage, "config"), "config");
    resolve_train_flags(parser, flags);
  }
};

std::string refusal(const std::vector<const char*>& words) {
  try {
    Resolved resolved(words);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return told(error);
  }
  ADD_FAILURE() << "not refused";
  return "";
}

TEST(TrainOptions, DefaultsAreCompleteAndLeaveTheDiscriminatorsFirstLayerInFloat) {
  const Resolved resolved({});
  EXPECT_EQ(setting_name(trainer_options(resolved.flags).network.binarized), "g123-d234");
  EXPECT_EQ(resolved.flags.ema, 0.995);
  EXPECT_TRUE(resolved.flags.iterations.has_value());
  EXPECT_GE(*resolved.flags.iterations, 1000);
  EXPECT_FALSE(resolved.flags.epochs.has_value());
  const Json config = resolved.parser.config();
  for (const char* const key : {"binarize_g", "binarize_d", "g_widths", "d_widths", "batch", "seed", "loss"}) {
    ASSERT_NE(config.find(key), nullptr) << key;
    EXPECT_NE(*config.find(key), Json("")) << key;
  }
}

// The default run's layers and average are a whole: whoever names layers or a preset gets what he names, without an average.
TEST(TrainOptions, NamedLayersAndPresetsHaveNoAverageButTheirOwn) {
  const auto named = [](const std::vector<const char*>& words) {
    const Resolved resolved(words);
    return setting_name(trainer_options(resolved.flags).network.binarized) + " " + value_text(resolved.flags.ema);
  };
  EXPECT_EQ(named({"--setting", "H"}), "H 0");
  EXPECT_EQ(named({"--binarize-g", "1,2,3"}), "H 0");
  EXPECT_EQ(named({"--binarize-d", "none"}), "F 0");
  EXPECT_EQ(named({"--binarize-g", "1,2,3", "--binarize-d", "2,3,4"}), "g123-d234 0");
  EXPECT_EQ(named({"--preset", "paper"}), "A 0");
  EXPECT_EQ(named({"--setting", "H", "--ema", "0.9"}), "H 0.9");
  EXPECT_EQ(named({"--ema", "0"}), "g123-d234 0");
  EXPECT_EQ(named({"--data", "photographs"}), "g123-d234 0.995");
}

TEST(TrainOptions, ThePresetIsThePapersAndEveryFlagWinsOverIt) {
  const Resolved paper({"--preset", "paper"});
  const TrainerOptions options = trainer_options(paper.flags);
  EXPECT_EQ(options.network, NetworkConfig{});
  EXPECT_EQ(options.batch, 64);
  EXPECT_EQ(options.learning_rate, 2e-4);
  EXPECT_EQ(paper.flags.epochs, 25.0);
  EXPECT_FALSE(paper.flags.iterations.has_value());
  EXPECT_EQ(paper.flags.crop, "");

  const Resolved mixed({"--preset", "paper", "--setting", "c", "--gf-dim", "8", "--batch", "16", "--iterations", "7", "--celeba"});
  EXPECT_EQ(mixed.flags.binarize_g, "2");
  EXPECT_EQ(mixed.flags.g_widths, (Widths{64, 32, 16, 8}));
  EXPECT_EQ(mixed.flags.d_widths, (Widths{64, 128, 256, 512}));
  EXPECT_EQ(mixed.flags.batch, 16);
  EXPECT_EQ(mixed.flags.iterations, 7);
  EXPECT_FALSE(mixed.flags.epochs.has_value());
  EXPECT_EQ(mixed.flags.crop, "108x108+35+55");
}

TEST(TrainOptions, WhatIsMoreSpecificWins) {
  const Resolved resolved({"--setting", "H", "--binarize-g", "3,1", "--gf-dim", "4", "--g-widths", "9,8,7,6",  //
                           "--epochs", "2", "--iterations", "5"});
  EXPECT_EQ(resolved.flags.binarize_g, "1,3");
  EXPECT_EQ(resolved.flags.binarize_d, "1,2,3,4");
  EXPECT_EQ(resolved.flags.g_widths, (Widths{9, 8, 7, 6}));
  EXPECT_EQ(resolved.flags.iterations, 5);
  EXPECT_FALSE(resolved.flags.epochs.has_value());
}

TEST(TrainOptions, TheCommandLineWinsOverTheConfigurationEvenWhereItIsLessSpecific) {
  const std::string config =
      R"({"binarize_g":"4","binarize_d":"none","g_widths":[9,8,7,6],"d_widths":"1,2,3,4","iterations":50,"epochs":null})";
  const Resolved plain({}, config);
  EXPECT_EQ(plain.flags.binarize_g, "4");
  EXPECT_EQ(plain.flags.g_widths, (Widths{9, 8, 7, 6}));
  EXPECT_EQ(plain.flags.iterations, 50);
  const Resolved overridden({"--setting", "F", "--gf-dim", "2", "--epochs", "3"}, config);
  EXPECT_EQ(overridden.flags.binarize_g, "1,2,3");
  EXPECT_EQ(overridden.flags.binarize_d, "none");
  EXPECT_EQ(overridden.flags.g_widths, (Widths{16, 8, 4, 2}));
  EXPECT_EQ(overridden.flags.d_widths, (Widths{1, 2, 3, 4}));
  EXPECT_EQ(overridden.flags.epochs, 3.0);
  EXPECT_FALSE(overridden.flags.iterations.has_value());
}

TEST(TrainOptions, TheConfigurationOfARunMakesTheSameRun) {
  const std::vector<std::vector<const char*>> lines = {
      {},
      {"--preset", "paper", "--celeba"},
      {"--setting", "E", "--gf-dim", "3", "--epochs", "1.5", "--no-shuffle", "--bwn", "xnor"},
      {"--loss", "wgan", "--d-steps", "2", "--bwn", "port", "--swd-repeats", "3"},
  };
  for (const auto& words : lines) {
    const Resolved first(words);
    const Resolved again({}, first.parser.config().text());
    EXPECT_EQ(again.parser.config(), first.parser.config());
    EXPECT_EQ(run_identity(again.parser), run_identity(first.parser));
  }
}

TEST(TrainOptions, TheIdentityOfARunIsWhatItsBytesDependOn) {
  const Json identity = run_identity(Resolved({}).parser);
  const std::vector<std::vector<const char*>> free = {
      {"--iterations", "7"},       {"--epochs", "7"}, {"--sample-every", "7"}, {"--swd-every", "7"}, {"--keep", "7"},
      {"--checkpoint-every", "7"}, {"--cache", "x"},  {"--data", "x"},         {"--threads", "2"},   {"--out", "x"},
      {"--swd-repeats", "7"}};
  for (const auto& words : free) EXPECT_EQ(run_identity(Resolved(words).parser), identity) << words[0];
  const std::vector<std::vector<const char*>> fixed = {
      {"--setting", "A"},  {"--size", "32"}, {"--z-dim", "7"}, {"--gf-dim", "7"},  {"--df-dim", "7"}, {"--batch", "8"},
      {"--loss", "lsgan"}, {"--lr", "1e-3"}, {"--beta1", "0"}, {"--g-steps", "1"}, {"--ema", "0.9"},  {"--seed", "7"},
      {"--mirror"},        {"--no-shuffle"}, {"--celeba"},     {"--holdout", "0"}, {"--bwn", "xnor"}, {"--synthetic-images", "777"},
      {"--d-steps", "2"},  {"--clip", "1"},  {"--bwn", "port"}};
  for (const auto& words : fixed) EXPECT_NE(run_identity(Resolved(words).parser), identity) << words[0];
}

TEST(TrainOptions, WganHasDefaultsOfItsOwnAndEveryFlagWinsOverThem) {
  for (const std::vector<const char*>& words : {std::vector<const char*>{"--loss", "wgan"}, {"--preset", "paper", "--loss", "wgan"}}) {
    const TrainerOptions options = trainer_options(Resolved(words).flags);
    EXPECT_EQ(options.loss, Loss::wgan);
    EXPECT_EQ(options.d_steps, 5);
    EXPECT_EQ(options.g_steps, 1);
    EXPECT_EQ(options.clip, 0.01);
    EXPECT_EQ(options.learning_rate, 5e-5);
    EXPECT_EQ(options.beta1, 0.0);
  }
  const Resolved resolved({"--loss", "wgan", "--d-steps", "1", "--g-steps", "2", "--clip", "0.1", "--lr", "1e-3", "--beta1", "0.5"});
  const TrainerOptions said = trainer_options(resolved.flags);
  EXPECT_EQ(said.d_steps, 1);
  EXPECT_EQ(said.g_steps, 2);
  EXPECT_EQ(said.clip, 0.1);
  EXPECT_EQ(said.learning_rate, 1e-3);
  EXPECT_EQ(said.beta1, 0.5);
  const TrainerOptions dcgan = trainer_options(Resolved({}).flags);
  EXPECT_EQ(dcgan.d_steps, 1);
  EXPECT_EQ(dcgan.clip, 0.0);
  EXPECT_EQ(trainer_options(Resolved({"--bwn", "port"}).flags).network.recipe, BinaryRecipe::port);
}

TEST(TrainOptions, WhatAnOlderCheckpointLacksIsTheDefaultOfItsLoss) {
  const auto without = [](const Json& identity, std::initializer_list<std::string_view> keys) {
    Json older = Json::object();
    for (const auto& [key, value] : identity.as_object())
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) older.set(key, value);
    return older;
  };
  const Json plain = run_identity(Resolved({"--setting", "E"}).parser);
  const Json older = without(plain, {"d_steps", "clip", "conv"});
  EXPECT_NO_THROW(require_same_run(plain, plain, "c"));
  EXPECT_NO_THROW(require_same_run(plain, older, "c"));
  EXPECT_NO_THROW(require_same_run(run_identity(Resolved({"--setting", "E", "--conv", "im2col"}).parser), older, "c"));
  const Json critic = run_identity(Resolved({"--loss", "wgan"}).parser);
  EXPECT_NO_THROW(require_same_run(critic, without(critic, {"d_steps", "clip"}), "c"));
  for (const auto& [flag, value] : {std::pair("--d-steps", "5"), std::pair("--clip", "0.01")}) {
    const Json other = run_identity(Resolved({"--setting", "E", flag, value}).parser);
    const std::string message = expect_refusal(ErrorKind::usage, "", [&] { require_same_run(other, older, "c"); });
    EXPECT_TRUE(contains(message, "checkpoint: none")) << message;
  }
  EXPECT_THROW(require_same_run(plain, run_identity(Resolved({"--setting", "D"}).parser), "c"), Error);
}

TEST(TrainOptions, WrongValuesAreRefusedByName) {
  EXPECT_NE(refusal({"--g-widths", "1,2,3"}).find("--g-widths"), std::string::npos);
  EXPECT_NE(refusal({"--binarize-d", "0"}).find("--binarize-d"), std::string::npos);
  EXPECT_NE(refusal({"--size", "24"}).find("--size"), std::string::npos);
  EXPECT_NE(refusal({"--channels", "2"}).find("--channels"), std::string::npos);
  EXPECT_NE(refusal({"--crop", "0x0"}).find("0x0"), std::string::npos);
  EXPECT_NE(refusal({"--loss", "wgan", "--clip", "0"}).find("--clip 0"), std::string::npos);
  EXPECT_NE(refusal({"--d-steps", "0"}).find("--d-steps"), std::string::npos);
  EXPECT_NE(refusal({"--swd-repeats", "0"}).find("--swd-repeats"), std::string::npos);
  EXPECT_NE(refusal({"--celeba", "--crop", "center:9"}).find("--celeba"), std::string::npos);
  EXPECT_NE(refusal({"--resume", "auto", "--init-from", "x"}).find("--init-from"), std::string::npos);
  EXPECT_NE(refusal({"--epochs", "1e300"}).find("--epochs"), std::string::npos);
  EXPECT_NE(refusal({"--epochs", "0"}).find("--epochs"), std::string::npos);
}

}  // namespace
}  // namespace pbgen
