#include "tools/lib/train/run_recorder.h"

#include <algorithm>
#include <memory>

#include "core/base/check.h"
#include "core/files/file.h"
#include "data/formats/image_io.h"
#include "data/image_grid.h"
#include "gan/checkpoint.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/shown.h"
#include "tools/lib/model/sample_images.h"
#include "tools/lib/train/run_config_text.h"
#include "tools/lib/train/run_identity.h"
#include "tools/lib/train/run_sampler.h"

namespace pbgen {
namespace {

constexpr int kGridColumns = 8;
constexpr int kLogEvery = 10;

double spread(const ImageSet& images) {
  return pixel_spread({images.image(0).data(), static_cast<std::size_t>(images.count() * images.bytes_per_image())}, images.count());
}

}  // namespace

RunRecorder::RunRecorder(const RunPlan& plan, RunDirectory& folder, const TrainingData& data, Trainer& trainer, std::int64_t total)
    : plan_(plan), config_(plan.config), folder_(folder), data_(data), trainer_(trainer), total_(total), monitor_(trainer.options().loss) {}

void RunRecorder::open_folder() {
  if (!plan_.in_place && plan_.force && folder_.remove_older_run() > 0)
    say(stderr, folder_.path(), ": the checkpoints, samples and report of an older run there were removed (--force)");
  first_iteration_ = trainer_.iteration();
  // Those of the sitting before: scores.json means that a run ended.
  if (first_iteration_ < total_) folder_.remove_results();
  RunConfig kept = config_;
  // What the default came to: a folder of pictures may grow.
  if (!kept.cadence.iterations && !kept.cadence.epochs) kept.cadence.iterations = total_;
  write_file_atomically(folder_.config_path(), to_json(kept).text(2) + "\n");  // first: it tells whose folder this is
  folder_.make();
  write_png(folder_.path() + "/preview.png", image_grid(training_images(), Trainer::kFixedLatents, kGridColumns));
  rows_ = folder_.begin_log(first_iteration_);
  best_ = best_checkpoint(folder_.path());
}

void RunRecorder::begin_sitting() {
  sitting_begin_ = Clock::now();
  aside_seconds_ = last_row_seconds_ = 0.0;
  last_row_iteration_ = first_iteration_;
  ProgressOptions options;
  options.start = first_iteration_;
  options.items_per_step = static_cast<double>(images_per_iteration(config_));
  options.unit = "img";
  progress_.emplace("training", total_, options);
}

void RunRecorder::end_sitting() {
  progress_->finish();
  progress_.reset();
  // The last iteration has a row even where a signal chose it.
  if (last_row_iteration_ != trainer_.iteration()) log(last_step_, std::nullopt);
  training_seconds_ = seconds_trained();
  timed_iterations_ = trainer_.iteration() - first_iteration_;
}

void RunRecorder::record(const StepReport& step, std::optional<double> swd) {
  last_step_ = step;
  const std::int64_t iteration = trainer_.iteration();
  if (iteration == 1 || iteration % kLogEvery == 0 || iteration == total_ || swd) log(step, swd);
  const bool is_best = swd && (!best_ || *swd <= best_->swd);
  if (is_best) best_ = ScoredCheckpoint{iteration, folder_.checkpoint_path(iteration), *swd};
  const std::int64_t every = config_.cadence.checkpoint_every;
  if (iteration < total_ && (is_best || (every > 0 && iteration % every == 0))) save();
  // A critic within narrow bounds says small numbers.
  const int more = trainer_.options().loss == Loss::wgan ? 2 : 0;
  progress_->update(iteration, concat("loss D ", fixed_text(step.loss_d, 3 + more), " G ", fixed_text(step.loss_g.back(), 3 + more),
                                      ", D(real) ", fixed_text(step.d_real, 2 + more), " D(fake) ", fixed_text(step.d_fake, 2 + more),
                                      swd ? concat(", SWD ", fixed_text(*swd, 4)) : ""));
}

void RunRecorder::watch_game(const StepReport& step) { warn(monitor_.watch_game(trainer_.iteration(), step.d_real, step.d_fake)); }

void RunRecorder::log(const StepReport& step, std::optional<double> swd) {
  LogRow row;
  row.iteration = trainer_.iteration();
  const std::int64_t batches = std::ssize(data_.train) / config_.trainer.batch;
  row.epoch = static_cast<double>(row.iteration * config_.trainer.d_steps) / static_cast<double>(batches);
  row.loss_d = step.loss_d;
  row.loss_g = step.loss_g.back();
  row.d_real = step.d_real;
  row.d_fake = step.d_fake;
  const std::int64_t images = (row.iteration - last_row_iteration_) * images_per_iteration(config_);
  row.images_per_second = static_cast<double>(images) / std::max(seconds_trained() - last_row_seconds_, 1e-9);
  row.swd = swd;
  folder_.log(row);
  rows_.push_back(row);
  last_row_iteration_ = row.iteration;
  last_row_seconds_ = seconds_trained();
}

std::string RunRecorder::sample() {
  Sampler sampler = run_sampler(trainer_, config_);
  samples_ = sample_images(sampler, trainer_.fixed_latents().value.data(), Trainer::kFixedLatents);
  write_png(folder_.sample_path(trainer_.iteration()), image_grid(samples_, samples_.count(), kGridColumns));
  return monitor_.watch_samples(trainer_.iteration(), spread(samples_), spread(training_images()));
}

// As many as a grid of samples has, or all.
ImageSet RunRecorder::training_images() const {
  const std::int64_t count = std::min<std::int64_t>(Trainer::kFixedLatents, std::ssize(data_.train));
  const std::int64_t bytes = data_.images.bytes_per_image();
  const auto pixels = std::make_shared<std::vector<std::uint8_t>>(static_cast<std::size_t>(count * bytes));
  if (count > 0) data_.training_source().read(0, count, pixels->data());
  return {pixels, pixels->data(), count, data_.images.size(), data_.images.channels()};
}

void RunRecorder::warn(const std::string& warning) {
  if (warning.empty()) return;
  if (progress_) progress_->note("warning: " + warning);
  else say(stderr, "warning: ", warning);
  warnings_.push_back(warning);
}

void RunRecorder::save() {
  const std::int64_t iteration = trainer_.iteration();
  if (iteration == saved_iteration_) return;
  CheckpointNotes notes{{"options", run_identity(config_).text()}, {"data", data_.fingerprint}};
  if (!plan_.former_paths.empty()) notes[kFormerPathsNote] = plan_.former_paths;
  save_checkpoint(folder_.checkpoint_path(iteration), trainer_, notes);
  remove_older_checkpoints();
  saved_iteration_ = iteration;
}

void RunRecorder::remove_older_checkpoints() {
  const std::int64_t iteration = trainer_.iteration();
  warn(folder_.keep_checkpoints(config_.cadence.keep, iteration, best_ ? best_->iteration : iteration));
}

void RunRecorder::take_time_from_log() {
  timed_iterations_ = rows_.empty() ? 0 : rows_.back().iteration;
  training_seconds_ = 0.0;
  std::int64_t before = 0;
  for (const LogRow& row : rows_) {
    const std::int64_t images = (row.iteration - before) * images_per_iteration(config_);
    training_seconds_ += static_cast<double>(images) / std::max(row.images_per_second, 1e-9);
    before = row.iteration;
  }
}

}  // namespace pbgen
