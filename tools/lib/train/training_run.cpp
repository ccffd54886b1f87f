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

// The loop: batches into the trainer, and what is due after an iteration to the recorder and the scorer.
class TrainingRun {
 public:
  explicit TrainingRun(const RunPlan& plan)
      : plan_(plan),
        config_(plan.config),
        folder_(claimed_folder(plan)),
        data_(loaded_data(config_)),
        total_(total_iterations(config_, std::ssize(data_.train))),
        trainer_(config_.trainer),
        recorder_(plan_, folder_, data_, trainer_, total_),
        scorer_(config_, data_, trainer_) {
    restore(plan_, data_, trainer_);
    if (trainer_.iteration() > total_ || (trainer_.iteration() == total_ && !lacks_results_alone())) {
      fail(ErrorKind::usage, plan_.resume_checkpoint, ": has ", trainer_.iteration(), " iterations already, the run was to have ", total_,
           "; ask for more with --iterations");
    }
    loader_ = std::make_unique<BatchLoader>(data_.images, data_.train, config_.trainer.batch, config_.trainer.seed,
                                            BatchOptions{.mirror = config_.data.mirror, .shuffle = config_.data.shuffle},
                                            trainer_.iteration() * config_.trainer.d_steps);
  }

  int run() {
    announce(plan_, folder_, data_, trainer_, total_);
    recorder_.open_folder();
    if (trainer_.iteration() == total_) return finish_ended_training();
    if (trainer_.iteration() == 0 && config_.cadence.sample_every > 0) recorder_.sample();

    const InterruptGuard guard;
    train();
    // A signal in the very last iteration finds the run done.
    if (const int signal = InterruptGuard::signal_received(); signal != 0 && trainer_.iteration() < total_) {
      say(stdout, "Stopped at iteration ", trainer_.iteration(), "; go on with: ",
          shell_command(called_tool("train_gan"), {"--resume", folder_.path()}));
      return 128 + signal;
    }
    write_results(summary(), recorder_, scorer_);
    return 0;
  }

 private:
  // The sitting before ended between its last checkpoint and its scores: nothing is left to train, all else is made anew.
  bool lacks_results_alone() const {
    std::error_code error;
    return plan_.in_place && !std::filesystem::exists(folder_.scores_path(), error) &&
           std::filesystem::equivalent(plan_.resume_checkpoint, folder_.checkpoint_path(trainer_.iteration()), error);
  }

  int finish_ended_training() {
    say(stdout, "All ", total_, " iterations are trained; the report and the scores are missing and follow.");
    flush_output();
    recorder_.remove_older_checkpoints();  // it may have been killed just before
    if (config_.cadence.sample_every > 0) recorder_.sample();
    if (config_.cadence.swd_every > 0) scorer_.score_at_the_end();
    recorder_.take_time_from_log();
    write_results(summary(), recorder_, scorer_);
    return 0;
  }

  // Until the last iteration or a signal, and saves.
  void train() {
    const std::int64_t first = trainer_.iteration();
    std::optional<Profile> profile;
    if (plan_.profile) profile.emplace();
    recorder_.begin_sitting();
    while (trainer_.iteration() < total_ && InterruptGuard::signal_received() == 0) {
      if (profile && trainer_.iteration() == first + kUnprofiledIterations) profile->restart();
      iterate();
    }
    recorder_.end_sitting();
    FmaPeaks peaks;
    {
      const ProfilePause pause;  // the profile ends with the last iteration
      recorder_.save();
      if (profile) peaks = fma_peaks();
    }
    if (profile) show_profile(*profile, trainer_.iteration() - first, peaks);
  }

  void iterate() {
    const StepReport step = trainer_.step([this] { return next_batch(); });
    const ProfilePause pause;  // samples, scores and checkpoints run the networks, too
    recorder_.watch_game(step);
    recorder_.record(step, sample_and_score());
  }

  ConstTensorView next_batch() {
    const ProfileScope scope("data", "waiting");
    return loader_->next();
  }

  // Where they are due.  The last score is part of the final table.
  std::optional<double> sample_and_score() {
    const std::int64_t iteration = trainer_.iteration();
    const RunRecorder::Aside aside(recorder_);
    try {
      if (due(iteration, config_.cadence.sample_every, total_)) recorder_.warn(recorder_.sample());
      if (!due(iteration, config_.cadence.swd_every, total_)) return std::nullopt;
      return iteration == total_ ? scorer_.score_at_the_end() : scorer_.score();
    } catch (const std::bad_alloc&) {
      recorder_.save();  // scoring takes most; what is trained is not lost for it
      throw;
    }
  }

  void show_profile(const Profile& profile, std::int64_t iterations, const FmaPeaks& peaks) const {
    const std::int64_t counted = iterations > kUnprofiledIterations ? iterations - kUnprofiledIterations : iterations;
    const std::string text = profile_text(profile, trainer_.options().network, config_.trainer.batch, counted, peaks);
    write_file_atomically(folder_.profile_path(), text);
    std::printf("\n%s", text.c_str());
  }

  RunSummary summary() const {
    return {.plan = plan_, .folder = folder_, .data = data_, .network = trainer_.options().network, .iterations = total_};
  }

  const RunPlan& plan_;
  const RunConfig& config_;
  RunDirectory folder_;  // first: a folder that is refused is refused before images are decoded
  TrainingData data_;
  const std::int64_t total_;
  Trainer trainer_;
  RunRecorder recorder_;
  FinalScorer scorer_;
  std::unique_ptr<BatchLoader> loader_;
};

}  // namespace

int run_training(const RunPlan& plan) {
  try {
    return TrainingRun(plan).run();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::diverged) throw;
    const auto checkpoints = RunDirectory::list_checkpoints(plan.run_path);
    fail(ErrorKind::diverged, told(error), ", with --init-from from the last good checkpoint (",
         checkpoints.empty() ? "there is none yet" : checkpoints.back().second, ")");
  }
}

}  // namespace pbgen
