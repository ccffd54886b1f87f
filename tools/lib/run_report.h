// What a run of train_gan has to tell, put into the form that report.h renders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/lib/report.h"
#include "tools/lib/run_directory.h"
#include "tools/lib/score.h"
#include "tools/lib/training_data.h"
#include "tools/lib/training_run.h"

namespace pbgen {

// Made where the run ends; what it refers to outlives it.
struct RunSummary {
  const RunPlan& plan;
  const RunDirectory& folder;
  const TrainingData& data;
  NetworkConfig network;
  std::int64_t iterations = 0;
  double training_seconds = 0.0;        // of this sitting, sampling and scoring excluded
  std::int64_t session_iterations = 0;  // of this sitting
  std::vector<LogRow> rows = {};
  std::vector<std::string> warnings = {};
  ImageSet samples = {};                        // of the fixed latents, at the end; empty where none were drawn
  std::vector<ScoreColumn> score_columns = {};  // the final table; empty where nothing was scored
  std::optional<Score> floor = {};
  std::optional<Score> untrained = {};
};

RunReport run_report(const RunSummary& summary);

}  // namespace pbgen
