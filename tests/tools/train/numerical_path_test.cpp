// The path of a run: who decides it, that it is kept, and how it is changed knowingly.
#include "tools/lib/train/numerical_path.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/files/file.h"
#include "core/files/json.h"
#include "gan/checkpoint.h"
#include "tests/support/contains.h"
#include "tests/support/image_files.h"
#include "tests/support/isa_paths.h"
#include "tests/support/output_text.h"
#include "tests/support/refusal.h"
#include "tests/support/tool_run.h"
#include "tools/lib/runs/find_checkpoint.h"
#include "tools/lib/train/run_identity.h"

namespace pbgen {
namespace {

// On a machine whose best path is `best`, where the rule gives `by_rule`.
Isa chosen_on(Isa best, const IsaWishes& wishes, Isa by_rule = Isa::ref) {
  return chosen_isa(wishes, [best](Isa isa) { return isa <= best; }, [by_rule] { return by_rule; });
}

IsaWishes of_flag(std::optional<Isa> path) {
  IsaWishes wishes;
  wishes.flag = IsaChoice{path};
  return wishes;
}

IsaWishes of_record(Isa path) {
  IsaWishes wishes;
  wishes.recorded = path;
  wishes.recorded_in = "run/7.safetensors";
  return wishes;
}

TEST(ChosenIsa, ANewRunTakesTheFlagThenTheVariableThenTheRule) {
  for (const Isa by_rule : kIsas) EXPECT_EQ(chosen_on(Isa::avx512, {}, by_rule), by_rule);
  IsaWishes wishes;
  for (const Isa variable : kIsas) {
    wishes.variable = variable;
    EXPECT_EQ(chosen_on(Isa::avx512, wishes, Isa::avx2), variable);
    wishes.flag = IsaChoice{};
    EXPECT_EQ(chosen_on(Isa::avx512, wishes, Isa::avx2), variable) << "auto";
    for (const Isa flag : kIsas) {
      wishes.flag = IsaChoice{flag};
      EXPECT_EQ(chosen_on(Isa::avx512, wishes, Isa::avx2), flag);
    }
    wishes.flag.reset();
  }
}

TEST(ChosenIsa, AFlagThatTheMachineCannotObeyIsRefusedWithOneThatItCan) {
  for (const auto& [best, asked, offered] :
       {std::tuple(Isa::avx2, Isa::avx512, "--isa avx2"), std::tuple(Isa::ref, Isa::avx2, "--isa ref")}) {
    const std::string message = expect_refusal(ErrorKind::usage, concat("--isa ", name(asked), ": this processor has no such instructions"),
                                               [&, best = best, asked = asked] { chosen_on(best, of_flag(asked)); });
    EXPECT_TRUE(contains(message, offered)) << message;
  }
}

TEST(ChosenIsa, WhatIsRecordedIsObeyedWhateverTheRuleSays) {
  for (const Isa recorded : kIsas)
    for (const Isa by_rule : kIsas) {
      IsaWishes wishes = of_record(recorded);
      EXPECT_EQ(chosen_on(Isa::avx512, wishes, by_rule), recorded);
      wishes.variable = recorded;
      EXPECT_EQ(chosen_on(Isa::avx512, wishes, by_rule), recorded);
    }
}

TEST(ChosenIsa, AVariableThatAsksForAnotherPathIsRefusedWithBothNames) {
  IsaWishes wishes = of_record(Isa::avx512);
  wishes.variable = Isa::avx2;
  const std::string message = expect_refusal(ErrorKind::usage, "run/7.safetensors: ", [&] { chosen_on(Isa::avx512, wishes); });
  for (const char* const word : {"of the avx512 path", "PBGEN_ISA asks for avx2", "knowingly: --isa avx2"})
    EXPECT_TRUE(contains(message, word)) << message;
  wishes.flag = IsaChoice{Isa::avx512};  // and a flag wins over both
  EXPECT_EQ(chosen_on(Isa::avx512, wishes), Isa::avx512);
}

TEST(ChosenIsa, AMachineThatLacksTheRecordedPathNamesTheFlagThatChangesIt) {
  const std::string message =
      expect_refusal(ErrorKind::usage, "run/7.safetensors: is of the avx512 path, whose instructions this processor lacks",
                     [] { chosen_on(Isa::avx2, of_record(Isa::avx512)); });
  EXPECT_TRUE(contains(message, "knowingly: --isa avx2")) << message;
  EXPECT_FALSE(contains(message, "\n")) << message;
  IsaWishes knowingly = of_record(Isa::avx512);
  knowingly.flag = IsaChoice{Isa::avx2};
  EXPECT_EQ(chosen_on(Isa::avx2, knowingly), Isa::avx2);
  knowingly.flag = IsaChoice{};  // anew
  EXPECT_EQ(chosen_on(Isa::avx2, knowingly, Isa::avx2), Isa::avx2);
}

// Builds that recorded no path had avx2 where the machine had it.
TEST(ChosenIsa, ARunOlderThanTheRecordGoesOnAsItBegan) {
  IsaWishes older;
  older.older = true;
  EXPECT_EQ(chosen_on(Isa::avx512, older, Isa::avx512), Isa::avx2);
  EXPECT_EQ(chosen_on(Isa::ref, older), Isa::ref);
  older.variable = Isa::ref;
  EXPECT_EQ(chosen_on(Isa::avx512, older, Isa::avx512), Isa::ref);
  older.flag = IsaChoice{Isa::avx512};
  EXPECT_EQ(chosen_on(Isa::avx512, older), Isa::avx512);
}

TEST(FormerPaths, AreListedWhereAResumeChangedThem) {
  EXPECT_EQ(former_paths("", std::nullopt, Isa::avx2, 5), "");
  EXPECT_EQ(former_paths("", Isa::avx2, Isa::avx2, 5), "");
  EXPECT_EQ(former_paths("", Isa::avx512, Isa::avx2, 5), "avx512 to iteration 5");
  EXPECT_EQ(former_paths("avx512 to iteration 5", Isa::avx2, Isa::avx2, 8), "avx512 to iteration 5");
  EXPECT_EQ(former_paths("avx512 to iteration 5", Isa::avx2, Isa::ref, 8), "avx512 to iteration 5, avx2 to iteration 8");
}

// By the tools: on each path that the machine has, and from each to each other.
class IsaFlag : public testing::Test {
 protected:
  void SetUp() override {
    skip_without({"train_gan"});
    train_ = tool_path("train_gan").value_or("");
  }

  // variable: PBGEN_ISA; "" takes it away.
  ToolRun train(const Arguments& arguments, const std::string& variable = "") const {
    const Arguments setting = variable.empty() ? Arguments{"-u", "PBGEN_ISA"} : Arguments{"PBGEN_ISA=" + variable};
    return run_tool_at("/usr/bin/env", setting + Arguments{train_} + arguments, folder_.path());
  }
  std::string begun(const Arguments& more, const std::string& variable = "") {
    const std::string path = folder_ / concat("run", ++count_);
    const ToolRun run = train(kTiny + Arguments{"--iterations", "3", "--out", path} + more, variable);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return path;
  }
  static Json config_of(const std::string& path) { return parse_json(text_of(path + "/config.json"), ErrorKind::data, "config.json"); }
  static Json identity_of(const std::string& path) {
    return parse_json(Checkpoint::load(named_checkpoint(path)).note("options"), ErrorKind::data, "options");
  }
  static void expect_path(const std::string& run, Isa path) {
    EXPECT_EQ(*config_of(run).find("isa"), Json(name(path)));
    EXPECT_EQ(*identity_of(run).find("isa"), Json(name(path)));
  }
  static void expect_refused(const ToolRun& run, const std::vector<std::string>& words) {
    EXPECT_EQ(run.exit_code, 2) << run.out;
    for (const std::string& word : words) EXPECT_TRUE(contains(run.err, word)) << word << ": " << run.err;
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
  }

  TestFolder folder_;
  std::string train_;
  int count_ = 0;
};

TEST_F(IsaFlag, ANewRunRecordsWhatItTakesAndSaysIt) {
  for (const Isa path : machine_paths()) {
    // By a flag that wins over the variable, by the variable, and by a flag that leaves it to the variable.
    const std::vector<std::pair<Arguments, std::string>> ways = {
        {{"--isa", name(path)}, "ref"}, {{}, name(path)}, {{"--isa", "auto"}, name(path)}};
    for (const auto& [more, variable] : ways) {
      const std::string run = folder_ / concat("run", ++count_);
      const ToolRun said = train(kTiny + Arguments{"--iterations", "2", "--out", run} + more, variable);
      ASSERT_EQ(said.exit_code, 0) << said.err;
      EXPECT_TRUE(contains(said.out, concat(", ", name(path), " kernels, --conv auto, "))) << said.out;
      EXPECT_TRUE(contains(text_of(run + "/report.html"), concat(name(path), " kernels, --conv auto"))) << name(path);
      expect_path(run, path);
    }
  }
  // By the rule: one that the machine has.
  const std::string by_rule = begun({});
  const std::optional<Isa> path = isa_named(config_of(by_rule).find("isa")->as_string());
  ASSERT_TRUE(path.has_value());
  EXPECT_TRUE(machine_supports(*path));
  expect_path(by_rule, *path);
}

TEST_F(IsaFlag, ARunGoesOnAlongItsPathAndRefusesAVariableThatAsksForAnother) {
  for (const Isa path : machine_paths()) {
    const std::string run = begun({"--isa", name(path)});
    ASSERT_EQ(train({"--resume", run, "--iterations", "4"}).exit_code, 0);
    expect_path(run, path);
    ASSERT_EQ(train({"--resume", run, "--iterations", "5"}, name(path)).exit_code, 0);
    for (const Isa other : machine_paths()) {
      if (other == path) continue;
      const std::vector<std::string> both = {concat("of the ", name(path), " path"), concat("PBGEN_ISA asks for ", name(other)),
                                             concat("--isa ", name(other))};
      expect_refused(train({"--resume", run, "--iterations", "6"}, name(other)), both);
      // As where a configuration is repeated.
      expect_refused(train({"--config", run + "/config.json", "--out", folder_ / "again"}, name(other)), both);
    }
  }
}

TEST_F(IsaFlag, AFlagChangesThePathKnowinglyAndTheRunTellsIt) {
  const std::vector<Isa> paths = machine_paths();
  if (paths.size() < 2) GTEST_SKIP() << "there is one path alone";
  const Isa first = paths.back();
  const Isa second = paths.front();
  const std::string run = begun({"--isa", name(first)});
  const ToolRun changed = train({"--resume", run, "--iterations", "5", "--isa", name(second)});
  ASSERT_EQ(changed.exit_code, 0) << changed.err;
  const std::string told = concat(name(second), " kernels (before: ", name(first), " to iteration 3)");
  EXPECT_TRUE(contains(changed.out, told)) << changed.out;
  EXPECT_TRUE(contains(text_of(run + "/report.html"), told));
  expect_path(run, second);
  EXPECT_EQ(Checkpoint::load(named_checkpoint(run)).note(kFormerPathsNote), concat(name(first), " to iteration 3"));
  // It is not forgotten by the sittings that follow.
  const ToolRun later = train({"--resume", run, "--iterations", "6"});
  EXPECT_TRUE(contains(later.out, told)) << later.out;
  expect_path(run, second);
  const ToolRun back = train({"--resume", run, "--iterations", "7", "--isa", name(first)});
  EXPECT_TRUE(contains(back.out, concat(name(first), " to iteration 3, ", name(second), " to iteration 6"))) << back.out;
  // One that kept its path has no such note.
  EXPECT_EQ(Checkpoint::load(named_checkpoint(begun({"--isa", name(first)}))).note(kFormerPathsNote), "");
}

// As builds wrote it that recorded no path.
TEST_F(IsaFlag, AnOlderRunGoesOnUnderAvx2WhereThereIsAvx2) {
  const Isa then = machine_supports(Isa::avx2) ? Isa::avx2 : Isa::ref;
  const auto without_path = [](const Json& all) {
    Json older = Json::object();
    for (const auto& [key, value] : all.as_object())
      if (key != "isa") older.set(key, value);
    return older;
  };
  const std::string whole = begun({"--isa", name(then)});
  ASSERT_EQ(train({"--resume", whole, "--iterations", "6"}).exit_code, 0);
  for (const bool with_configuration : {true, false}) {
    const std::string run = begun({"--isa", name(then)});
    const std::string path = named_checkpoint(run);
    const Checkpoint checkpoint = Checkpoint::load(path);
    TrainerOptions options;
    options.network = checkpoint.network();
    options.batch = 8;
    options.ema_decay = checkpoint.has_average() ? 0.995 : 0.0;
    Trainer trainer(options);
    checkpoint.restore(trainer);
    write_file_atomically(path, encode_checkpoint(trainer, {{"options", without_path(identity_of(run)).text()},
                                                            {"data", checkpoint.note("data")}}));
    if (with_configuration) write_file_atomically(run + "/config.json", without_path(config_of(run)).text());
    else std::filesystem::remove(run + "/config.json");
    const ToolRun resumed = train({"--resume", run, "--iterations", "6", "--sample-every", "0", "--swd-every", "0"});
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    expect_path(run, then);
    const std::string last = "/checkpoints/00000006.safetensors";
    EXPECT_EQ(read_file(run + last, 1 << 24), read_file(whole + last, 1 << 24));
  }
}

}  // namespace
}  // namespace pbgen
