// Scores other images of a finished trial's generator as train_gan scored its own at the end.
#pragma once

#include <string>

#include "data/image_set.h"
#include "gan/checkpoint.h"
#include "gan/sampler.h"
#include "tools/lib/images/score.h"
#include "tools/lib/train/run_config.h"
#include "tools/lib/train/training_data.h"
#include "tools/lib/trials/trial.h"

namespace pbgen {

// A stamp of the newest checkpoint's bytes and of how it is scored: what a figure read from an earlier make's CSV must have been made of.
// Error(input_output).
std::string scored_checkpoint_key(const TrialResult& trial);

class TrialScorer {
 public:
  // Loads the newest checkpoint and the trial's data.  `trial` outlives the scorer.  Error as train_gan and Checkpoint::load, Error(data)
  // where the images are not those that it was trained on.
  explicit TrialScorer(const TrialResult& trial);

  const Checkpoint& checkpoint() const { return checkpoint_; }

  // Exact statistics as the trial takes them; where it takes none, as the tools do.
  void calibrate(Sampler& sampler) const;
  // z of all images that are scored: [num_images][z_dim].
  std::vector<float> latents() const;
  // The same images to compare with, patches and directions as the trial's own score.
  Score score(const ImageSet& images) const;

 private:
  const TrialResult& trial_;
  RunConfig config_;
  Checkpoint checkpoint_;
  TrainingData data_;
};

}  // namespace pbgen
