// Which checkpoint a run goes on from.
#pragma once

#include <string>

namespace pbgen {

struct ResumePoint {
  std::string checkpoint;  // "": there is none, a new run begins
  std::string run_path;    // the run's folder: the one above checkpoints/; "" where the checkpoint lies elsewhere
};

// resume: "auto" (the newest good checkpoint in `out`, or where that is "" in the newest of runs/<run_name>-NNN; none is
// fine), a run's folder (there must be one), or a checkpoint file.  A damaged newest checkpoint is passed over with a line
// on stderr; one that cannot be read is Error(input_output).  Error(usage) where nothing is found that must be.
ResumePoint find_resume_point(const std::string& resume, const std::string& out, const std::string& run_name);

// The checkpoint that a user names: a file, or a run's folder, whose newest good one is meant.  Error(usage) where there is none.
std::string named_checkpoint(const std::string& path);

}  // namespace pbgen
