// Runs a built tool as a user does, and keeps what it said.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace pbgen {

using Arguments = std::vector<std::string>;

inline Arguments operator+(Arguments left, const Arguments& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

// Flags of train_gan: a network that is as small as they come, whose iteration takes about a millisecond; neither sampled nor scored.
inline const Arguments kTiny = {"--size",  "16", "--g-widths", "8,8,8,8", "--d-widths",     "8,8,8,8", "--synthetic-images", "100",
                                "--z-dim", "4",  "--batch",    "8",       "--sample-every", "0",       "--swd-every",        "0"};

// The folder of the built tools, which `make test` names in PBGEN_TOOLS; nothing where it is unset or lacks the tool.
inline std::optional<std::string> tool_path(const std::string& tool) {
  const char* const folder = std::getenv("PBGEN_TOOLS");
  if (folder == nullptr) return std::nullopt;
  const std::string path = std::string(folder) + "/" + tool;
  if (!std::filesystem::exists(path)) return std::nullopt;
  return std::filesystem::absolute(path).string();
}

// Words in front of a program of the machine that the tests are built for, where that is not the one they run on.
inline std::vector<std::string> runner_words() {
  const char* const variable = std::getenv("PBGEN_RUNNER");
  std::istringstream words(variable == nullptr ? "" : variable);
  return {std::istream_iterator<std::string>(words), {}};
}

// For SetUp(): skips the test where one of the tools is not built.
inline void skip_without(const std::vector<std::string>& tools) {
  for (const std::string& tool : tools)
    if (!tool_path(tool)) GTEST_SKIP() << "PBGEN_TOOLS names no folder that holds " << tool << "; `make test` sets it";
}

// Whether python3 is there and has the module; does not import it.
inline bool python_has(const std::string& module) {
  const std::string script = "import importlib.util, sys; sys.exit(importlib.util.find_spec('" + module + "') is None)";
  return std::system(("python3 -c \"" + script + "\" >/dev/null 2>&1").c_str()) == 0;
}

struct ToolRun {
  int exit_code = -1;  // -1: ended by a signal
  std::string out;
  std::string err;
};

// Waits for the tool.  What it writes to stdout and stderr passes through files in `folder`, which exists.
inline ToolRun run_tool_at(const std::string& path, const std::vector<std::string>& arguments, const std::string& folder) {
  const auto quoted = [](const std::string& text) {
    std::string result(1, '\'');
    for (const char c : text) c == '\'' ? result.append("'\\''") : result.append(1, c);
    return result.append(1, '\'');
  };
  const auto contents = [](const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  std::string command = quoted(path);
  for (const std::string& argument : arguments) command.append(" ").append(quoted(argument));
  command.append(" >").append(quoted(folder + "/stdout")).append(" 2>").append(quoted(folder + "/stderr")).append(" </dev/null");
  const int status = std::system(command.c_str());
  ToolRun run;
  if (status != -1 && WIFEXITED(status)) run.exit_code = WEXITSTATUS(status);
  run.out = contents(folder + "/stdout");
  run.err = contents(folder + "/stderr");
  return run;
}

}  // namespace pbgen
