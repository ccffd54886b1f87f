// What a run leaves while it trains: rows of log.csv, sample grids, checkpoints, warnings, and how far it is on the screen.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/image_set.h"
#include "gan/trainer.h"
#include "tools/lib/cli/progress.h"
#include "tools/lib/runs/run_directory.h"
#include "tools/lib/runs/scored_checkpoint.h"
#include "tools/lib/train/run_plan.h"
#include "tools/lib/train/training_data.h"
#include "tools/lib/train/training_monitor.h"

namespace pbgen {

class RunRecorder {
  using Clock = std::chrono::steady_clock;

 public:
  // Records a run of `total` iterations.  What it is given outlives it.
  RunRecorder(const RunPlan& plan, RunDirectory& folder, const TrainingData& data, Trainer& trainer, std::int64_t total);

  // The run begins, or goes on, with the trainer's iteration: removes what older sittings and runs left that it does not go on with, and
  // writes config.json, preview.png and log.csv's rows so far.
  void open_folder();

  // From begin_sitting() to end_sitting() progress is shown and time counts, but for what is spent in an aside.
  void begin_sitting();
  void end_sitting();
  // Time that training is not charged with: sampling and scoring.
  class Aside {
   public:
    explicit Aside(RunRecorder& recorder) : recorder_(recorder) {}
    ~Aside() { recorder_.aside_seconds_ += seconds_since(begin_); }
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;

   private:
    RunRecorder& recorder_;
    Clock::time_point begin_ = Clock::now();
  };

  // The iteration that the trainer has just done, and its score where it was scored: a row where one is due, a checkpoint where one is
  // due or the score is the best so far, progress.
  void record(const StepReport& step, std::optional<double> swd);
  // Warns where one side has won.
  void watch_game(const StepReport& step);
  // Writes the grid of the fixed latents.  Returns a warning where they have collapsed, else "".
  std::string sample();
  // Shown at once, and kept for the report; "" is none.
  void warn(const std::string& warning);
  // A checkpoint of now, where there is none yet; older ones go as the configuration says.
  void save();
  void remove_older_checkpoints();

  // Where an earlier sitting trained all: the time that log.csv tells.
  void take_time_from_log();

  const std::vector<LogRow>& rows() const { return rows_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  const ImageSet& samples() const { return samples_; }  // the last ones; empty where none were drawn
  const std::optional<ScoredCheckpoint>& best() const { return best_; }
  // The seconds of timed_iterations(): this sitting's, or after take_time_from_log() of all.
  double training_seconds() const { return training_seconds_; }
  std::int64_t timed_iterations() const { return timed_iterations_; }

 private:
  static double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

  // Seconds of this sitting, asides left out.
  double seconds_trained() const { return seconds_since(sitting_begin_) - aside_seconds_; }
  void log(const StepReport& step, std::optional<double> swd);
  ImageSet training_images() const;

  const RunPlan& plan_;
  const RunConfig& config_;
  RunDirectory& folder_;
  const TrainingData& data_;
  Trainer& trainer_;
  const std::int64_t total_;
  std::int64_t first_iteration_ = 0;

  TrainingMonitor monitor_;
  std::optional<Progress> progress_;
  std::vector<LogRow> rows_;
  std::vector<std::string> warnings_;
  ImageSet samples_;
  std::int64_t saved_iteration_ = -1;
  std::optional<ScoredCheckpoint> best_;

  StepReport last_step_;
  std::int64_t last_row_iteration_ = 0;
  Clock::time_point sitting_begin_;
  double aside_seconds_ = 0.0;     // since sitting_begin_
  double last_row_seconds_ = 0.0;  // seconds_trained() at the last row
  double training_seconds_ = 0.0;
  std::int64_t timed_iterations_ = 0;
};

}  // namespace pbgen
