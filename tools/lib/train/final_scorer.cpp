#include "tools/lib/train/final_scorer.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <vector>

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
  options.swd.ranks = &trainer_.ranks();
  return options;
}

ImageSource FinalScorer::judge() const { return data_.held_out.empty() ? data_.training_source() : data_.held_out_source(); }

ImageSet FinalScorer::generated(Sampler* sampler) const {
  const std::int64_t count = options(1).num_images;
  if (trainer_.ranks().count() == 1) return sample_images(*sampler, config_.trainer.seed, Stream::score, 0, count);
  const NetworkConfig& network = config_.network();
  const auto pixels = std::make_shared<std::vector<std::uint8_t>>(
      static_cast<std::size_t>(count * network.size * network.size * network.channels));
  if (sampler != nullptr) {
    const ImageSet drawn = sample_images(*sampler, config_.trainer.seed, Stream::score, 0, count);
    std::copy_n(drawn.image(0).data(), pixels->size(), pixels->data());
  }
  trainer_.ranks().broadcast(std::as_writable_bytes(std::span(*pixels)));
  return {pixels, pixels->data(), count, network.size, network.channels};
}

ImageSet FinalScorer::trained() {
  std::optional<Sampler> sampler;
  if (trainer_.ranks().rank() == 0) sampler = run_sampler(trainer_, config_);
  return generated(sampler ? &*sampler : nullptr);
}

ImageSet FinalScorer::untrained() const {
  if (trainer_.ranks().rank() != 0) return generated(nullptr);
  Sequential fresh = make_generator(trainer_.options().network);
  initialise(fresh, config_.trainer.seed, kGeneratorFirstNumber);
  Sampler sampler(trainer_.options().network, fresh);
  // Unlike the weights, moving statistics have no initial values that mean anything.
  sampler.calibrate(1, std::max(config_.trainer.batch, 64), config_.trainer.seed);
  return generated(&sampler);
}

double FinalScorer::score() { return pbgen::score(judge(), image_source(trained()), options(1)).mean.mean; }

double FinalScorer::score_at_the_end() {
  const ScoreOptions repeated = options(config_.scoring.repeats);
  const ImageSet fake = trained();
  scores_.emplace();
  scores_->generator = pbgen::score(judge(), image_source(fake), repeated);
  if (!data_.held_out.empty()) {
    scores_->training = pbgen::score(data_.training_source(), image_source(fake), repeated);
    scores_->noise_floor = pbgen::score(data_.training_source(), data_.held_out_source(), repeated);
  }
  scores_->untrained = pbgen::score(judge(), image_source(untrained()), repeated);
  return scores_->generator.mean.mean;
}

}  // namespace pbgen
