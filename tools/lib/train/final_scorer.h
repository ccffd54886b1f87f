// Scores a run's generator: while it trains, and at the end beside everything that its distance is to be read against.
#pragma once

#include <cstdint>
#include <optional>

#include "data/image_set.h"
#include "gan/sampler.h"
#include "gan/trainer.h"
#include "metrics/image_source.h"
#include "tools/lib/images/score.h"
#include "tools/lib/train/run_config.h"
#include "tools/lib/train/run_summary.h"
#include "tools/lib/train/training_data.h"

namespace pbgen {

// Every comparison of a run is at the same count of images, for distances at another one are no longer comparable, and with the same
// latent vectors, patches and directions.
class FinalScorer {
 public:
  // What it is given outlives it.  Of several ranks all score, in the same order: rank 0 draws the images, with whole arrays, and each
  // computes a part of the distance's directions.
  FinalScorer(const RunConfig& config, const TrainingData& data, Trainer& trainer) : config_(config), data_(data), trainer_(trainer) {}

  // Mean distance over the levels between generated images and the held-out ones, or the training images where none are held out.
  double score();
  // The same with the repetitions of the last score, and the distances that it stands beside, which scores() has from then on.
  double score_at_the_end();

  // Nothing before score_at_the_end().
  const std::optional<FinalScores>& scores() const { return scores_; }

 private:
  ScoreOptions options(int repeats) const;
  ImageSource judge() const;
  // sampler: null at the ranks behind the first.
  ImageSet generated(Sampler* sampler) const;
  ImageSet trained();
  ImageSet untrained() const;

  const RunConfig& config_;
  const TrainingData& data_;
  Trainer& trainer_;
  std::optional<FinalScores> scores_;
};

}  // namespace pbgen
