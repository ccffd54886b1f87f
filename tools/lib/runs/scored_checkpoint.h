// Which of a run's checkpoints a user means by the run's folder: the newest one, or the one that drew the best images.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pbgen {

struct ScoredCheckpoint {
  std::int64_t iteration = 0;
  std::string path;
  double swd = 0.0;  // mean over the levels, as log.csv has it
};

// The checkpoint with the least distance of those that were scored as they were written, of equal ones the newest.  Nothing where
// there is none, or no log.csv.  Error(input_output) where log.csv cannot be read.
std::optional<ScoredCheckpoint> best_checkpoint(const std::string& run_path);

// As named_checkpoint (resume.h); with best, of a run's folder the best-scored one, Error(usage) where nothing was scored or the path
// is no folder.  What is taken of a folder, and what else it has, is told on stderr.
std::string chosen_checkpoint(const std::string& path, bool best);

}  // namespace pbgen
