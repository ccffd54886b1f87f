#include "tools/lib/paper/trial_scorer.h"

#include <cstdio>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "core/files/crc64.h"
#include "core/files/file.h"
#include "core/files/json.h"
#include "gan/latents.h"
#include "tools/lib/train/run_config_text.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMaxConfigBytes = 1 << 20;
constexpr std::int64_t kMaxCheckpointBytes = std::int64_t{1} << 34;

RunConfig config_of(const TrialResult& trial) {
  const std::string path = trial.folder + "/config.json";
  return run_config_of(parse_json(read_text_file(path, kMaxConfigBytes), ErrorKind::data, path), path);
}

}  // namespace

std::string scored_checkpoint_key(const TrialResult& trial) {
  Crc64 crc;
  crc.add(read_file(trial.checkpoint(), kMaxCheckpointBytes));
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(crc.value()));
  return concat(digits, "-", trial.num_images, "-", trial.repeats);
}

TrialScorer::TrialScorer(const TrialResult& trial)
    : trial_(trial), config_(config_of(trial)), checkpoint_(Checkpoint::load(trial.checkpoint())), data_(load_training_data(config_)) {
  if (checkpoint_.note("data") != data_.fingerprint) {
    fail(ErrorKind::data, trial.checkpoint(), ": was trained on other images (", checkpoint_.note("data"), ") than these (",
         data_.fingerprint, "); name another --out");
  }
}

void TrialScorer::calibrate(Sampler& sampler) const {
  const int batches = config_.scoring.calibration_batches;
  sampler.calibrate(batches > 0 ? batches : kCalibrationBatches, config_.trainer.batch, config_.trainer.seed);
}

std::vector<float> TrialScorer::latents() const {
  const int z_dim = checkpoint_.network().z_dim;
  std::vector<float> z(static_cast<std::size_t>(trial_.num_images * z_dim));
  draw_latents(CounterRng(config_.trainer.seed, Stream::score), 0, trial_.num_images, z_dim, z.data());
  return z;
}

Score TrialScorer::score(const ImageSet& images) const {
  ScoreOptions options;
  options.swd.seed = config_.trainer.seed;
  options.num_images = trial_.num_images;
  options.repeats = trial_.repeats;
  return pbgen::score(data_.held_out.empty() ? data_.training_source() : data_.held_out_source(), image_source(images), options);
}

}  // namespace pbgen
