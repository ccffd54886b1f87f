#include "tools/lib/runs/run_directory.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include "core/base/check.h"
#include "core/files/file.h"
#include "core/files/json.h"
#include "core/files/regular_file.h"

namespace pbgen {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRuns = "runs";
constexpr std::string_view kLogHeader = "iteration,epoch,loss_d,loss_g,d_real,d_fake,img_per_s,swd\n";
constexpr int kLogColumns = 8;
constexpr std::int64_t kMaxLogBytes = 1 << 30;
constexpr std::int64_t kLogTailBytes = 4096;
constexpr std::int64_t kMaxConfigBytes = 1 << 20;
constexpr std::string_view kCheckpointSuffix = ".safetensors";
constexpr std::string_view kSampleSuffix = ".png";

std::string padded(std::int64_t iteration) {
  char text[32];
  std::snprintf(text, sizeof text, "%08lld", static_cast<long long>(iteration));
  return text;
}

std::string numbered(const std::string& name, int number) {
  char text[16];
  std::snprintf(text, sizeof text, "-%03d", number);
  return concat(kRuns, "/", name, text);
}

// Whether numbered(name, ..) makes that path.
bool is_numbered(const std::string& path, const std::string& name) {
  const std::size_t begin = std::string_view(kRuns).size() + 1 + name.size() + 1;
  int number = 0;
  if (path.size() <= begin) return false;
  const auto result = std::from_chars(path.data() + begin, path.data() + path.size(), number);
  return result.ec == std::errc() && path == numbered(name, number);
}

bool empty_or_missing(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return true;
  if (!fs::is_directory(status)) fail(ErrorKind::usage, path, ": is no folder; choose another --out");
  return holds_nothing(path);
}

// An object with members that only our configuration has together.
bool is_our_config(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return false;
  try {
    const std::vector<std::uint8_t> bytes = read_file(path, kMaxConfigBytes);
    const Json config = parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, ErrorKind::usage, path);
    return config.is_object() && config.find("binarize_g") && config.find("g_widths") && config.find("sample_every");
  } catch (const Error&) {
    return false;
  }
}

// What is in the folder, nothing where there is none.  Error(input_output) where it cannot be read: it must not be taken for empty.
std::vector<fs::path> entries_of(const std::string& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  if (error == std::errc::no_such_file_or_directory) return entries;
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) entries.push_back(entry->path());
  if (error) fail(ErrorKind::input_output, folder, ": cannot read the folder (", error.message(), ")");
  return entries;
}

// Files <digits><suffix> in the folder, by number.
std::vector<std::pair<std::int64_t, std::string>> numbered_files(const std::string& folder, std::string_view suffix) {
  std::vector<std::pair<std::int64_t, std::string>> found;
  for (const fs::path& entry : entries_of(folder)) {
    const std::string name = entry.filename().string();
    if (name.size() <= suffix.size() || !name.ends_with(suffix)) continue;
    std::int64_t number = 0;
    const char* const end = name.data() + name.size() - suffix.size();
    const auto result = std::from_chars(name.data(), end, number);
    if (result.ec == std::errc() && result.ptr == end && number >= 0) found.emplace_back(number, entry.string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

// Returns how many it deleted.  Error(input_output) where one stays: it would be taken for the new run's.
int remove_files(const std::vector<std::string>& paths) {
  int removed = 0;
  for (const std::string& path : paths) {
    std::error_code error;
    // What we write is a regular file; a link or a folder of that name is somebody else's.
    if (fs::symlink_status(path, error).type() != fs::file_type::regular) continue;
    if (fs::remove(path, error)) ++removed;
    if (error) fail(ErrorKind::input_output, path, ": of an older run, cannot remove (", error.message(), ")");
  }
  return removed;
}

// Shortest text that reads back as the same value.
std::string number_text(double value) {
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string row_text(const LogRow& row) {
  return concat(row.iteration, ',', number_text(row.epoch), ',', number_text(row.loss_d), ',', number_text(row.loss_g), ',',
                number_text(row.d_real), ',', number_text(row.d_fake), ',', number_text(row.images_per_second), ',',
                row.swd ? number_text(*row.swd) : "", '\n');
}

// No row where the line is not one of ours: a run that was cut off may leave half a line.
std::optional<LogRow> parse_row(std::string_view line) {
  double values[kLogColumns] = {};
  bool has_swd = true;
  for (int column = 0; column < kLogColumns; ++column) {
    const std::size_t comma = column + 1 < kLogColumns ? line.find(',') : line.size();
    if (comma == std::string_view::npos) return std::nullopt;
    const std::string_view field = line.substr(0, comma);
    if (column + 1 == kLogColumns && field.empty()) {
      has_swd = false;
    } else {
      const auto result = std::from_chars(field.data(), field.data() + field.size(), values[column]);
      if (result.ec != std::errc() || result.ptr != field.data() + field.size()) return std::nullopt;
    }
    line.remove_prefix(std::min(comma + 1, line.size()));
  }
  if (!(values[0] >= 0.0 && values[0] < 1e15)) return std::nullopt;
  LogRow row{static_cast<std::int64_t>(values[0]), values[1], values[2], values[3], values[4], values[5], values[6], std::nullopt};
  if (has_swd) row.swd = values[7];
  return row;
}

// The rows of whole lines; what follows the last end of line is none.
std::vector<LogRow> parse_rows(std::string_view text) {
  std::vector<LogRow> rows;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    if (const auto row = parse_row(text.substr(0, end))) rows.push_back(*row);
    text.remove_prefix(end + 1);
  }
  return rows;
}

}  // namespace

std::string RunDirectory::first_free(const std::string& name) {
  for (int number = 1;; ++number) {
    const std::string path = numbered(name, number);
    std::error_code error;
    if (fs::symlink_status(path, error).type() == fs::file_type::not_found) return path;
  }
}

std::string RunDirectory::newest(const std::string& name) {
  // By time, not by number: a new run takes the first number that is free, which may be below older ones.
  std::string found;
  fs::file_time_type found_time = fs::file_time_type::min();
  std::error_code error;
  for (const fs::path& entry : entries_of(kRuns)) {
    const std::string path = concat(kRuns, "/", entry.filename().string());
    if (!is_numbered(path, name)) continue;
    for (const auto& [iteration, checkpoint] : list_checkpoints(path)) {
      const fs::file_time_type time = fs::last_write_time(checkpoint, error);
      if (error || time < found_time || (time == found_time && path < found)) continue;
      found = path;
      found_time = time;
    }
  }
  return found;
}

FolderLock RunDirectory::lock_first_free(const std::string& name) {
  while (true)
    if (std::optional<FolderLock> lock = FolderLock::make(first_free(name))) return std::move(*lock);
}

RunDirectory RunDirectory::create(const std::string& path, bool force) {
  if (!force && !empty_or_missing(path)) {
    fail(ErrorKind::usage, path, ": is not empty; choose another --out, go on with --resume ", path, ", or write into it with --force");
  }
  return RunDirectory(path);
}

RunDirectory RunDirectory::create_or_begin_again(const std::string& path, bool force) {
  return create(path, force || is_our_config(path + "/config.json"));
}

void RunDirectory::make() const {
  for (const char* const folder : {"/samples", "/checkpoints"}) {
    make_directories(path_ + folder);
    remove_stale_partials(path_ + folder);
  }
}

std::string RunDirectory::sample_path(std::int64_t iteration) const { return concat(path_, "/samples/", padded(iteration), kSampleSuffix); }

std::string RunDirectory::checkpoint_path(std::int64_t iteration) const {
  return concat(path_, "/checkpoints/", padded(iteration), kCheckpointSuffix);
}

std::vector<std::pair<std::int64_t, std::string>> RunDirectory::list_checkpoints(const std::string& run_path) {
  return numbered_files(run_path + "/checkpoints", kCheckpointSuffix);
}

std::vector<std::pair<std::int64_t, std::string>> RunDirectory::samples() const {
  return numbered_files(path_ + "/samples", kSampleSuffix);
}

int RunDirectory::remove_results() const {
  return is_our_config(config_path()) ? remove_files({scores_path(), report_path(), profile_path()}) : 0;
}

int RunDirectory::remove_older_run() const {
  if (!is_our_config(config_path())) return 0;
  std::vector<std::string> ours;
  for (const auto& [iteration, path] : checkpoints())
    if (path == checkpoint_path(iteration)) ours.push_back(path);
  for (const auto& [iteration, path] : samples())
    if (path == sample_path(iteration)) ours.push_back(path);
  return remove_results() + remove_files(ours);
}

std::string RunDirectory::keep_checkpoints(int keep, std::int64_t newest, std::int64_t best) const {
  auto all = checkpoints();
  std::erase_if(all, [&](const auto& checkpoint) { return checkpoint.first > newest; });
  if (static_cast<int>(all.size()) <= keep) return "";
  all.resize(all.size() - static_cast<std::size_t>(keep));
  std::string stays;
  for (const auto& [iteration, path] : all) {
    // Named as we name them; anything else that a user put beside them stays.
    if (iteration == best || path != checkpoint_path(iteration)) continue;
    std::error_code error;
    fs::remove(path, error);
    if (error) stays = concat(path, ": an older checkpoint stays, cannot remove (", error.message(), ")");
  }
  return stays;
}

std::vector<LogRow> RunDirectory::read_log(const std::string& path) {
  if (!fs::exists(path)) return {};
  const std::vector<std::uint8_t> bytes = read_file(path, kMaxLogBytes);
  return parse_rows({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::optional<LogRow> RunDirectory::last_row(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  const RegularFile file(path);
  const std::int64_t size = file.size();
  std::string tail(static_cast<std::size_t>(std::min(size, kLogTailBytes)), '\0');
  file.read(size - std::ssize(tail), {reinterpret_cast<std::uint8_t*>(tail.data()), tail.size()});
  // Where it begins in the midst of a row, the half may read as another one.
  const std::vector<LogRow> rows = parse_rows(size > kLogTailBytes ? std::string_view(tail).substr(tail.find('\n') + 1) : tail);
  return rows.empty() ? std::nullopt : std::optional(rows.back());
}

std::vector<LogRow> RunDirectory::begin_log(std::int64_t last_iteration) {
  const std::string path = path_ + "/log.csv";
  std::vector<LogRow> rows;
  if (last_iteration > 0) rows = read_log(path);
  std::erase_if(rows, [&](const LogRow& row) { return row.iteration > last_iteration; });
  std::string text(kLogHeader);
  for (const LogRow& row : rows) text += row_text(row);
  write_file_atomically(path, text);
  log_ = open_to_append(path);
  return rows;
}

void RunDirectory::log(const LogRow& row) {
  const std::string text = row_text(row);
  write_all(log_.get(), {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, path_ + "/log.csv");
}

}  // namespace pbgen
