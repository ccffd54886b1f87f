// A run's folder: config.json, log.csv, samples/, checkpoints/, in the end report.html, scores.json.  We delete only what we wrote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/files/descriptor.h"
#include "core/files/folder_lock.h"

namespace pbgen {

// One row of log.csv.
struct LogRow {
  std::int64_t iteration = 0;
  double epoch = 0.0;
  double loss_d = 0.0;
  double loss_g = 0.0;  // of the last generator step
  double d_real = 0.0;
  double d_fake = 0.0;
  double images_per_second = 0.0;  // since the row before, sampling and scoring excluded
  std::optional<double> swd;       // mean over the levels, where it was scored
};

class RunDirectory {
 public:
  // runs/<name>-NNN with the first number that is free.  Writes nothing.
  static std::string first_free(const std::string& name);
  // Makes and locks that folder: of two processes at the same moment each gets one of its own.
  static FolderLock lock_first_free(const std::string& name);
  // The one of such folders that wrote a checkpoint last, or "".  Error(input_output) where they cannot be read.
  static std::string newest(const std::string& name);

  // Whoever writes into a run's folder holds its FolderLock.

  // The folder of a new run.  Error(usage) where something but a lock is in it, unless force.  Writes nothing.
  static RunDirectory create(const std::string& path, bool force);
  // The folder of a run that begins anew because it was ended before its first checkpoint, or of a new one: as create, but what
  // a run of ours left there is no hindrance.
  static RunDirectory create_or_begin_again(const std::string& path, bool force);
  // The folder of a run that goes on.  Writes nothing.
  static RunDirectory open(const std::string& path) { return RunDirectory(path); }

  // Makes what is missing of the folder and of samples/ and checkpoints/ in it, and removes what killed processes left half written
  // there.  Error(input_output).
  void make() const;

  const std::string& path() const { return path_; }
  std::string config_path() const { return path_ + "/config.json"; }
  std::string report_path() const { return path_ + "/report.html"; }
  std::string scores_path() const { return path_ + "/scores.json"; }
  std::string profile_path() const { return path_ + "/profile.txt"; }
  std::string sample_path(std::int64_t iteration) const;
  std::string checkpoint_path(std::int64_t iteration) const;

  // Checkpoints by iteration, rising; none where there is no such folder.  Error(input_output) where it cannot be read.
  std::vector<std::pair<std::int64_t, std::string>> checkpoints() const { return list_checkpoints(path_); }
  static std::vector<std::pair<std::int64_t, std::string>> list_checkpoints(const std::string& run_path);
  // Sample grids by iteration, rising.
  std::vector<std::pair<std::int64_t, std::string>> samples() const;
  // Where the folder holds a run of ours (our config.json is there): deletes what only a run that ended leaves, scores.json,
  // report.html and profile.txt, so that they are there only while nothing was trained after them.  Returns how many it deleted.
  // Error(input_output) where one cannot be deleted.
  int remove_results() const;
  // As remove_results, and its checkpoints and sample grids, by their exact names, so that they do not mix with a new run's.
  // Anything else stays.  Returns how many it deleted.
  int remove_older_run() const;
  // Deletes all but the newest `keep` checkpoints up to iteration `newest`, those written by this run, and that of iteration `best`.
  // Returns a warning where one cannot be deleted, else "".
  std::string keep_checkpoints(int keep, std::int64_t newest, std::int64_t best) const;

  // The rows of a log.csv, in its order; a line that is no row is passed over.  None where there is no such file.
  static std::vector<LogRow> read_log(const std::string& path);
  // The last of them, from the end of the file alone: cheap however long it is.
  static std::optional<LogRow> last_row(const std::string& path);
  // Starts log.csv anew with the rows up to last_iteration that it holds already (0: none), and removes nothing else.
  // Returns these rows.
  std::vector<LogRow> begin_log(std::int64_t last_iteration);
  // Appends a row and hands it to the system.  Error(input_output) where that fails.
  void log(const LogRow& row);

 private:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;
  Descriptor log_;
};

}  // namespace pbgen
