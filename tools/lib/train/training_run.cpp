#include "tools/lib/train/training_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <new>
#include <optional>
#include <system_error>
#include <vector>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/profile.h"
#include "core/files/file.h"
#include "core/gemm/fma_peak.h"
#include "data/batch_loader.h"
#include "data/formats/image_io.h"
#include "data/image_grid.h"
#include "gan/checkpoint.h"
#include "gan/sampler.h"
#include "gan/trainer.h"
#include "tools/lib/cli/flag_names.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/interrupt.h"
#include "tools/lib/cli/program.h"
#include "tools/lib/cli/progress.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/cli/standard_streams.h"
#include "tools/lib/cli/text.h"
#include "tools/lib/images/score.h"
#include "tools/lib/model/layer_report.h"
#include "tools/lib/model/sample_images.h"
#include "tools/lib/runs/run_directory.h"
#include "tools/lib/runs/scored_checkpoint.h"
#include "tools/lib/train/profile_report.h"
#include "tools/lib/train/run_memory.h"
#include "tools/lib/train/run_page.h"
#include "tools/lib/train/run_summary.h"
#include "tools/lib/train/training_data.h"
#include "tools/lib/train/training_monitor.h"

namespace pbgen {
namespace {

constexpr int kGridColumns = 8;
constexpr int kLogEvery = 10;
constexpr std::int64_t kUnprofiledIterations = 3;  // the first ones touch fresh memory

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

bool due(std::int64_t iteration, std::int64_t every, std::int64_t total) {
  return every > 0 && (iteration % every == 0 || iteration == total);
}

// A run goes on in its own folder as it is.  Into another one, that of a further run for one, it is not led by --resume either.
RunDirectory claimed_folder(const RunPlan& plan) {
  if (plan.in_place) return RunDirectory::open(plan.run_path);
  if (plan.flags.resume == "auto") return RunDirectory::create_or_begin_again(plan.run_path, plan.flags.force);
  return RunDirectory::create(plan.run_path, plan.flags.force);
}

// Memory and threads are asked for first, before there is anything to lose.
TrainingData loaded_data(const TrainFlags& flags) {
  if (const std::string warning = check_memory(flags); !warning.empty()) say(stderr, "warning: ", warning);
  start_threads();
  return load_training_data(flags);
}

class TrainingRun {
 public:
  explicit TrainingRun(const RunPlan& plan)
      : plan_(plan), flags_(plan.flags), folder_(claimed_folder(plan)), data_(loaded_data(flags_)), trainer_(trainer_options(flags_)) {
    restore();
    total_ = total_iterations(flags_, static_cast<std::int64_t>(data_.train.size()));
    if (trainer_.iteration() > total_ || (trainer_.iteration() == total_ && !lacks_results_alone())) {
      fail(ErrorKind::usage, plan_.resume_checkpoint, ": has ", trainer_.iteration(), " iterations already, the run was to have ", total_,
           "; ask for more with --iterations");
    }
    loader_ = std::make_unique<BatchLoader>(data_.images, data_.train, flags_.batch, flags_.seed,
                                            BatchOptions{.mirror = flags_.mirror, .shuffle = flags_.shuffle},
                                            trainer_.iteration() * flags_.d_steps);
  }

  int run() {
    announce();
    if (!plan_.in_place && flags_.force && folder_.remove_older_run() > 0)
      say(stderr, folder_.path(), ": the checkpoints, samples and report of an older run there were removed (--force)");
    first_iteration_ = trainer_.iteration();
    // Those of the sitting before: scores.json means that a run ended.
    if (first_iteration_ < total_) folder_.remove_results();
    write_file_atomically(folder_.config_path(), plan_.config.text(2) + "\n");  // first: it tells whose folder this is
    folder_.make();
    write_png(folder_.path() + "/preview.png", image_grid(training_images(Trainer::kFixedLatents), Trainer::kFixedLatents, kGridColumns));
    rows_ = folder_.begin_log(first_iteration_);
    best_ = best_checkpoint(folder_.path());
    if (first_iteration_ == total_) return finish_ended_training();
    if (first_iteration_ == 0 && flags_.sample_every > 0) sample();

    const InterruptGuard guard;
    const Clock::time_point begin = Clock::now();
    last_row_ = begin;
    last_row_iteration_ = first_iteration_;
    if (flags_.profile) profile_.emplace();
    {
      ProgressOptions options;
      options.start = first_iteration_;
      options.items_per_step = static_cast<double>(images_per_iteration(flags_));
      options.unit = "img";
      Progress progress("training", total_, options);
      while (trainer_.iteration() < total_ && InterruptGuard::signal_received() == 0) iterate(progress);
      progress.finish();
      // The last iteration has a row even where a signal chose it.
      if (last_row_iteration_ != trainer_.iteration()) log(last_step_, std::nullopt);
    }
    training_seconds_ = seconds_since(begin) - aside_total_;
    timed_iterations_ = trainer_.iteration() - first_iteration_;
    double peak = 0.0;
    {
      const ProfilePause pause;  // the profile ends with the last iteration
      save();
      if (profile_) peak = fma_peak();
    }
    if (profile_) show_profile(peak);
    // A signal in the very last iteration finds the run done.
    if (const int signal = InterruptGuard::signal_received(); signal != 0 && trainer_.iteration() < total_) {
      say(stdout, "Stopped at iteration ", trainer_.iteration(), "; go on with: ",
          shell_command(called_tool("train_gan"), {"--resume", folder_.path()}));
      return 128 + signal;
    }
    finish();
    return 0;
  }

 private:
  void restore() {
    if (!flags_.init_from.empty() && plan_.resume_checkpoint.empty()) Checkpoint::load(flags_.init_from).restore_weights(trainer_);
    if (plan_.resume_checkpoint.empty()) return;
    const Checkpoint checkpoint = Checkpoint::load(plan_.resume_checkpoint);
    if (const std::string before = checkpoint.note("data"); before != data_.fingerprint) {
      fail(ErrorKind::usage, plan_.resume_checkpoint, ": was trained on other images (", before, ") than these (", data_.fingerprint,
           "); name the same --data, or begin a new run with --init-from");
    }
    checkpoint.restore(trainer_);
  }

  // The sitting before ended between its last checkpoint and its scores: nothing is left to train, all else is made anew.
  bool lacks_results_alone() const {
    std::error_code error;
    return plan_.in_place && !std::filesystem::exists(folder_.scores_path(), error) &&
           std::filesystem::equivalent(plan_.resume_checkpoint, folder_.checkpoint_path(trainer_.iteration()), error);
  }

  int finish_ended_training() {
    say(stdout, "All ", total_, " iterations are trained; the report and the scores are missing and follow.");
    flush_output();
    remove_older_checkpoints();  // it may have been killed just before
    if (flags_.sample_every > 0) sample();
    if (flags_.swd_every > 0) score_now(true);
    timed_iterations_ = rows_.empty() ? 0 : rows_.back().iteration;
    std::int64_t before = 0;
    for (const LogRow& row : rows_) {
      const std::int64_t images = (row.iteration - before) * images_per_iteration(flags_);
      training_seconds_ += static_cast<double>(images) / std::max(row.images_per_second, 1e-9);
      before = row.iteration;
    }
    finish();
    return 0;
  }

  void announce() const {
    const NetworkConfig& network = trainer_.options().network;
    say(stdout, folder_.path(), ": Setting ", setting_name(network.binarized), ", ", flags_.loss, ", ", network.size, "x", network.size,
        ", batch ", flags_.batch, ", ", total_, " iterations",
        trainer_.iteration() > 0 ? concat(" (from ", trainer_.iteration(), ")") : "");
    say(stdout, data_.summary, "; ", data_.train.size(), " to train on, ", data_.held_out.size(), " held out");
    say(stdout, thread_count(), thread_count() == 1 ? " thread, " : " threads, ", name(isa()), " kernels, ", cpu_name());
    std::printf("\n");
    std::fputs(text_table(layer_report(layer_table(network))).c_str(), stdout);
    for (const std::string& remark : redundancy_remarks(network)) std::printf("%s\n", remark.c_str());
    std::printf("\n");
    flush_output();
  }

  void iterate(Progress& progress) {
    if (profile_ && trainer_.iteration() == first_iteration_ + kUnprofiledIterations) profile_->restart();
    last_step_ = trainer_.step([this] { return next_batch(); });
    const ProfilePause pause;  // samples, scores and checkpoints run the networks, too
    const StepReport& step = last_step_;
    const std::int64_t iteration = trainer_.iteration();
    warn(monitor_.watch_game(iteration, step.d_real, step.d_fake), progress);

    std::optional<double> swd;
    const Clock::time_point aside = Clock::now();
    try {
      if (due(iteration, flags_.sample_every, total_)) warn(sample(), progress);
      // The last score is part of the final table.
      if (due(iteration, flags_.swd_every, total_)) swd = score_now(iteration == total_);
    } catch (const std::bad_alloc&) {
      save();  // scoring takes most; what is trained is not lost for it
      throw;
    }
    const double aside_seconds = seconds_since(aside);
    aside_since_row_ += aside_seconds;
    aside_total_ += aside_seconds;

    if (iteration == 1 || iteration % kLogEvery == 0 || iteration == total_ || swd) log(step, swd);
    const bool is_best = swd && (!best_ || *swd <= best_->swd);
    if (is_best) best_ = ScoredCheckpoint{iteration, folder_.checkpoint_path(iteration), *swd};
    if (iteration < total_ && (is_best || (flags_.checkpoint_every > 0 && iteration % flags_.checkpoint_every == 0))) save();
    // A critic within narrow bounds says small numbers.
    const int more = trainer_.options().loss == Loss::wgan ? 2 : 0;
    progress.update(iteration, concat("loss D ", fixed_text(step.loss_d, 3 + more), " G ", fixed_text(step.loss_g.back(), 3 + more),
                                      ", D(real) ", fixed_text(step.d_real, 2 + more), " D(fake) ", fixed_text(step.d_fake, 2 + more),
                                      swd ? concat(", SWD ", fixed_text(*swd, 4)) : ""));
  }

  ConstTensorView next_batch() {
    const ProfileScope scope("data", "waiting");
    return loader_->next();
  }

  void show_profile(double peak) {
    const std::int64_t iterations = trainer_.iteration() - first_iteration_;
    const std::int64_t counted = iterations > kUnprofiledIterations ? iterations - kUnprofiledIterations : iterations;
    const std::string text = profile_text(*profile_, trainer_.options().network, flags_.batch, counted, peak);
    profile_.reset();
    write_file_atomically(folder_.profile_path(), text);
    std::printf("\n%s", text.c_str());
  }

  void log(const StepReport& step, std::optional<double> swd) {
    LogRow row;
    row.iteration = trainer_.iteration();
    row.epoch = static_cast<double>(row.iteration * flags_.d_steps) / static_cast<double>(loader_->iterations_per_epoch());
    row.loss_d = step.loss_d;
    row.loss_g = step.loss_g.back();
    row.d_real = step.d_real;
    row.d_fake = step.d_fake;
    const double seconds = seconds_since(last_row_) - aside_since_row_;
    const std::int64_t images = (row.iteration - last_row_iteration_) * images_per_iteration(flags_);
    row.images_per_second = static_cast<double>(images) / std::max(seconds, 1e-9);
    row.swd = swd;
    folder_.log(row);
    rows_.push_back(row);
    last_row_ = Clock::now();
    last_row_iteration_ = row.iteration;
    aside_since_row_ = 0.0;
  }

  Sampler sampler() {
    Sampler sampler(trainer_.options().network, trainer_.sampling_generator(), trainer_.idle_memory());
    if (flags_.bn_calibrate > 0) sampler.calibrate(flags_.bn_calibrate, flags_.batch, flags_.seed);
    return sampler;
  }

  ImageSet training_images(std::int64_t count) const {
    count = std::min(count, static_cast<std::int64_t>(data_.train.size()));
    const std::int64_t bytes = data_.images.bytes_per_image();
    const auto pixels = std::make_shared<std::vector<std::uint8_t>>(static_cast<std::size_t>(count * bytes));
    if (count > 0) data_.training_source().read(0, count, pixels->data());
    return {pixels, pixels->data(), count, data_.images.size(), data_.images.channels()};
  }

  // Writes the grid of the fixed latents; returns a warning or "".
  std::string sample() {
    Sampler drawn = sampler();
    samples_ = sample_images(drawn, trainer_.fixed_latents().value.data(), Trainer::kFixedLatents);
    write_png(folder_.sample_path(trainer_.iteration()), image_grid(samples_, samples_.count(), kGridColumns));
    const ImageSet real = training_images(Trainer::kFixedLatents);
    return monitor_.watch_samples(trainer_.iteration(), spread(samples_), spread(real));
  }

  static double spread(const ImageSet& images) {
    return pixel_spread({images.image(0).data(), static_cast<std::size_t>(images.count() * images.bytes_per_image())}, images.count());
  }

  // Images a set in every comparison of the run: distances are comparable at the same count only.
  std::int64_t score_count() const {
    std::int64_t count = std::min(flags_.swd_images, static_cast<std::int64_t>(data_.train.size()));
    if (!data_.held_out.empty()) count = std::min(count, static_cast<std::int64_t>(data_.held_out.size()));
    return count;
  }

  ScoreOptions score_options(int repeats) const {
    ScoreOptions options;
    options.swd.seed = flags_.seed;
    options.num_images = score_count();
    options.repeats = repeats;
    return options;
  }

  // Against the held-out images, or the training images where none are held out.
  ImageSource judge() const { return data_.held_out.empty() ? data_.training_source() : data_.held_out_source(); }

  ImageSet generated(Sampler& drawn) const { return sample_images(drawn, flags_.seed, Stream::score, 0, score_count()); }

  double score_now(bool final_score) {
    Sampler drawn = sampler();
    const ImageSet fake = generated(drawn);
    const ScoreOptions options = score_options(final_score ? flags_.swd_repeats : 1);
    const Score swd = score(judge(), image_source(fake), options);
    if (final_score) add_final_scores(swd, fake, options);
    return swd.mean.mean;
  }

  // And what the generator's figures stand beside: real against real, and the generator before its first update.
  void add_final_scores(const Score& swd, const ImageSet& fake, const ScoreOptions& options) {
    scores_.emplace();
    scores_->generator = swd;
    if (!data_.held_out.empty()) {
      scores_->training = score(data_.training_source(), image_source(fake), options);
      scores_->noise_floor = score(data_.training_source(), data_.held_out_source(), options);
    }
    Sequential fresh = make_generator(trainer_.options().network);
    initialise(fresh, flags_.seed, kGeneratorFirstNumber);
    Sampler drawn(trainer_.options().network, fresh);
    // Unlike the weights, moving statistics have no initial values that mean anything.
    drawn.calibrate(1, std::max(flags_.batch, 64), flags_.seed);
    scores_->untrained = score(judge(), image_source(generated(drawn)), options);
  }

  void save() {
    const std::int64_t iteration = trainer_.iteration();
    if (iteration == saved_iteration_) return;
    const CheckpointNotes notes{{"options", plan_.identity.text()}, {"data", data_.fingerprint}};
    save_checkpoint(folder_.checkpoint_path(iteration), trainer_, notes);
    remove_older_checkpoints();
    saved_iteration_ = iteration;
  }

  void remove_older_checkpoints() {
    const std::int64_t iteration = trainer_.iteration();
    const std::string stays = folder_.keep_checkpoints(flags_.keep, iteration, best_ ? best_->iteration : iteration);
    if (stays.empty()) return;
    say(stderr, "warning: ", stays);
    warnings_.push_back(stays);
  }

  void warn(const std::string& warning, Progress& progress) {
    if (warning.empty()) return;
    progress.note("warning: " + warning);
    warnings_.push_back(warning);
  }

  void finish() {
    std::vector<std::string> unseen;
    if (scores_) {
      const char* const reference = data_.held_out.empty() ? "the training images" : "the held-out images";
      unseen = blind_spots(scores_->generator, reference, "the generated images");
      warnings_.insert(warnings_.end(), unseen.begin(), unseen.end());
    }
    RunSummary summary{.plan = plan_, .folder = folder_, .data = data_, .network = trainer_.options().network};
    summary.iterations = total_;
    summary.session_iterations = timed_iterations_;
    summary.training_seconds = training_seconds_;
    summary.rows = rows_;
    summary.warnings = warnings_;
    summary.samples = samples_;
    summary.scores = scores_;
    write_file_atomically(folder_.report_path(), render_report(run_report(summary)));
    write_file_atomically(folder_.scores_path(), scores_json(summary).text(2) + "\n");  // last of all

    if (scores_) {
      std::printf("\nSliced Wasserstein distance at %lld images a set (lower is better; the noise floor is real against real)\n",
                  static_cast<long long>(score_count()));
      std::fputs(text_table(score_table(score_columns(*scores_, data_))).c_str(), stdout);
      for (const std::string& line : unseen) std::printf("Beware: %s\n", line.c_str());
    }
    std::printf("\n");
    say(stdout, "Trained for ", format_duration(training_seconds_), ". Samples: ",
        flags_.sample_every > 0 ? folder_.sample_path(total_) : "none (--sample-every 0)");
    say(stdout, "Checkpoint: ", folder_.checkpoint_path(total_));
    if (best_ && best_->iteration != total_)
      say(stdout, "Best-scored: ", best_->path, " (SWD ", fixed_text(best_->swd, 4), "; generate and export take it with --best)");
    say(stdout, "Report: ", folder_.report_path());
  }

  const RunPlan& plan_;
  const TrainFlags& flags_;
  RunDirectory folder_;  // first: a folder that is refused is refused before images are decoded
  TrainingData data_;
  Trainer trainer_;
  std::unique_ptr<BatchLoader> loader_;
  std::int64_t first_iteration_ = 0;
  std::int64_t total_ = 0;

  TrainingMonitor monitor_{trainer_.options().loss};
  std::vector<LogRow> rows_;
  std::vector<std::string> warnings_;
  std::optional<FinalScores> scores_;
  ImageSet samples_;
  std::int64_t saved_iteration_ = -1;
  std::optional<ScoredCheckpoint> best_;

  std::optional<Profile> profile_;
  StepReport last_step_;
  Clock::time_point last_row_;
  std::int64_t last_row_iteration_ = 0;
  double aside_since_row_ = 0.0;  // seconds of sampling and scoring
  double aside_total_ = 0.0;
  double training_seconds_ = 0.0;  // of timed_iterations_: this sitting's, or of all that log.csv tells where nothing was left to train
  std::int64_t timed_iterations_ = 0;
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
