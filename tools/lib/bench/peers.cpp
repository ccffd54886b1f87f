#include "tools/lib/bench/peers.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "core/base/check.h"
#include "core/files/json.h"
#include "tools/lib/cli/exit.h"
#include "tools/lib/cli/text.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

constexpr const char* kScripts[] = {"torch_layers.py",     "onnxruntime_layers.py", "openvino_generator.py", "ncnn_generator.py",
                                    "litert_generator.py", "openblas_gemm.py",      "swd_numpy.py"};

const Json& member(const Json& line, const char* key, const std::string& where, bool right_type(const Json&)) {
  const Json* const value = line.find(key);
  if (value == nullptr || !right_type(*value)) fail(ErrorKind::data, where, ": ", key, " is missing or of another type");
  return *value;
}

std::string text_of(const Json& line, const char* key, const std::string& where) {
  return member(line, key, where, [](const Json& value) { return value.is_string(); }).as_string();
}

// "" where there is none.
std::string optional_text_of(const Json& line, const char* key, const std::string& where) {
  return line.find(key) == nullptr ? "" : text_of(line, key, where);
}

std::int64_t count_of(const Json& line, const char* key, const std::string& where) {
  const std::int64_t count = member(line, key, where, [](const Json& value) { return value.is_integer(); }).as_integer();
  if (count < 1 || count > 1 << 30) fail(ErrorKind::data, where, ": ", key, " is ", count);
  return count;
}

double seconds_in(const Json& line, const char* key, const std::string& where) {
  const double seconds = member(line, key, where, [](const Json& value) { return value.is_number(); }).as_number();
  if (!(seconds > 0.0)) fail(ErrorKind::data, where, ": ", key, " is ", seconds, ", expected seconds");
  return seconds;
}

// Beside the tool, or where the tool is a build's, beside the one in the repository; else below the working folder.
std::optional<fs::path> scripts_folder(const std::string& tool_path) {
  std::error_code error;
  const fs::path tool = fs::weakly_canonical(tool_path, error).parent_path();
  for (const fs::path& folder : {tool / "peers", tool / "../../../tools/peers", fs::path("tools/peers")})
    if (fs::is_directory(folder, error)) return folder;
  return std::nullopt;
}

struct Output {
  std::string text;
  std::string failure;  // "" where the command succeeded
};

std::string failure_of(int status) {
  if (status != -1 && WIFSIGNALED(status)) return concat("it was ended by signal ", WTERMSIG(status));
  if (status == -1 || !WIFEXITED(status)) return "it could not be waited for";
  const int exit_code = WEXITSTATUS(status);
  if (exit_code == 0) return "";
  // A shell says 128 + n for a child that signal n has ended.
  if (exit_code > 128) return concat("it was ended by signal ", exit_code - 128);
  return concat("it ended with exit code ", exit_code, exit_code == 127 ? "; install python3" : "; run it by itself to see why");
}

Output output_of(const std::string& command) {
  Output output;
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) {
    output.failure = "it could not be started";
    return output;
  }
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.text.append(buffer, n);
  output.failure = failure_of(pclose(pipe));
  return output;
}

std::string quoted(const std::string& text) {
  std::string result(1, '\'');
  for (const char c : text) c == '\'' ? result.append("'\\''") : result.append(1, c);
  return result.append(1, '\'');
}

}  // namespace

void parse_peer_lines(std::string_view text, const std::string& script, PeerReport& report) {
  std::int64_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    if (line.empty() || line.front() != '{') continue;
    const std::string where = concat(script, ": line ", number);
    const Json json = parse_json(line, ErrorKind::data, where);
    const std::string peer = text_of(json, "peer", where);
    if (json.find("missing") != nullptr) {
      report.missing[peer] = text_of(json, "missing", where);
    } else if (json.find("version") != nullptr) {
      report.about[peer] = {text_of(json, "version", where), optional_text_of(json, "isa", where), optional_text_of(json, "waits", where)};
    } else {
      PeerRow row;
      row.peer = peer;
      row.section = text_of(json, "section", where);
      row.layer = text_of(json, "layer", where);
      row.op = text_of(json, "op", where);
      if (json.find("batch") != nullptr) row.batch = count_of(json, "batch", where);
      row.threads = static_cast<int>(count_of(json, "threads", where));
      row.times = {seconds_in(json, "median_s", where), seconds_in(json, "best_s", where)};
      row.agreement = optional_text_of(json, "agreement", where);
      report.rows.push_back(std::move(row));
    }
  }
}

void run_peers(const std::string& tool_path, const BenchFilter& filter, const PeerOptions& options, PeerReport& report) {
  const std::optional<fs::path> folder = scripts_folder(tool_path);
  if (!folder) {
    report.missing["peers"] = "their scripts are in the repository's tools/peers: run bench from its top";
    return;
  }
  report.held_to = options.isa;
  std::string arguments = concat(" --threads ", options.threads, " --batch ", options.batch, " --repeats ", options.repeats);
  if (!options.weights.empty()) arguments += " --weights " + quoted(options.weights);
  if (!options.isa.empty()) arguments += " --isa " + quoted(options.isa);
  for (const std::string& section : filter.sections) arguments += " --only " + quoted(section);
  if (!filter.layer.empty()) arguments += " --layer " + quoted(filter.layer);
  if (!filter.op.empty()) arguments += " --op " + quoted(filter.op);
  for (const char* const script : kScripts) {
    require_unstopped();
    const fs::path path = *folder / script;
    std::error_code error;
    if (!fs::exists(path, error)) {
      report.missing[script] = concat("it is not in ", folder->string());
      continue;
    }
    const Output output = output_of("python3 " + quoted(path.string()) + arguments);
    if (!output.failure.empty()) report.missing[script] = output.failure;
    try {
      parse_peer_lines(output.text, script, report);
    } catch (const Error& wrong) {
      report.missing[script] = wrong.what();
    }
  }
}

void relate_to_peers(const PeerReport& report, std::vector<BenchRow>& rows) {
  for (BenchRow& row : rows)
    for (const PeerRow& peer : report.rows) {
      const BenchCase& what = row.what;
      const bool same_work = peer.section == what.section && peer.layer == what.layer && peer.op == what.op && peer.batch == what.batch;
      if (same_work && peer.threads == row.threads) row.to_peers.push_back({peer.peer, peer.times.best / row.times.best});
    }
}

}  // namespace pbgen
