// The command line: values, rules, suggestions, help, and the JSON config that goes through the same rules.
#include "tools/lib/cli/args.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <system_error>

#include "core/files/file.h"
#include "tests/support/refusal.h"
#include "tools/lib/cli/exit.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/text.h"

namespace pbgen {
namespace {

// What a tool like train_gan declares.
struct Settings {
  std::int64_t batch = 64;
  int levels = 3;
  std::uint64_t seed = 1;
  double lr = 2e-4;
  std::string loss = "dcgan";
  std::string out;
  std::optional<std::int64_t> iterations;
  std::vector<std::int64_t> widths = {512, 256, 128, 64};
  bool mirror = false;
  bool shuffle = true;
  std::string real;
  std::string fake = "synthetic";

  ArgumentParser parser{"tool", "does what a test needs", "A paragraph of its own."};

  Settings() {
    parser.positional("REAL", &real, "a folder");
    parser.optional_positional("FAKE", &fake, "another");
    parser.section("Training");
    parser.add("--batch", &batch, "N", "images a step", all_of(at_least(8), multiple_of(8))).in_config();
    parser.add("--levels", &levels, "N", "levels", in_range(1, 9));
    parser.add("--seed", &seed, "K", "seed").in_config();
    parser.add("--lr", &lr, "RATE", "learning rate", more_than(0)).in_config();
    parser.add("--loss", &loss, "NAME", "the loss", one_of({"dcgan", "lsgan"})).in_config();
    parser.add("--g-widths", &widths, "C1,C2,C3,C4", "widths", each(at_least(1))).in_config();
    parser.add("--iterations", &iterations, "N", "iterations").in_config();
    parser.section("Data");
    parser.add("--mirror", &mirror, "mirror half of the images").in_config();
    parser.add("--no-shuffle", &shuffle, "keep the order", false).in_config();
    parser.add("--out", &out, "DIR", "where to").default_text("the first free run");
    parser.add_config_flag();
    parser.example("tool faces --batch 8", "small steps");
    parser.example("./tools/generate faces", "another tool");
  }

  bool parse(std::vector<const char*> words) {
    words.insert(words.begin(), "tool");
    return parser.parse(static_cast<int>(words.size()), words.data());
  }

  // The one line of the refusal.
  std::string refusal(std::vector<const char*> words) {
    return pbgen::refusal(ErrorKind::usage, [&] { static_cast<void>(parse(std::move(words))); });
  }

  std::string config_refusal(const char* text) {
    return pbgen::refusal(ErrorKind::usage,
                          [&] { parser.apply_config(parse_json(text, ErrorKind::usage, "run.json"), "run.json"); });
  }
};

std::string refusal_of(std::vector<const char*> words) { return Settings().refusal(std::move(words)); }

TEST(Arguments, BothSpellingsOfAValueAndAllTypesAreRead) {
  Settings s;
  ASSERT_TRUE(s.parse({"--batch", "16", "--levels=4", "--seed", "18446744073709551615", "--lr=1e-3", "--loss", "lsgan", "faces", "--mirror",
                       "--no-shuffle", "--g-widths", "8,4,2,1", "--iterations=7", "--out=a=b"}));
  EXPECT_EQ(s.batch, 16);
  EXPECT_EQ(s.levels, 4);
  EXPECT_EQ(s.seed, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(s.lr, 1e-3);
  EXPECT_EQ(s.loss, "lsgan");
  EXPECT_EQ(s.real, "faces");
  EXPECT_EQ(s.fake, "synthetic");
  EXPECT_TRUE(s.mirror);
  EXPECT_FALSE(s.shuffle);
  EXPECT_EQ(s.widths, (std::vector<std::int64_t>{8, 4, 2, 1}));
  EXPECT_EQ(s.iterations, 7);
  EXPECT_EQ(s.out, "a=b");
}

TEST(Arguments, WhatIsNotGivenKeepsItsDefaultAndIsReportedAsNotGiven) {
  Settings s;
  ASSERT_TRUE(s.parse({"faces", "--lr", "2e-4"}));
  EXPECT_EQ(s.batch, 64);
  EXPECT_FALSE(s.iterations.has_value());
  EXPECT_TRUE(s.parser.given("--lr"));
  EXPECT_TRUE(s.parser.given("REAL"));
  EXPECT_FALSE(s.parser.given("--batch"));
  EXPECT_FALSE(s.parser.given("FAKE"));
  EXPECT_THROW((void)s.parser.given("--nonsense"), std::logic_error);
}

TEST(Arguments, TheLastOfARepeatedFlagWins) {
  Settings s;
  ASSERT_TRUE(s.parse({"faces", "--batch", "8", "--batch=24"}));
  EXPECT_EQ(s.batch, 24);
}

TEST(Arguments, AFlagMayHaveAShortName) {
  Settings s;
  std::string model;
  s.parser.add("--model", &model, "FILE", "what is written").short_name("-m");
  ASSERT_TRUE(s.parse({"faces", "-m", "first"}));
  EXPECT_EQ(model, "first");
  EXPECT_TRUE(s.parser.given("--model"));
  ASSERT_TRUE(s.parse({"faces", "-m=second"}));
  EXPECT_EQ(model, "second");
  EXPECT_EQ(s.refusal({"faces", "--out", "-m"}), "--out: needs a value, --out DIR");
  EXPECT_NE(s.parser.help().find("  --model, -m FILE "), std::string::npos);
}

TEST(Arguments, AfterTwoDashesWordsAreNoFlags) {
  Settings s;
  ASSERT_TRUE(s.parse({"--", "--batch", "-"}));
  EXPECT_EQ(s.real, "--batch");
  EXPECT_EQ(s.fake, "-");
}

TEST(Arguments, NegativeNumbersAreValues) {
  Settings s;
  EXPECT_EQ(s.refusal({"faces", "--lr", "-1"}), "--lr -1: expected more than 0");
}

TEST(Arguments, EveryWrongValueIsRefusedWithItsRule) {
  EXPECT_EQ(refusal_of({"--batch", "12"}), "--batch 12: expected a multiple of 8");
  EXPECT_EQ(refusal_of({"--batch", "0"}), "--batch 0: expected at least 8");
  EXPECT_EQ(refusal_of({"--levels=10"}), "--levels 10: expected from 1 to 9");
  EXPECT_EQ(refusal_of({"--loss", "wgan"}), "--loss wgan: expected dcgan or lsgan");
  EXPECT_EQ(refusal_of({"--g-widths", "8,0"}), "--g-widths 8,0: expected every item at least 1");
  EXPECT_EQ(refusal_of({"--g-widths", "8,,1"}), "--g-widths 8,,1: expected items joined by single commas");
  EXPECT_EQ(refusal_of({"--g-widths", "8,x"}), "--g-widths 8,x: expected items joined by commas, each a whole number");
}

TEST(Arguments, NumbersAreReadWholeAndFinite) {
  for (const char* text : {"", " 8", "8 ", "8.0", "0x8", "+8", "8k", "eight", "--"})
    EXPECT_NE(refusal_of({concat("--batch=", text).c_str(), "faces"}), "accepted") << text;
  for (const char* text : {"", "inf", "nan", "-inf", "1e", "1,5", "0x1p3", " 1", "1e999"})
    EXPECT_NE(refusal_of({concat("--lr=", text).c_str(), "faces"}), "accepted") << text;
  EXPECT_EQ(refusal_of({"--batch="}), "--batch '': expected a whole number");
  EXPECT_EQ(refusal_of({"--batch", "9223372036854775808"}),
            "--batch 9223372036854775808: expected a whole number that the program can hold");
  EXPECT_EQ(refusal_of({"--levels", "4294967297"}), "--levels 4294967297: expected a whole number that the program can hold");
  EXPECT_EQ(refusal_of({"--seed", "-1"}), "--seed -1: expected a whole number, 0 or more");
}

TEST(Arguments, AnUnknownFlagComesWithTheNearestKnownOne) {
  EXPECT_EQ(refusal_of({"--bacth", "8"}), "unknown flag --bacth; did you mean --batch?");
  EXPECT_EQ(refusal_of({"--iter=8"}), "unknown flag --iter; did you mean --iterations?");
  EXPECT_EQ(refusal_of({"--quantum"}), "unknown flag --quantum (--help lists all)");
  EXPECT_EQ(refusal_of({"-b", "8"}), "unknown flag -b (--help lists all)");
  EXPECT_NE(refusal_of({std::string(100000, '-').c_str()}), "accepted");
}

TEST(Arguments, MissingAndSuperfluousWordsAreRefused) {
  EXPECT_EQ(refusal_of({"faces", "--out"}), "--out: needs a value, --out DIR");
  EXPECT_EQ(refusal_of({"faces", "--out", "--mirror"}), "--out: needs a value, --out DIR");
  EXPECT_EQ(refusal_of({"faces", "--mirror=true"}), "--mirror=true: --mirror takes no value");
  EXPECT_EQ(refusal_of({}), "REAL is missing (--help shows the arguments)");
  EXPECT_EQ(refusal_of({"a", "b", "c"}), "unexpected argument 'c' (--help shows what is)");
}

TEST(Arguments, HelpShowsSectionsDefaultsExamplesAndExitCodes) {
  Settings s;
  const std::string help = s.parser.help();
  for (const char* part :
       {"tool: does what a test needs\n", "Usage: tool [flags] REAL [FAKE]\n", "A paragraph of its own.\n", "\nTraining\n", "\nData\n",
        "  --batch N                 images a step (default: 64)\n", "--lr RATE                 learning rate (default: 2e-04)\n",
        "(default: the first free run)", "tool faces --batch 8\n      small steps\n", "\nExit codes\n", "--help, -h"})
    EXPECT_NE(help.find(part), help.npos) << part << "\nin\n" << help;
  EXPECT_EQ(help.find("iterations (default"), help.npos) << help;
  // As the user who called this program would call that tool; said once, whichever tool tells of it.
  EXPECT_NE(help.find("  " + called_tool("generate") + " faces\n      another tool\n"), help.npos) << help;
  EXPECT_EQ(help.find("./tools/generate"), help.npos) << help;
  for (const std::string_view line : split(help, '\n')) EXPECT_LE(line.size(), 100u) << line;
}

TEST(Arguments, HelpIsPrintedWhateverElseIsWrong) {
  Settings s;
  testing::internal::CaptureStdout();
  EXPECT_FALSE(s.parse({"--batch", "12", "--nonsense", "-h"}));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), s.parser.help());
}

TEST(ArgumentsConfig, ADumpReadsBackAsTheSameSettings) {
  Settings first;
  ASSERT_TRUE(first.parse({"faces", "--batch=8", "--mirror", "--no-shuffle", "--lr", "0.1", "--g-widths=4,3,2,1",
                           "--seed=18446744073709551615"}));
  const Json dump = first.parser.config();
  EXPECT_EQ(dump.text(),
            "{\"batch\":8,\"seed\":\"18446744073709551615\",\"lr\":0.1,\"loss\":\"dcgan\",\"g_widths\":\"4,3,2,1\",\"iterations\":null,"
            "\"mirror\":true,\"no_shuffle\":true}");
  Settings second;
  second.parser.apply_config(parse_json(dump.text(2), ErrorKind::usage, "run.json"), "run.json");
  EXPECT_EQ(second.parser.config(), dump);
  EXPECT_FALSE(second.shuffle);
  EXPECT_EQ(second.seed, std::numeric_limits<std::uint64_t>::max());
}

TEST(ArgumentsConfig, TheCommandLineWinsOverTheFile) {
  const std::string folder = concat(testing::TempDir(), "/args_config_", ::getpid());
  const std::string path = folder + "/run.json";
  write_file_atomically(path, R"({"batch": 16, "lr": 0.5, "g-widths": [1, 2, 3, 4], "mirror": true, "iterations": null, "out": "there"})");
  Settings s;
  ASSERT_TRUE(s.parse({"faces", "--config", path.c_str(), "--batch", "32"}));
  EXPECT_EQ(s.batch, 32);
  EXPECT_EQ(s.lr, 0.5);
  EXPECT_EQ(s.widths, (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_TRUE(s.mirror);
  EXPECT_EQ(s.out, "there");
  EXPECT_TRUE(s.parser.given("--lr"));
  EXPECT_FALSE(s.parser.given_on_command_line("--lr"));
  EXPECT_FALSE(s.parser.given("--iterations"));
  write_file_atomically(path, "{\n  \"batch\": 16,\n}");
  EXPECT_EQ(Settings().refusal({"faces", "--config", path.c_str()}), path + ":3:1: expected a key in double quotes");
  std::filesystem::remove_all(folder);
}

TEST(ArgumentsConfig, WrongKeysAndValuesAreRefusedByTheSameRules) {
  EXPECT_EQ(Settings().config_refusal(R"({"bacth": 8})"), "run.json: unknown key \"bacth\"; did you mean \"batch\"?");
  EXPECT_EQ(Settings().config_refusal(R"({"config": "other.json"})").substr(0, 30), "run.json: unknown key \"config\"");
  EXPECT_EQ(Settings().config_refusal(R"({"batch": 12})"), "run.json: batch 12: expected a multiple of 8");
  EXPECT_EQ(Settings().config_refusal(R"({"batch": 8.5})"), "run.json: batch 8.5: expected a whole number");
  EXPECT_EQ(Settings().config_refusal(R"({"batch": true})"), "run.json: batch true: expected a number or a string");
  EXPECT_EQ(Settings().config_refusal(R"({"mirror": 1})"), "run.json: mirror 1: expected true or false");
  EXPECT_EQ(Settings().config_refusal(R"({"g_widths": []})"), "run.json: g_widths: expected a list that is not empty");
  EXPECT_EQ(Settings().config_refusal(R"({"g_widths": [[1]]})"), "run.json: g_widths: expected numbers or strings in the list");
  EXPECT_EQ(Settings().config_refusal(R"({"g_widths": "1", "g-widths": "1"})"), "run.json: g_widths is there twice");
  EXPECT_EQ(Settings().config_refusal("[]"), "run.json: expected a JSON object of flags, such as {\"batch\": 64}");
}

TEST(ArgumentsConfig, AWrongValueIsRefusedEvenWhereTheCommandLineWins) {
  Settings s;
  ASSERT_TRUE(s.parse({"faces", "--batch", "8"}));
  EXPECT_EQ(s.config_refusal(R"({"batch": 12})"), "run.json: batch 12: expected a multiple of 8");
  EXPECT_EQ(s.batch, 8);
}

TEST(Arguments, DeclaringAFlagTwiceIsAMistakeOfTheCaller) {
  Settings s;
  EXPECT_THROW(s.parser.add("--batch", &s.batch, "N", "again"), std::logic_error);
  EXPECT_THROW(s.parser.add("batch", &s.batch, "N", "no dashes"), std::logic_error);
  EXPECT_THROW(s.parser.positional("MORE", &s.out, "required after optional"), std::logic_error);
}

TEST(Arguments, AWithdrawnFlagIsRefusedWithItsReasonAndNotShown) {
  Settings settings;
  settings.parser.option("--levels").withdraw("there is one level; leave it out");
  settings.parser.option("--out").default_text("nowhere");
  EXPECT_EQ(settings.refusal({"faces", "--levels", "2"}), "--levels: there is one level; leave it out");
  EXPECT_EQ(settings.config_refusal(R"({"levels": [2]})"), "run.json: levels: there is one level; leave it out");
  EXPECT_EQ(settings.config_refusal(R"({"levels": null})"), "accepted");  // says nothing
  EXPECT_EQ(settings.parser.help().find("--levels"), std::string::npos);
  EXPECT_NE(settings.parser.help().find("(default: nowhere)"), std::string::npos);
  EXPECT_EQ(settings.refusal({"faces", "--leve", "2"}).find("--levels"), std::string::npos);  // nor suggested
  EXPECT_THROW(settings.parser.option("--other"), std::logic_error);
}

TEST(Arguments, ArgumentsOfAnotherToolSayWhatThisOneWasTold) {
  Settings settings;
  ASSERT_TRUE(settings.parse({"faces", "--seed", "7", "--no-shuffle", "--out=x", "--batch", "16", "--batch=8", "--loss", "lsgan"}));
  EXPECT_EQ(settings.parser.arguments_but({"--out"}),
            (std::vector<std::string>{"--batch", "8", "--seed", "7", "--loss", "lsgan", "--no-shuffle"}));
  Settings dashed;
  ASSERT_TRUE(dashed.parse({"faces", "--out=--mirror"}));
  Settings again;
  std::vector<std::string> arguments = dashed.parser.arguments_but({});
  ASSERT_EQ(arguments.size(), 1u);
  ASSERT_TRUE(again.parse({"faces", arguments[0].c_str()}));
  EXPECT_EQ(again.out, "--mirror");
}

TEST(Text, EditDistanceCountsSwapsOnce) {
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("batch", "batch"), 0u);
  EXPECT_EQ(edit_distance("bacth", "batch"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Text, WrappedLinesKeepTheirWidthAndAllWords) {
  EXPECT_EQ(wrapped("one two three", 2, 9), "  one two\n  three\n");
  EXPECT_EQ(wrapped("a\nb", 0, 10), "a\nb\n");
  EXPECT_EQ(wrapped("unbreakable x", 0, 4), "unbreakable\nx\n");
}

TEST(RunTool, EveryFailureHasItsExitCodeAndOneLine) {
  const auto outcome = [](FunctionRef<int()> body) {
    testing::internal::CaptureStderr();
    const int code = run_tool("tool", body);
    return concat(code, " ", testing::internal::GetCapturedStderr());
  };
  EXPECT_EQ(outcome([] { return 130; }), "130 ");
  EXPECT_EQ(outcome([]() -> int { fail(ErrorKind::data, "faces: no images"); }), "3 tool: faces: no images\n");
  EXPECT_EQ(outcome([]() -> int { fail(ErrorKind::diverged, "step 7"); }), "5 tool: step 7\n");
  EXPECT_EQ(outcome([]() -> int { throw std::bad_alloc(); }).substr(0, 22), "6 tool: out of memory:");
  EXPECT_EQ(outcome([]() -> int { throw std::system_error(std::make_error_code(std::errc::permission_denied), "runs"); }).substr(0, 13),
            "6 tool: runs:");
  EXPECT_EQ(outcome([]() -> int { throw std::logic_error("k is 3"); }), "1 tool: internal error, please report it: k is 3\n");
}

}  // namespace
}  // namespace pbgen
