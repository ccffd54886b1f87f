// What a tool says of itself, in three forms: text, a manual page, bash's completion.
#include "tools/lib/cli/help_text.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/contains.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/bash_completion.h"
#include "tools/lib/cli/manual_page.h"
#include "tools/lib/cli/program.h"

namespace pbgen {
namespace {

struct Values {
  std::string model, grid, out, conv = "direct", free, resume;
  std::vector<std::string> settings;
  int side = 64, threads = 1;
  bool force = false;
};

HelpText help_of(Values& values) {
  ArgumentParser parser("draw_it", "draws \"it\" -- slowly", ".A path\\name begins it, ~/x and 'y'.\n\nThe last paragraph.");
  parser.positional("MODEL", &values.model, "what is drawn").path();
  parser.add("--grid", &values.grid, "FILE", "one picture").short_name("-g");
  parser.add("--out", &values.out, "DIR", "a folder");
  parser.add("--conv", &values.conv, "NAME", "an algorithm", one_of({"direct", "im2col"}));
  parser.add("--settings", &values.settings, "A,..", "some", each(one_of({"A", "B", "C"})));
  parser.add("--side", &values.side, "S", "pixels",
             [](const int& side) { return side == 16 || side == 32 || side == 64 ? std::string() : std::string("16, 32 or 64"); });
  parser.add("--threads", &values.threads, "N", "how many", in_range(1, 1024));
  parser.add("--free", &values.free, "WHAT", "anything");
  parser.add("--resume", &values.resume, "WHAT", "where to go on").path().suggest({"auto"});
  parser.add("--force", &values.force, "replace");
  parser.example("./tools/draw_it model --force", "again");
  return parser.help_text();
}

const HelpEntry& flag(const HelpText& help, const std::string& name) {
  for (const HelpEntry& entry : help.sections.front().entries)
    if (entry.name == name) return entry;
  throw std::logic_error("no flag " + name);
}

using Words = std::vector<std::string>;

TEST(HelpText, KnowsWhatAValueMayBeFromTheRuleThatChecksIt) {
  Values values;
  const HelpText help = help_of(values);
  EXPECT_EQ(flag(help, "--conv").words, (Words{"direct", "im2col"}));
  EXPECT_FALSE(flag(help, "--conv").is_list);
  EXPECT_EQ(flag(help, "--settings").words, (Words{"A", "B", "C"}));
  EXPECT_TRUE(flag(help, "--settings").is_list);
  EXPECT_EQ(flag(help, "--side").words, (Words{"16", "32", "64"}));
  for (const char* const name : {"--threads", "--free", "--grid", "--force"}) EXPECT_EQ(flag(help, name).words, Words()) << name;
  EXPECT_EQ(flag(help, "--grid").path, HelpEntry::Path::file);
  EXPECT_EQ(flag(help, "--out").path, HelpEntry::Path::folder);
  EXPECT_EQ(flag(help, "--free").path, HelpEntry::Path::none);
  EXPECT_EQ(flag(help, "--resume").path, HelpEntry::Path::file);
  EXPECT_EQ(flag(help, "--resume").words, Words{"auto"});
  EXPECT_EQ(help.arguments.at(0).path, HelpEntry::Path::file);
  EXPECT_EQ(values.conv, "direct");  // asking changed nothing
  EXPECT_EQ(values.side, 64);
}

TEST(HelpText, AnInstalledToolSpeaksOfToolsAsTheyAreInstalled) {
  EXPECT_EQ(name_beside("plan", "train_gan"), "train_gan");
  EXPECT_EQ(name_beside("pbgen_tests", "train_gan"), "train_gan");
  EXPECT_EQ(name_beside("pbgen-plan", "train_gan"), "pbgen-train-gan");
  EXPECT_EQ(name_beside("pbgen-swd-eval", "plan"), "pbgen-plan");
}

TEST(ManualPage, HoldsAllOfTheHelpAndTakesNoTextForACommand) {
  Values values;
  const std::string page = manual_page(help_of(values), "2026-12-01", "PBGen 1.2.3");
  for (const char* const part :
       {".TH \"DRAW_IT\" 1 \"2026-12-01\" \"PBGen 1.2.3\" \"PBGen\"\n", "draw_it \\- draws \\(dqit\\(dq \\-\\- slowly\n",
        "\n\\&.A path\\ename begins it, \\(ti/x and \\(aqy\\(aq.\n.PP\nThe last paragraph.\n", "\\fBdraw_it\\fR [flags] MODEL\n",
        ".TP\n\\fB\\-\\-grid\\fR, \\fB\\-g\\fR \\fIFILE\\fR\none picture\n", "(default: direct)", ".SS Help\n", "\\fB\\-\\-version\\fR",
        " model \\-\\-force\\fR\nagain\n", ".SH EXIT STATUS\n0 done"})
    EXPECT_TRUE(contains(page, part)) << part << "\nin\n" << page;
  EXPECT_FALSE(contains(page, ".SS Flags")) << page;
}

TEST(BashCompletion, NamesEveryFlagAndWhatCompletesItsValue) {
  Values values;
  HelpText help = help_of(values);
  help.tool = help.called = "pbgen-draw-it";
  const std::string text = bash_completion(help);
  for (const char* const part :
       {"_pbgen_words '--grid -g --out --conv --settings --side --threads --free --resume --force --help -h --version'\n",
        "--grid|-g) _pbgen_paths -f ;;\n", "--out) _pbgen_paths -d ;;\n", "--conv) _pbgen_words 'direct im2col' ;;\n",
        "--settings) _pbgen_list 'A B C' ;;\n", "--resume) _pbgen_words 'auto'; _pbgen_paths -f ;;\n", "    0) _pbgen_paths -f ;;\n",
        "--grid|-g|--out|--conv|--settings|--side|--threads|--free|--resume) flag=", "\ncomplete -F _pbgen_draw_it pbgen-draw-it\n"})
    EXPECT_TRUE(contains(text, part)) << part << "\nin\n" << text;
  for (const char* const silent : {"      --threads)", "      --free)", "      --force)"}) EXPECT_FALSE(contains(text, silent)) << text;
}

}  // namespace
}  // namespace pbgen
