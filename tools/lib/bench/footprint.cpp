#include "tools/lib/bench/footprint.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/check.h"
#include "core/files/file.h"
#include "tools/lib/bench/edge.h"
#include "tools/lib/cli/child_process.h"
#include "tools/lib/cli/exit.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/text.h"

namespace pbgen {
namespace {

constexpr double kMilli = 1e-3;
constexpr double kKibi = 1024.0;

struct Figure {
  const char* name;
  double unit;
  double FootprintSample::*place;
};
constexpr Figure kFigures[] = {
    {"first_image_ms", kMilli, &FootprintSample::first_image_s}, {"open_ms", kMilli, &FootprintSample::open_s},
    {"image_ms", kMilli, &FootprintSample::image_s},             {"VmHWM_kB", kKibi, &FootprintSample::resident_bytes},
    {"RssAnon_kB", kKibi, &FootprintSample::anonymous_bytes},    {"RssFile_kB", kKibi, &FootprintSample::mapped_bytes}};

FootprintSample run_once(const std::string& program, const std::string& model) {
  constexpr std::int64_t kMaxOutput = 1 << 16;
  const TemporaryFolder folder;
  const std::string path = folder / "output";
  const LockedOutput output(path);
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const ChildProcess child(program, {model, concat(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count())}, {}, output);
  std::optional<ChildEnd> end;
  while (!(end = child.poll())) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const std::string said = read_text_file(path, kMaxOutput);
  if (end->exit_code != 0) fail(ErrorKind::data, program, ": it failed: ", said.empty() ? concat("signal ", end->signal) : said);
  return parse_footprint_line(said);
}

std::string megabytes(double bytes) { return bytes > 0.0 ? fixed_text(bytes * 1e-6, 2) : ""; }
std::string milliseconds(double seconds) { return fixed_text(seconds * 1e3, 2); }

std::string verdict(const FootprintRow& row) {
  if (!row.asked) return "";
  const auto judged = [](double median, double limit) { return median <= limit ? "met" : "missed"; };
  const double seconds = row.of(&FootprintSample::first_image_s).median;
  const double bytes = row.of(&FootprintSample::resident_bytes).median;
  return concat("<= ", fixed_text(kFootprintSeconds * 1e3, 0), " ms: ", judged(seconds, kFootprintSeconds), "; <= ",
                fixed_text(kFootprintBytes * 1e-6, 0), " MB: ", bytes > 0.0 ? judged(bytes, kFootprintBytes) : "not told");
}

}  // namespace

Times FootprintRow::of(double FootprintSample::*figure) const {
  std::vector<double> values;
  for (const FootprintSample& sample : samples) values.push_back(sample.*figure);
  return statistics(std::move(values));
}

bool wants_footprint(const BenchFilter& filter) {
  BenchCase one;
  one.section = "edge";
  one.layer = "footprint";
  one.op = "first image";
  return filter.matches(one);
}

FootprintSample parse_footprint_line(std::string_view line) {
  FootprintSample sample;
  while (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  for (const std::string_view word : split(line, ' '))
    for (const Figure& figure : kFigures) {
      const std::string name = concat(figure.name, "=");
      if (!word.starts_with(name)) continue;
      double value = 0.0;
      const auto [end, error] = std::from_chars(word.data() + name.size(), word.data() + word.size(), value);
      if (error != std::errc{} || end != word.data() + word.size() || !(value >= 0.0))
        fail(ErrorKind::data, "footprint: \"", word, "\" is no figure; build it anew with `make`");
      sample.*figure.place = value * figure.unit;
    }
  if (!(sample.first_image_s > 0.0)) fail(ErrorKind::data, "footprint: \"", line, "\" has no first_image_ms; build it anew with `make`");
  return sample;
}

FootprintReport measure_footprint(const std::string& program, const NetworkConfig& network, int repeats) {
  FootprintReport report;
  std::error_code ignored;
  if (!std::filesystem::exists(program, ignored)) {
    report.missing = concat(program, " is not built: run `make`");
    return report;
  }
  try {
    for (const auto& model : edge_models(network)) {
      FootprintRow row;
      row.model = model->name();
      row.asked = row.model == "F half" || row.model.starts_with("0-3");
      row.model_bytes = static_cast<std::int64_t>(std::filesystem::file_size(model->path()));
      for (int i = 0; i < repeats; ++i) {
        require_unstopped();
        row.samples.push_back(run_once(program, model->path()));
      }
      report.rows.push_back(std::move(row));
    }
  } catch (const Error& wrong) {
    report.missing = wrong.what();
  }
  return report;
}

Table footprint_table(const FootprintReport& report) {
  Table table;
  table.header = {"model",       "file MB", "first image ms, median", "best", "opening ms", "image ms", "resident MB, median", "best",
                  "private MB", "mapped MB", "asked of medians"};
  for (const FootprintRow& row : report.rows) {
    const Times time = row.of(&FootprintSample::first_image_s);
    const Times resident = row.of(&FootprintSample::resident_bytes);
    table.rows.push_back({row.model, megabytes(static_cast<double>(row.model_bytes)), milliseconds(time.median), milliseconds(time.best),
                          milliseconds(row.of(&FootprintSample::open_s).median), milliseconds(row.of(&FootprintSample::image_s).median),
                          megabytes(resident.median), megabytes(resident.best), megabytes(row.of(&FootprintSample::anonymous_bytes).median),
                          megabytes(row.of(&FootprintSample::mapped_bytes).median), verdict(row)});
  }
  return table;
}

std::string footprint_text(const FootprintReport& report) {
  std::string text;
  if (!report.rows.empty())
    text = concat(
        "\nedge, a C program from its start to its first image, 1 thread, its best path; MB: 10^6 bytes, the shared C library included\n",
        printed_table(footprint_table(report)));
  if (!report.missing.empty()) text += concat("footprint was not measured: ", report.missing, "\n");
  return text;
}

Json footprint_json(const FootprintReport& report) {
  Json rows = Json::array();
  for (const FootprintRow& row : report.rows) {
    Json json = Json::object();
    json.set("model", row.model);
    json.set("model_bytes", row.model_bytes);
    json.set("repeats", static_cast<std::int64_t>(row.samples.size()));
    const auto set = [&](const char* name, double FootprintSample::*figure) {
      const Times times = row.of(figure);
      json.set(concat(name, "_median"), times.median);
      json.set(concat(name, "_best"), times.best);
    };
    set("first_image_s", &FootprintSample::first_image_s);
    set("open_s", &FootprintSample::open_s);
    set("image_s", &FootprintSample::image_s);
    set("resident_bytes", &FootprintSample::resident_bytes);
    set("anonymous_bytes", &FootprintSample::anonymous_bytes);
    set("mapped_bytes", &FootprintSample::mapped_bytes);
    rows.push_back(std::move(json));
  }
  Json json = Json::object();
  json.set("asked_resident_bytes", kFootprintBytes);
  json.set("asked_first_image_s", kFootprintSeconds);
  json.set("missing", report.missing);
  json.set("rows", std::move(rows));
  return json;
}

}  // namespace pbgen
