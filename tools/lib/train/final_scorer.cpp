#include "tools/lib/train/final_scorer.h"

#include <algorithm>

#include "core/base/rng.h"
#include "tools/lib/model/sample_images.h"
#include "tools/lib/train/run_sampler.h"

namespace pbgen {

ScoreOptions FinalScorer::options(int repeats) const {
  ScoreOptions options;
  options.swd.seed = config_.trainer.seed;
  options.num_images = std::min(config_.scoring.images, static_cast<std::int64_t>(data_.train.size()));
  if (!data_.held_out.empty()) options.num_images = std::min(options.num_images, static_cast<std::int64_t>(data_.held_out.size()));
  options.repeats = repeats;
  return options;
}

ImageSource FinalScorer::judge() const { return data_.held_out.empty() ? data_.training_source() : data_.held_out_source(); }

ImageSet FinalScorer::generated(Sampler& sampler) const {
  return sample_images(sampler, config_.trainer.seed, Stream::score, 0, options(1).num_images);
}

double FinalScorer::score() const {
  Sampler sampler = run_sampler(trainer_, config_);
  return pbgen::score(judge(), image_source(generated(sampler)), options(1)).mean.mean;
}

double FinalScorer::score_at_the_end() {
  const ScoreOptions repeated = options(config_.scoring.repeats);
  Sampler sampler = run_sampler(trainer_, config_);
  const ImageSet fake = generated(sampler);
  scores_.emplace();
  scores_->generator = pbgen::score(judge(), image_source(fake), repeated);
  if (!data_.held_out.empty()) {
    scores_->training = pbgen::score(data_.training_source(), image_source(fake), repeated);
    scores_->noise_floor = pbgen::score(data_.training_source(), data_.held_out_source(), repeated);
  }
  Sequential fresh = make_generator(trainer_.options().network);
  initialise(fresh, config_.trainer.seed, kGeneratorFirstNumber);
  Sampler untrained(trainer_.options().network, fresh);
  // Unlike the weights, moving statistics have no initial values that mean anything.
  untrained.calibrate(1, std::max(config_.trainer.batch, 64), config_.trainer.seed);
  scores_->untrained = pbgen::score(judge(), image_source(generated(untrained)), repeated);
  return scores_->generator.mean.mean;
}

}  // namespace pbgen
