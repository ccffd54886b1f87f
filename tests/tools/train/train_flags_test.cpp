// What the words of train_gan's users mean: presets, letters, widths, and who wins where two say the same thing.
#include "tools/lib/train/train_flags.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "gan/accounting.h"
#include "tests/support/contains.h"
#include "tests/support/refusal.h"
#include "tools/lib/cli/flag_names.h"
#include "tools/lib/train/run_config_text.h"
#include "tools/lib/train/run_identity.h"

namespace pbgen {
namespace {

using Widths = std::array<int, 4>;

// What a command line, and where given a configuration under it, says.
RunConfig run_of(std::vector<const char*> words, const std::string& config = "") {
  TrainFlags flags;
  ArgumentParser parser("train_gan", "a test");
  declare_train_flags(parser, flags);
  words.insert(words.begin(), "train_gan");
  EXPECT_TRUE(parser.parse(static_cast<int>(words.size()), words.data()));
  if (!config.empty()) parser.apply_config(parse_json(config, ErrorKind::usage, "config"), "config");
  return run_config(parser, flags);
}

Json identity_of(const std::vector<const char*>& words) { return run_identity(run_of(words)); }

std::string refusal(const std::vector<const char*>& words) {
  try {
    run_of(words);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return told(error);
  }
  ADD_FAILURE() << "not refused";
  return "";
}

TEST(TrainFlags, DefaultsAreCompleteAndLeaveTheDiscriminatorsFirstLayerInFloat) {
  const RunConfig run = run_of({});
  EXPECT_EQ(setting_name(run.network().binarized), "g12-d234");
  for (const LayerRow& row : layer_table(run.network())) {
    if (!row.binarized) continue;
    EXPECT_GT(row.redundancy(), 0) << row.network << ' ' << row.name;
  }
  EXPECT_EQ(total_iterations(run, 790), kDefaultIterations);
  EXPECT_EQ(total_iterations(run, 200'000), 200'000 / run.trainer.batch);
  EXPECT_EQ(total_iterations(run_of({"--data", "x", "--iterations", "7"}), 200'000), 7);
  EXPECT_EQ(total_iterations(run_of({"--epochs", "2"}), 160), 20);
  const Json config = to_json(run);
  for (const char* const key : {"binarize_g", "binarize_d", "g_widths", "d_widths", "batch", "seed", "loss"}) {
    ASSERT_NE(config.find(key), nullptr) << key;
    EXPECT_NE(*config.find(key), Json("")) << key;
  }
}

// The default run's layers, average, decay and smoothing are a whole: whoever names layers or a preset gets what he names, and else what
// the paper has.
TEST(TrainFlags, NamedLayersAndPresetsHaveNothingOfTheDefaultRuns) {
  const auto named = [](const std::vector<const char*>& words) {
    const RunConfig run = run_of(words);
    const TrainerOptions& trainer = run.trainer;
    return concat(setting_name(run.network().binarized), " ", value_text(trainer.ema_decay), " ", value_text(trainer.beta1), " ",
                  value_text(trainer.smooth));
  };
  const std::string whole = named({});
  EXPECT_EQ(whole, "g12-d234 0.998 0 6");
  EXPECT_EQ(named({"--data", "photographs"}), whole);
  EXPECT_EQ(named({"--loss", "lsgan"}), whole);
  EXPECT_EQ(named({"--loss", "wgan"}), "g12-d234 0.998 0 0");
  EXPECT_EQ(named({"--ema", "0"}), "g12-d234 0 0 6");
  EXPECT_EQ(named({"--beta1", "0.5", "--smooth", "0"}), "g12-d234 0.998 0.5 0");
  EXPECT_EQ(named({"--setting", "H"}), "H 0 0.5 0");
  EXPECT_EQ(named({"--setting", "inner"}), "inner 0 0.5 0");
  EXPECT_EQ(named({"--binarize-g", "1,2,3"}), "H 0 0.5 0");
  EXPECT_EQ(named({"--binarize-d", "none"}), "F 0 0.5 0");
  EXPECT_EQ(named({"--binarize-g", "1,2", "--binarize-d", "2,3,4"}), "g12-d234 0 0.5 0");
  EXPECT_EQ(named({"--preset", "paper"}), "A 0 0.5 0");
  EXPECT_EQ(named({"--setting", "H", "--ema", "0.9", "--smooth", "1"}), "H 0.9 0.5 1");
}

TEST(TrainFlags, ThePresetIsThePapersAndEveryFlagWinsOverIt) {
  const RunConfig paper = run_of({"--preset", "paper"});
  const TrainerOptions& options = paper.trainer;
  EXPECT_EQ(options.network, NetworkConfig{});
  EXPECT_EQ(options.batch, 64);
  EXPECT_EQ(options.learning_rate, 2e-4);
  EXPECT_EQ(paper.cadence.epochs, 25.0);
  EXPECT_FALSE(paper.cadence.iterations.has_value());
  EXPECT_EQ(to_string(paper.data.crop), "");

  const RunConfig mixed = run_of({"--preset", "paper", "--setting", "c", "--gf-dim", "8", "--batch", "16", "--iterations", "7",  //
                                  "--celeba"});
  EXPECT_EQ(mixed.network().binarized.generator.to_string(), "2");
  EXPECT_EQ(mixed.network().g_widths, (Widths{64, 32, 16, 8}));
  EXPECT_EQ(mixed.network().d_widths, (Widths{64, 128, 256, 512}));
  EXPECT_EQ(mixed.trainer.batch, 16);
  EXPECT_EQ(mixed.cadence.iterations, 7);
  EXPECT_FALSE(mixed.cadence.epochs.has_value());
  EXPECT_EQ(to_string(mixed.data.crop), "108x108+35+55");
}

TEST(TrainFlags, WhatIsMoreSpecificWins) {
  const RunConfig resolved = run_of({"--setting", "H", "--binarize-g", "3,1", "--gf-dim", "4", "--g-widths", "9,8,7,6",  //
                           "--epochs", "2", "--iterations", "5"});
  EXPECT_EQ(resolved.network().binarized.generator.to_string(), "1,3");
  EXPECT_EQ(resolved.network().binarized.discriminator.to_string(), "1,2,3,4");
  EXPECT_EQ(resolved.network().g_widths, (Widths{9, 8, 7, 6}));
  EXPECT_EQ(resolved.cadence.iterations, 5);
  EXPECT_FALSE(resolved.cadence.epochs.has_value());
}

TEST(TrainFlags, TheCommandLineWinsOverTheConfigurationEvenWhereItIsLessSpecific) {
  const std::string config =
      R"({"binarize_g":"4","binarize_d":"none","g_widths":[9,8,7,6],"d_widths":"1,2,3,4","iterations":50,"epochs":null})";
  const RunConfig plain = run_of({}, config);
  EXPECT_EQ(plain.network().binarized.generator.to_string(), "4");
  EXPECT_EQ(plain.network().g_widths, (Widths{9, 8, 7, 6}));
  EXPECT_EQ(plain.cadence.iterations, 50);
  const RunConfig overridden = run_of({"--setting", "F", "--gf-dim", "2", "--epochs", "3"}, config);
  EXPECT_EQ(overridden.network().binarized.generator.to_string(), "1,2,3");
  EXPECT_EQ(overridden.network().binarized.discriminator.to_string(), "none");
  EXPECT_EQ(overridden.network().g_widths, (Widths{16, 8, 4, 2}));
  EXPECT_EQ(overridden.network().d_widths, (Widths{1, 2, 3, 4}));
  EXPECT_EQ(overridden.cadence.epochs, 3.0);
  EXPECT_FALSE(overridden.cadence.iterations.has_value());
}

TEST(TrainFlags, TheConfigurationOfARunMakesTheSameRun) {
  const std::vector<std::vector<const char*>> lines = {
      {},
      {"--preset", "paper", "--celeba"},
      {"--setting", "E", "--gf-dim", "3", "--epochs", "1.5", "--no-shuffle", "--bwn", "xnor"},
      {"--loss", "wgan", "--d-steps", "2", "--bwn", "port", "--swd-repeats", "3"},
  };
  for (const auto& words : lines) {
    const RunConfig first = run_of(words);
    EXPECT_TRUE(run_of({}, to_json(first).text()) == first);
  }
}

TEST(TrainFlags, TheIdentityOfARunIsWhatItsBytesDependOn) {
  const Json identity = identity_of({});
  const std::vector<std::vector<const char*>> free = {
      {"--iterations", "7"},       {"--epochs", "7"}, {"--sample-every", "7"}, {"--swd-every", "7"}, {"--keep", "7"},
      {"--checkpoint-every", "7"}, {"--cache", "x"},  {"--data", "x"},         {"--threads", "2"},   {"--out", "x"},
      {"--swd-repeats", "7"}};
  for (const auto& words : free) EXPECT_EQ(identity_of(words), identity) << words[0];
  const std::vector<std::vector<const char*>> fixed = {
      {"--setting", "A"},  {"--size", "32"}, {"--z-dim", "7"}, {"--gf-dim", "7"},  {"--df-dim", "7"}, {"--batch", "8"},
      {"--loss", "lsgan"}, {"--lr", "1e-3"}, {"--beta1", "0.9"}, {"--g-steps", "1"}, {"--ema", "0.9"},  {"--seed", "7"},
      {"--mirror"},        {"--no-shuffle"}, {"--celeba"},     {"--holdout", "0"}, {"--bwn", "xnor"}, {"--synthetic-images", "777"},
      {"--d-steps", "2"},  {"--clip", "1"},  {"--bwn", "port"}, {"--conv", "im2col"}, {"--isa", "ref"}};
  for (const auto& words : fixed) EXPECT_NE(identity_of(words), identity) << words[0];
}

TEST(TrainFlags, WganHasDefaultsOfItsOwnAndEveryFlagWinsOverThem) {
  for (const std::vector<const char*>& words : {std::vector<const char*>{"--loss", "wgan"}, {"--preset", "paper", "--loss", "wgan"}}) {
    const TrainerOptions options = run_of(words).trainer;
    EXPECT_EQ(options.loss, Loss::wgan);
    EXPECT_EQ(options.d_steps, 5);
    EXPECT_EQ(options.g_steps, 1);
    EXPECT_EQ(options.clip, 0.01);
    EXPECT_EQ(options.learning_rate, 5e-5);
    EXPECT_EQ(options.beta1, 0.0);
  }
  const RunConfig resolved = run_of({"--loss", "wgan", "--d-steps", "1", "--g-steps", "2", "--clip", "0.1", "--lr", "1e-3",  //
                                     "--beta1", "0.5"});
  const TrainerOptions said = resolved.trainer;
  EXPECT_EQ(said.d_steps, 1);
  EXPECT_EQ(said.g_steps, 2);
  EXPECT_EQ(said.clip, 0.1);
  EXPECT_EQ(said.learning_rate, 1e-3);
  EXPECT_EQ(said.beta1, 0.5);
  const TrainerOptions dcgan = run_of({}).trainer;
  EXPECT_EQ(dcgan.d_steps, 1);
  EXPECT_EQ(dcgan.clip, 0.0);
  EXPECT_EQ(run_of({"--bwn", "port"}).trainer.network.recipe, BinaryRecipe::port);
}

TEST(TrainFlags, WhatAnOlderCheckpointLacksIsTheDefaultOfItsLoss) {
  const auto without = [](const Json& identity, std::initializer_list<std::string_view> keys) {
    Json older = Json::object();
    for (const auto& [key, value] : identity.as_object())
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) older.set(key, value);
    return older;
  };
  const RunConfig plain_run = run_of({"--setting", "E"});
  const Json plain = run_identity(plain_run);
  const Json older = without(plain, {"d_steps", "clip", "smooth", "conv", "isa"});
  EXPECT_NO_THROW(require_same_run(plain_run, plain, "c"));
  EXPECT_NO_THROW(require_same_run(plain_run, older, "c"));
  EXPECT_NO_THROW(require_same_run(run_of({"--setting", "E", "--conv", "im2col"}), older, "c"));
  EXPECT_NO_THROW(require_same_run(run_of({"--setting", "E", "--isa", "avx2"}), older, "c"));
  const RunConfig critic = run_of({"--loss", "wgan"});
  EXPECT_NO_THROW(require_same_run(critic, without(run_identity(critic), {"d_steps", "clip", "smooth"}), "c"));
  for (const auto& [flag, value] : {std::pair("--d-steps", "5"), std::pair("--clip", "0.01"), std::pair("--smooth", "2")}) {
    const RunConfig other = run_of({"--setting", "E", flag, value});
    const std::string message = expect_refusal(ErrorKind::usage, "", [&] { require_same_run(other, older, "c"); });
    EXPECT_TRUE(contains(message, "checkpoint: none")) << message;
  }
  EXPECT_THROW(require_same_run(plain_run, identity_of({"--setting", "D"}), "c"), Error);
}

TEST(TrainFlags, WrongValuesAreRefusedByName) {
  EXPECT_NE(refusal({"--g-widths", "1,2,3"}).find("--g-widths"), std::string::npos);
  EXPECT_NE(refusal({"--binarize-d", "0"}).find("--binarize-d"), std::string::npos);
  EXPECT_NE(refusal({"--size", "24"}).find("--size"), std::string::npos);
  EXPECT_NE(refusal({"--channels", "2"}).find("--channels"), std::string::npos);
  EXPECT_NE(refusal({"--crop", "0x0"}).find("0x0"), std::string::npos);
  EXPECT_NE(refusal({"--loss", "wgan", "--clip", "0"}).find("--clip 0"), std::string::npos);
  EXPECT_NE(refusal({"--d-steps", "0"}).find("--d-steps"), std::string::npos);
  EXPECT_NE(refusal({"--isa", "sse9"}).find("--isa sse9: expected auto, ref, avx2 or avx512"), std::string::npos);
  EXPECT_NE(refusal({"--swd-repeats", "0"}).find("--swd-repeats"), std::string::npos);
  EXPECT_NE(refusal({"--celeba", "--crop", "center:9"}).find("--celeba"), std::string::npos);
  EXPECT_NE(refusal({"--resume", "auto", "--init-from", "x"}).find("--init-from"), std::string::npos);
  EXPECT_NE(refusal({"--epochs", "1e300"}).find("--epochs"), std::string::npos);
  EXPECT_NE(refusal({"--epochs", "0"}).find("--epochs"), std::string::npos);
}

}  // namespace
}  // namespace pbgen
