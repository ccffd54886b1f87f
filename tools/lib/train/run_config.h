// What a run of train_gan is: complete, typed, and without a word on how somebody said it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/conv/conv_algorithm.h"
#include "data/crop.h"
#include "data/folder/image_folder.h"
#include "gan/sampler.h"
#include "gan/trainer.h"
#include "tools/lib/train/isa_choice.h"

namespace pbgen {

// The most iterations of a run: far more than anybody waits for, and far less than overflows when images and bytes are counted.
inline constexpr std::int64_t kMaxIterations = 1'000'000'000;

struct DataConfig {
  std::string folder;                      // "": synthetic faces
  std::int64_t synthetic_images = 8192;
  Crop crop;
  bool mirror = false;
  bool contrast_stretch = false;
  bool shuffle = true;
  double holdout = 0.1;                    // share of the images that are scored against and never trained on, 0 to 0.5
  std::string cache;                       // folder of decoded images; "": they stay in memory
  OnBad on_bad = OnBad::one_percent;
  bool operator==(const DataConfig&) const = default;
};

struct ScoringConfig {
  std::int64_t images = 1024;              // of a set, fewer where there are fewer
  int repeats = 1;                         // of the last scores
  int calibration_batches = kCalibrationBatches;  // for exact statistics of batch normalisation; 0: the moving ones
  bool operator==(const ScoringConfig&) const = default;
};

// A run that says nothing of its length has so many iterations, or one pass over its images where that is more: minutes for hundreds of
// pictures, which it passes over often, and no picture of a large set left out.
inline constexpr std::int64_t kDefaultIterations = 3200;

// How long, and what is done how often: in iterations, 0 for never.
struct Cadence {
  std::optional<std::int64_t> iterations;  // in all; one of the two is given, or none: kDefaultIterations
  std::optional<double> epochs;            // passes over the training images
  std::int64_t sample_every = 250;
  std::int64_t swd_every = 500;
  std::int64_t checkpoint_every = 500;
  int keep = 3;                            // checkpoints
  bool operator==(const Cadence&) const = default;
};

struct RunConfig {
  TrainerOptions trainer{.network = {}, .batch = 16, .learning_rate = 5e-4, .seed = 1};  // the networks among them
  ConvAlgorithm conv = ConvAlgorithm::automatic;
  IsaChoice isa;                           // of a run that has begun never `auto`
  DataConfig data;
  ScoringConfig scoring;
  Cadence cadence;
  std::string init_from;                   // the checkpoint whose weights it begins with; "": fresh ones

  const NetworkConfig& network() const { return trainer.network; }
  NetworkConfig& network() { return trainer.network; }
  bool operator==(const RunConfig&) const = default;
};

// Over so many training images, the last incomplete batch of each epoch left out.  InvalidOption where epochs are too many iterations.
std::int64_t total_iterations(const RunConfig& config, std::int64_t training_images);
// Real images that an iteration sees: a batch for each of its discriminator updates.
std::int64_t images_per_iteration(const RunConfig& config);

}  // namespace pbgen
