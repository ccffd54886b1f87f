#include "tools/lib/train/training_run.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>

#include "core/base/check.h"
#include "core/base/profile.h"
#include "core/files/file.h"
#include "core/gemm/fma_peak.h"
#include "data/batch_loader.h"
#include "gan/trainer.h"
#include "tools/lib/cli/flag_names.h"
#include "tools/lib/cli/interrupt.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/cli/standard_streams.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/runs/run_directory.h"
#include "tools/lib/train/final_scorer.h"
#include "tools/lib/train/profile_report.h"
#include "tools/lib/train/run_ranks.h"
#include "tools/lib/train/run_recorder.h"
#include "tools/lib/train/run_results.h"
#include "tools/lib/train/run_start.h"
#include "tools/lib/train/training_data.h"

namespace pbgen {
namespace {

constexpr std::int64_t kUnprofiledIterations = 3;  // the first ones touch fresh memory

bool due(std::int64_t iteration, std::int64_t every, std::int64_t total) {
  return every > 0 && (iteration % every == 0 || iteration == total);
}

TrainingData same_data(const RunConfig& config, Ranks& ranks) {
  require_ranks_fit(config.trainer, ranks.count());
  TrainingData data = loaded_data(config, ranks.count());
  require_same_images(ranks, data.fingerprint);
  return data;
}

// What all ranks of a run do: batches into the trainer.  Where something is due, rank 0 has all arrays whole, and the others, which are of
// this class, wait for it.
class SharedRun {
 public:
  SharedRun(const RunPlan& plan, Ranks& ranks)
      : config_(plan.config),
        ranks_(ranks),
        data_(same_data(config_, ranks)),
        total_(total_iterations(config_, std::ssize(data_.train))),
        trainer_(config_.trainer, ranks),
        scorer_(config_, data_, trainer_) {
    restore(plan, data_, trainer_);
    loader_ = std::make_unique<BatchLoader>(
        data_.images, data_.train, config_.trainer.batch, config_.trainer.seed,
        BatchOptions{.mirror = config_.data.mirror, .shuffle = config_.data.shuffle, .part = ranks.rank(), .parts = ranks.count()},
        trainer_.iteration() * config_.trainer.d_steps);
  }
  virtual ~SharedRun() = default;
  SharedRun(const SharedRun&) = delete;
  SharedRun& operator=(const SharedRun&) = delete;

  // Returns the exit code, the same at every rank.
  int run() {
    open();
    if (trainer_.iteration() == total_) {
      alone([this] { finish_ended_training(); });
      return 0;
    }
    if (trainer_.iteration() == 0 && config_.cadence.sample_every > 0) alone([this] { sample_untrained(); });

    const InterruptGuard guard;
    begin_training();
    int signal = 0;
    while (trainer_.iteration() < total_ && (signal = stop_signal(ranks_)) == 0) {
      begin_step();
      const StepReport step = trainer_.step([this] { return next_batch(); });
      if (something_is_due()) alone([&] { end_step(step); });
      else end_step(step);
    }
    alone([this] { end_training(); });
    show_profile();
    if (signal != 0) {  // one that comes in the very last iteration finds the run done
      tell_stopped();
      return 128 + signal;
    }
    finish();
    return 0;
  }

 protected:
  // Where it is due, by all ranks.  The last score is part of the final table.
  std::optional<double> score() {
    const std::int64_t iteration = trainer_.iteration();
    if (!due(iteration, config_.cadence.swd_every, total_)) return std::nullopt;
    return iteration == total_ ? scorer_.score_at_the_end() : scorer_.score();
  }

  // What rank 0 does beside.
  virtual void open() {}
  virtual void sample_untrained() {}
  virtual void begin_training() {}
  virtual void begin_step() {}
  virtual void end_step(const StepReport&) { static_cast<void>(score()); }
  virtual void end_training() {}
  virtual void show_profile() {}
  virtual void tell_stopped() {}
  virtual void finish() {}
  virtual void finish_ended_training() { static_cast<void>(score()); }

  const RunConfig& config_;
  Ranks& ranks_;
  TrainingData data_;
  const std::int64_t total_;
  Trainer trainer_;
  FinalScorer scorer_;

 private:
  // With whole arrays, and for as long as it takes.
  void alone(FunctionRef<void()> body) {
    const ProfilePause pause;
    trainer_.collect();
    body();
    ranks_.meet();
  }

  bool something_is_due() const {
    const Cadence& cadence = config_.cadence;
    const std::int64_t iteration = trainer_.iteration();
    return due(iteration, cadence.sample_every, total_) || due(iteration, cadence.swd_every, total_) ||
           due(iteration, cadence.checkpoint_every, total_);
  }

  ConstTensorView next_batch() {
    const ProfileScope scope("data", "waiting");
    return loader_->next();
  }

  std::unique_ptr<BatchLoader> loader_;
};

// Rank 0's, or that of the one process: what is due goes to the recorder and the scorer.
class TrainingRun final : public SharedRun {
 public:
  TrainingRun(const RunPlan& plan, RunDirectory& folder, Ranks& ranks)
      : SharedRun(plan, ranks),
        plan_(plan),
        folder_(folder),
        recorder_(plan_, folder_, data_, trainer_, total_) {
    if (trainer_.iteration() > total_ || (trainer_.iteration() == total_ && !lacks_results_alone())) {
      fail(ErrorKind::usage, plan_.resume_checkpoint, ": has ", trainer_.iteration(), " iterations already, the run was to have ", total_,
           "; ask for more with --iterations");
    }
  }

 private:
  void open() override {
    announce(plan_, folder_, data_, trainer_, total_);
    recorder_.open_folder();
  }

  void sample_untrained() override { recorder_.sample(); }

  void begin_training() override {
    first_iteration_ = trainer_.iteration();
    if (plan_.profile) profile_.emplace();
    recorder_.begin_sitting();
  }

  void begin_step() override {
    if (profile_ && trainer_.iteration() == first_iteration_ + kUnprofiledIterations) profile_->restart();
  }

  void end_step(const StepReport& step) override {
    const ProfilePause pause;  // samples, scores and checkpoints run the networks, too
    recorder_.watch_game(step);
    recorder_.record(step, sample_and_score());
  }

  void end_training() override {
    recorder_.end_sitting();
    recorder_.save();
    if (profile_) peaks_ = fma_peaks();
  }

  void tell_stopped() override {
    say(stdout, "Stopped at iteration ", trainer_.iteration(), "; go on with: ",
        shell_command(called_tool("train_gan"), {"--resume", folder_.path()}));
  }

  void finish() override { write_results(summary(), recorder_, scorer_); }

  // The sitting before ended between its last checkpoint and its scores: nothing is left to train, all else is made anew.
  bool lacks_results_alone() const {
    std::error_code error;
    return plan_.in_place && !std::filesystem::exists(folder_.scores_path(), error) &&
           std::filesystem::equivalent(plan_.resume_checkpoint, folder_.checkpoint_path(trainer_.iteration()), error);
  }

  void finish_ended_training() override {
    say(stdout, "All ", total_, " iterations are trained; the report and the scores are missing and follow.");
    flush_output();
    recorder_.remove_older_checkpoints();  // it may have been killed just before
    if (config_.cadence.sample_every > 0) recorder_.sample();
    static_cast<void>(score());
    recorder_.take_time_from_log();
    finish();
  }

  std::optional<double> sample_and_score() {
    const RunRecorder::Aside aside(recorder_);
    try {
      if (due(trainer_.iteration(), config_.cadence.sample_every, total_)) recorder_.warn(recorder_.sample());
      return score();
    } catch (const std::bad_alloc&) {
      recorder_.save();  // scoring takes most; what is trained is not lost for it
      throw;
    }
  }

  // Outside of the pause in which was saved: the profile ends with the last iteration.
  void show_profile() override {
    if (!profile_) return;
    const std::int64_t iterations = trainer_.iteration() - first_iteration_;
    const std::int64_t counted = iterations > kUnprofiledIterations ? iterations - kUnprofiledIterations : iterations;
    const std::int64_t images = trainer_.batch_here();
    const std::int64_t shard_images = config_.trainer.batch / config_.trainer.shards;
    const std::string text = profile_text(*profile_, trainer_.options().network, images, shard_images, counted, peaks_);
    write_file_atomically(folder_.profile_path(), text);
    std::printf("\n%s", text.c_str());
  }

  RunSummary summary() const {
    return {.plan = plan_, .folder = folder_, .data = data_, .network = trainer_.options().network, .iterations = total_};
  }

  const RunPlan& plan_;
  RunDirectory& folder_;
  RunRecorder recorder_;
  std::optional<Profile> profile_;
  FmaPeaks peaks_;
  std::int64_t first_iteration_ = 0;
};

}  // namespace

int run_training(const RunPlan& plan, Ranks& ranks) {
  try {
    if (ranks.rank() != 0) return SharedRun(plan, ranks).run();
    RunDirectory folder = claimed_folder(plan);  // one that is refused is refused before images are decoded
    return TrainingRun(plan, folder, ranks).run();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::diverged) throw;
    const auto checkpoints = RunDirectory::list_checkpoints(plan.run_path);
    fail(ErrorKind::diverged, told(error), ", with --init-from from the last good checkpoint (",
         checkpoints.empty() ? "there is none yet" : checkpoints.back().second, ")");
  }
}

}  // namespace pbgen
