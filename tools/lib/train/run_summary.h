// What a run of train_gan has to tell, put into the form that report.h renders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/files/json.h"
#include "tools/lib/images/score.h"
#include "tools/lib/runs/run_directory.h"
#include "tools/lib/train/run_page.h"
#include "tools/lib/train/run_plan.h"
#include "tools/lib/train/training_data.h"

namespace pbgen {

// The scores at the end of a run, all at the same count of images.
struct FinalScores {
  Score generator;                           // against the held-out images, or the training images where none are held out
  std::optional<Score> training = {};        // against the training images, where others are held out
  std::optional<Score> noise_floor = {};     // training images against held-out ones
  Score untrained;                           // the generator before its first update, against the same as generator
};
// As columns of a table.
std::vector<ScoreColumn> score_columns(const FinalScores& scores, const TrainingData& data);

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
  ImageSet samples = {};                    // of the fixed latents, at the end; empty where none were drawn
  std::optional<FinalScores> scores = {};   // none where nothing was scored
};

RunReport run_report(const RunSummary& summary);

// scores.json: iterations, training_seconds and session_iterations of the last sitting, threads, images_per_second; and where the end was
// scored: reference ("held-out" or "training"), num_images, repeats, levels [{size, generator, training, noise_floor, untrained}] and
// mean of the same members without size, each with its spread over the repetitions as _sd, null where there is one repetition.  mean has
// the energy at the Nyquist frequencies, too, over that of the images compared with, as _lattice (metrics/lattice.h).
// What was not compared is left out.  Of a level also constant_reference and constant_generator: channels that do not vary, which the
// distance cannot see.
Json scores_json(const RunSummary& summary);

}  // namespace pbgen
