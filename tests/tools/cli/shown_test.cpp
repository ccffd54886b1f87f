// Text of strangers as a person sees it: the function, and every tool given names that would speak to the terminal.
#include "tools/lib/cli/shown.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/utf8.h"
#include "core/files/file.h"
#include "core/files/json.h"
#include "data/formats/image_io.h"
#include "tests/support/image_files.h"
#include "tests/support/tool_run.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/progress.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/cli/text_table.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

// A bell and a colour, the end of a line, a byte that is no UTF-8, C1's control sequence introducer, an override of direction.
const std::string kHostile = "a\x1b[31m\x07\nforged: line\xe9\xc2\x9b" "2J\xe2\x80\xae" "b";
const std::string kHostileShown = "a\\x1b[31m\\x07\\nforged: line\\xe9\\u009b2J\\u202eb";

TEST(Shown, WhatATerminalObeysIsEscapedAndTheRestStays) {
  EXPECT_EQ(shown(kHostile), kHostileShown);
  EXPECT_EQ(shown("\t\r\x7f" + std::string(1, '\0')), "\\t\\r\\x7f\\x00");
  for (const char* const plain : {"", "faces/a b.png", "back\\slash", "M\xc3\xbcller \xe5\xbc\xa0 \xf0\x9f\x98\x80", "\xe2\x80\x8d"})
    EXPECT_EQ(shown(plain), plain);
  EXPECT_EQ(shown("\xe2\x80\xa8\xef\xbb\xbf\xf3\xa0\x80\xa1\xd8\x9c"), "\\u2028\\ufeff\\U000e0021\\u061c");
  for (const char* const broken : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"})
    for (const char c : shown(broken)) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << shown(broken);
}

TEST(Shown, ASecondTimeChangesNothing) {
  for (const std::string& text : {kHostile, shown_lines(kHostile)}) EXPECT_EQ(shown(shown(text)), shown(text));
}

TEST(Shown, OurOwnLinesStayLines) { EXPECT_EQ(shown_lines("a\tb\n\x1b\r\n"), "a\tb\n\\x1b\\r\n"); }

// All 256 bytes, alone and in front of what continues them: no byte of the result speaks to a terminal.
TEST(Shown, EveryByteComesOutAsValidTextThatIsSeen) {
  for (int byte = 0; byte < 256; ++byte) {
    for (const char* const tail : {"", "\x80", "\x9b\xbf", "\xa0\x80\x80"}) {
      std::string text = shown(std::string(1, static_cast<char>(byte)) + tail);
      EXPECT_TRUE(is_showable(text));
      for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(utf8_length(rest))) {
        ASSERT_GT(utf8_length(rest), 0u) << byte;
        const char32_t code = utf8_code(rest);
        ASSERT_FALSE(code < 0x20 || (code >= 0x7f && code < 0xa0)) << byte;
      }
    }
  }
}

TEST(Shown, TablesAreAlignedByWhatIsSeen) {
  Table table;
  table.header = {"name", "n"};
  table.rows = {{"a\x1b\n", "1"}, {"b", "2"}};
  EXPECT_EQ(text_table(table), "name     n\n----------\na\\x1b\\n  1\nb        2\n");
}

TEST(Shown, ProgressSaysNamesInOneLine) {
  testing::internal::CaptureStderr();
  {
    ProgressOptions plain;
    plain.style = ProgressOptions::Style::plain;
    Progress progress("reading", 1, plain);
    progress.note("bad: " + kHostile);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "bad: " + kHostileShown + "\n");
}

TEST(Shown, AShellReadsACommandBackWhoseWordsMayNotBeShown) {
  const std::string command = shell_command("printf", {"%s|", kHostile, "it's \\ \x01", "plain", "a\n"});
  EXPECT_TRUE(is_showable(command)) << command;
  EXPECT_EQ(command.find('\n'), command.npos);
  const TestFolder folder;
  const ToolRun run = run_tool_at("/usr/bin/env", {"bash", "-c", command}, folder.path());
  if (run.exit_code == 127) GTEST_SKIP() << "there is no bash, which $'..' is for";
  EXPECT_EQ(run.out, kHostile + "|it's \\ \x01|plain|a\n|");
}

TEST(Program, ACommandForCopyingNamesToolsAsThisOneWasCalledAndWorksInAnyFolder) {
  const std::string tool = called_tool("generate");
  EXPECT_EQ(tool.substr(tool.rfind('/') + 1), "generate");
  EXPECT_EQ(from_any_folder("./x"), "cd " + shell_command(fs::current_path().string(), {}) + " && ./x");
}

// No byte on either stream that a terminal would obey, and one line of each error.
void expect_decent(const ToolRun& run, const std::string& what) {
  for (const std::string& text : {run.out, run.err}) {
    EXPECT_EQ(shown_lines(text), text) << what;
    EXPECT_EQ(text.find("\nforged"), text.npos) << what << text;
  }
}

class HostileNames : public testing::Test {
 protected:
  void SetUp() override {
    skip_without({"train_gan", "swd_eval", "generate", "export", "plan", "paper", "bench", "make_faces", "footprint"});
  }
  ToolRun run(const std::string& tool, const Arguments& arguments) const {
    return run_tool_at(*tool_path(tool), arguments, folder_.path());
  }
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }

  TestFolder folder_;
};

// As flag, value, argument and file of every tool.
TEST_F(HostileNames, EveryRefusalIsOneDecentLine) {
  write_file_atomically(path("keys.json"), "{\"a\\u001b[31m\": 1}");
  write_file_atomically(path("value.json"), "{\"loss\": \"a\\u001b[31m\\n\\udce9\"}");
  for (const char* const tool : {"train_gan", "swd_eval", "generate", "export", "plan", "paper", "bench", "make_faces"}) {
    for (const Arguments& arguments : std::vector<Arguments>{{"--" + kHostile}, {"--" + kHostile + "=1"}, {kHostile, kHostile, kHostile},
                                                             {"--threads", kHostile}, {"--seed", kHostile}}) {
      const ToolRun refused = run(tool, arguments);
      EXPECT_GT(refused.exit_code, 1) << tool << refused.err;
      EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << tool << refused.err;
      expect_decent(refused, tool);
    }
  }
  for (const Arguments& arguments :
       std::vector<Arguments>{{"--data", kHostile}, {"--resume", kHostile}, {"--init-from", kHostile}, {"--config", kHostile},
                              {"--config", path("keys.json")}, {"--config", path("value.json")}, {"--crop", kHostile}}) {
    const ToolRun refused = run("train_gan", arguments);
    EXPECT_GT(refused.exit_code, 1) << refused.err;
    EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
    expect_decent(refused, arguments.front());
  }
  expect_decent(run("footprint", {kHostile}), "footprint");
}

TEST_F(HostileNames, AnEnvironmentIsShownAsWell) {
  const ToolRun refused = run_tool_at("/usr/bin/env", {"PBGEN_ISA=" + kHostile, *tool_path("plan")}, folder_.path());
  EXPECT_EQ(refused.exit_code, 2) << refused.err;
  EXPECT_NE(refused.err.find("\\x1b[31m"), std::string::npos) << refused.err;
  expect_decent(refused, "PBGEN_ISA");
}

// Images, a bad one among them, in a folder of such a name; a run beside them, gone on with, and what is made of it.
TEST_F(HostileNames, ARunFromBeginningToEndIsDecentAndItsFilesAreValidUtf8) {
  const std::string data = path("data" + kHostile);
  const std::string out = path("run" + kHostile);
  ToolRun faces = run("make_faces", {"--n", "72", "--size", "16", "--out", data});
  ASSERT_EQ(faces.exit_code, 0) << faces.err;
  EXPECT_NE(faces.out.find(kHostileShown), std::string::npos) << faces.out;
  expect_decent(faces, "make_faces");
  write_file_atomically(data + "/bad" + kHostile + ".png", "no picture");
  const Arguments tiny = {"--data", data, "--on-bad", "skip", "--batch", "8", "--size", "16", "--gf-dim", "8", "--df-dim", "8",
                          "--swd-every", "0", "--out", out};
  Arguments first = tiny;
  first.insert(first.end(), {"--iterations", "1"});
  ToolRun train = run("train_gan", first);
  ASSERT_EQ(train.exit_code, 0) << train.err;
  EXPECT_NE(train.err.find("bad" + kHostileShown + ".png"), std::string::npos) << train.err;
  EXPECT_NE(train.out.find("run" + kHostileShown), std::string::npos) << train.out;
  expect_decent(train, "train_gan");
  // config.json has the name, byte by byte: the run goes on without being told where its images are.
  train = run("train_gan", {"--resume", out, "--iterations", "2"});
  ASSERT_EQ(train.exit_code, 0) << train.err;
  expect_decent(train, "train_gan --resume");
  EXPECT_EQ(parse_json(read_text_file(out + "/config.json", 1 << 20), ErrorKind::data, "config.json").find("data")->as_string(), data);

  const std::string page = read_text_file(out + "/report.html", 1 << 26);
  EXPECT_EQ(shown_lines(page), page);
  EXPECT_NE(page.find("$&#39;"), page.npos);  // the command
  const std::string model = path("model" + kHostile + ".pbgen");
  const ToolRun exported = run("export", {out, "-o", model});
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  EXPECT_NE(exported.out.find("model" + kHostileShown), std::string::npos) << exported.out;
  expect_decent(exported, "export");
  const std::string drawn = path("drawn" + kHostile);
  const ToolRun generated = run("generate", {model, "--n", "32", "--out", drawn});
  ASSERT_EQ(generated.exit_code, 0) << generated.err;
  expect_decent(generated, "generate");
  const ToolRun scored = run("swd_eval", {data, drawn, "--on-bad", "skip"});
  ASSERT_EQ(scored.exit_code, 0) << scored.err;
  EXPECT_NE(scored.out.find("drawn" + kHostileShown), std::string::npos) << scored.out;
  expect_decent(scored, "swd_eval");
  if (python_has("json") && python_has("html")) {
    const std::string script =
        "import html.parser, json, os, sys; run = os.fsencode(sys.argv[1]); "
        "html.parser.HTMLParser().feed(open(run + b'/report.html', encoding='utf-8', newline='').read()); "
        "config = json.loads(open(run + b'/config.json', encoding='utf-8').read()); sys.exit(not os.path.isdir(config['data']))";
    const ToolRun python = run_tool_at("/usr/bin/env", {"python3", "-c", script, out}, folder_.path());
    EXPECT_EQ(python.exit_code, 0) << python.err;
  }
}

TEST_F(HostileNames, ANetsFileIsShown) {
  const std::string net = path("net" + kHostile + ".json");
  write_file_atomically(net, R"({"layers": [{"name": "fc", "kind": "linear", "c_in": 100, "c_out": 8192}]})");
  const ToolRun shown_net = run("plan", {"--layers", net});
  EXPECT_EQ(shown_net.exit_code, 0) << shown_net.err;
  EXPECT_NE(shown_net.out.find("net" + kHostileShown + ".json"), std::string::npos) << shown_net.out;
  expect_decent(shown_net, "plan --layers");
  const ToolRun json = run("plan", {"--layers", net, "--json"});
  EXPECT_EQ(json.exit_code, 0) << json.err;
  EXPECT_EQ(shown_lines(json.out), json.out);
  write_file_atomically(net, R"({"layers": [{"name": "a\u001b[31m\nforged", "kind": "linear", "c_in": 100, "c_out": 8192}]})");
  const ToolRun refused = run("plan", {"--layers", net});
  EXPECT_EQ(refused.exit_code, 3) << refused.err;
  EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
  expect_decent(refused, "plan --layers");
}

}  // namespace
}  // namespace pbgen
