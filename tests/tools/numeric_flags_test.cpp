// Every number that a user can give to any tool, by flag or by configuration: in its range, or refused by name.  Which flags there are
// the tools themselves say.
#include <gtest/gtest.h>

#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/files/json.h"
#include "tests/support/image_files.h"
#include "tests/support/tool_run.h"

namespace pbgen {
namespace {

// Arguments after which a tool is done at once, whatever numbers stand before them: parsing is over when they are met.
constexpr const char* kUnknown = "--no-such-flag-at-all";

struct Tool {
  std::string name;
  Arguments mode;   // chooses one of the command lines that the tool has
  Arguments cheap;  // with which it runs within a second
};

class NumericFlags : public testing::Test {
 protected:
  ToolRun run(const std::string& tool, const Arguments& arguments) {
    const std::optional<std::string> path = tool_path(tool);
    EXPECT_TRUE(path.has_value()) << tool;
    Arguments all = {"20", *path};  // a hang is an exit code of 124
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_tool_at("/usr/bin/timeout", all, folder_.path());
  }

  // The flags that take a value, as the help lists them.
  std::vector<std::string> flags_of(const Tool& tool) {
    Arguments arguments = tool.mode;
    arguments.push_back("--help");
    const std::string help = run(tool.name, arguments).out;
    std::vector<std::string> flags;
    const std::regex line("\n  (--[a-z][a-z0-9-]*)(?:, -[a-z])? [^ \n]");
    for (std::sregex_iterator at(help.begin(), help.end(), line), end; at != end; ++at) flags.push_back((*at)[1]);
    return flags;
  }

  // What the tool says of the flag's value; nothing where it takes it.
  std::optional<std::string> refusal(const Tool& tool, const std::string& flag, const std::string& value) {
    Arguments arguments = tool.mode;
    arguments.insert(arguments.end(), {flag + "=" + value, kUnknown});
    const ToolRun result = run(tool.name, arguments);
    EXPECT_EQ(result.exit_code, 2) << tool.name << " " << flag << "=" << value << "\n" << result.err;
    EXPECT_EQ(result.err.find("internal error"), std::string::npos) << result.err;
    if (result.err.find(kUnknown) != std::string::npos) return std::nullopt;
    EXPECT_NE(result.err.find(flag), std::string::npos) << result.err;
    return result.err;
  }

  std::vector<Tool> tools() const {
    const Arguments tiny = {"--dry-run", "--size", "16", "--gf-dim", "4", "--df-dim", "4", "--batch", "8", "--synthetic-images", "64",
                            "--out", folder_ / "run"};
    return {
        {"train_gan", {}, tiny},
        {"swd_eval", {"synthetic", "synthetic:2"}, {"--num-images", "16", "--size", "16"}},
        {"generate", {folder_ / "no-model"}, {"--grid", folder_ / "grid.png"}},
        {"export", {folder_ / "no-model"}, {"-o", folder_ / "model"}},
        {"make_faces", {}, {"--n", "2", "--size", "32", "--force", "--out", folder_ / "faces"}},
        {"plan", {}, {}},
        {"plan", {"--search"}, {"--iterations", "1", "--lr", "nan"}},
        {"bench", {}, {"--list"}},
        {"paper", {"no-such-piece"}, {}},
    };
  }

  const TestFolder folder_;
};

const std::vector<std::string> kValues = {"0", "-1", "2147483648", "4294967296", "9223372036854775807", "18446744073709551616", "1e308",
                                          "1e-320", "nan", "inf", "-inf", "", " 1", "0x10"};

TEST_F(NumericFlags, OfEveryToolAreInTheirRangeOrRefusedByName) {
  if (!tool_path("train_gan")) GTEST_SKIP() << "PBGEN_TOOLS names no folder with the tools; `make test` sets it";
  for (const Tool& tool : tools()) {
    int numeric = 0;
    for (const std::string& flag : flags_of(tool)) {
      const std::optional<std::string> word = refusal(tool, flag, "many");
      const bool is_number = word && word->find("number") != std::string::npos;
      if (!is_number) continue;
      ++numeric;
      // A seed may be any number of 64 bits: nothing is counted with it.
      const bool is_seed = word->find("0 or more") != std::string::npos;
      for (const std::string& value : kValues) {
        const bool taken = !refusal(tool, flag, value).has_value();
        const bool is_zero = value == "0";
        const bool fits_a_seed = is_zero || value == "2147483648" || value == "4294967296" || value == "9223372036854775807";
        // For other numbers 0 and what is next to it may be in the range.
        const bool may_be_taken = is_seed ? fits_a_seed : is_zero || value == "1e-320";
        if (is_seed || !may_be_taken) {
          EXPECT_EQ(taken, may_be_taken) << tool.name << " " << flag << "=" << value;
        }
        if (!taken) continue;
        // What is taken, the tool must bear.
        Arguments arguments = tool.mode;
        arguments.insert(arguments.end(), tool.cheap.begin(), tool.cheap.end());
        arguments.push_back(flag + "=" + value);
        const ToolRun result = run(tool.name, arguments);
        EXPECT_TRUE(result.exit_code == 0 || (result.exit_code >= 2 && result.exit_code <= 6))
            << tool.name << " " << flag << "=" << value << ": " << result.exit_code << "\n" << result.err;
        EXPECT_EQ(result.err.find("internal error"), std::string::npos) << result.err;
      }
    }
    EXPECT_GE(numeric, 2) << tool.name;
  }
}

TEST_F(NumericFlags, InAConfigurationAreHeldToTheSameRanges) {
  if (!tool_path("train_gan")) GTEST_SKIP() << "PBGEN_TOOLS names no folder with the tools; `make test` sets it";
  const Tool train = tools()[0];
  const std::string path = folder_ / "config.json";
  int numeric = 0;
  for (const std::string& flag : flags_of(train)) {
    const std::optional<std::string> word = refusal(train, flag, "many");
    if (!word || word->find("number") == std::string::npos || word->find("0 or more") != std::string::npos) continue;
    ++numeric;
    std::string key = flag.substr(2);
    for (char& c : key) c = c == '-' ? '_' : c;
    for (const char* const value : {"-1", "2147483648", "9223372036854775807", "9223372036854775808", "1e308", "1e999", "[]", "{}", "true",
                                  "\"\""}) {
      write_bytes(path, bytes_of(concat("{\"", key, "\": ", value, "}")));
      const ToolRun result = run("train_gan", {"--config", path, "--dry-run"});
      EXPECT_EQ(result.exit_code, 2) << key << " " << value << "\n" << result.err;
      EXPECT_NE(result.err.find(path), std::string::npos) << result.err;
      EXPECT_EQ(result.err.find("internal error"), std::string::npos) << result.err;
    }
  }
  EXPECT_GE(numeric, 20);
}

TEST_F(NumericFlags, InTheNameOfASetAreHeldToARangeToo) {
  if (!tool_path("swd_eval")) GTEST_SKIP() << "PBGEN_TOOLS names no folder with the tools; `make test` sets it";
  for (const std::string& value : kValues) {
    const ToolRun result = run("swd_eval", {"synthetic", "synthetic:" + value, "--num-images", "4", "--size", "16"});
    const bool fits = value == "0" || value == "2147483648" || value == "4294967296" || value == "9223372036854775807";
    EXPECT_EQ(result.exit_code, fits ? 0 : 2) << value << "\n" << result.err;
  }
  const ToolRun much = run("swd_eval", {"synthetic", "synthetic:2", "--num-images", "10000000", "--size", "16384"});
  EXPECT_EQ(much.exit_code, 2);
  EXPECT_NE(much.err.find("this machine has"), std::string::npos) << much.err;
  const ToolRun named = run("swd_eval", {"synthetic", "synthetic:2", "--num-images", "9223372036854775807"});
  EXPECT_EQ(named.exit_code, 2);
  EXPECT_NE(named.err.find("--num-images 9223372036854775807: expected from 1 to "), std::string::npos) << named.err;
}

}  // namespace
}  // namespace pbgen
