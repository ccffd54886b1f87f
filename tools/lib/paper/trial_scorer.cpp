#include "tools/lib/paper/trial_scorer.h"

#include <cstdio>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "core/files/crc64.h"
#include "core/files/file.h"
#include "core/files/json.h"
#include "gan/latents.h"
#include "tools/lib/cli/args.h"

namespace pbgen {
namespace {

constexpr std::int64_t kMaxConfigBytes = 1 << 20;
constexpr std::int64_t kMaxCheckpointBytes = std::int64_t{1} << 34;

TrainFlags flags_of(const TrialResult& trial) {
  const std::string path = trial.folder + "/config.json";
  TrainFlags flags;
  ArgumentParser parser("train_gan", "");
  declare_train_flags(parser, flags);
  parser.apply_config(parse_json(read_text_file(path, kMaxConfigBytes), ErrorKind::data, path), path);
  resolve_train_flags(parser, flags);
  return flags;
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
    : trial_(trial), flags_(flags_of(trial)), checkpoint_(Checkpoint::load(trial.checkpoint())), data_(load_training_data(flags_)) {
  if (checkpoint_.note("data") != data_.fingerprint) {
    fail(ErrorKind::data, trial.checkpoint(), ": was trained on other images (", checkpoint_.note("data"), ") than these (",
         data_.fingerprint, "); name another --out");
  }
}

void TrialScorer::calibrate(Sampler& sampler) const {
  sampler.calibrate(flags_.bn_calibrate > 0 ? flags_.bn_calibrate : kCalibrationBatches, flags_.batch, flags_.seed);
}

std::vector<float> TrialScorer::latents() const {
  const int z_dim = checkpoint_.network().z_dim;
  std::vector<float> z(static_cast<std::size_t>(trial_.num_images * z_dim));
  draw_latents(CounterRng(flags_.seed, Stream::score), 0, trial_.num_images, z_dim, z.data());
  return z;
}

Score TrialScorer::score(const ImageSet& images) const {
  ScoreOptions options;
  options.swd.seed = flags_.seed;
  options.num_images = trial_.num_images;
  options.repeats = trial_.repeats;
  return pbgen::score(data_.held_out.empty() ? data_.training_source() : data_.held_out_source(), image_source(images), options);
}

}  // namespace pbgen
