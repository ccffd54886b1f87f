// A trained generator to draw images from: of a checkpoint, or of an exported model.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "data/image_set.h"
#include "gan/networks.h"
#include "gan/sampler.h"
#include "tools/lib/model/edge_generator.h"

namespace pbgen {

class TrainedGenerator {
 public:
  // The file of either; threads and path are those of core/base/cpu.h in force now.  Errors as Checkpoint::load and PackedModel::load.
  explicit TrainedGenerator(const std::string& path);

  const NetworkConfig& config() const { return config_; }
  // The options of the run that a checkpoint is of, as JSON; "" of an exported model.
  const std::string& run_options() const { return run_options_; }
  // Whether it is an exported model: it is read and drawn as libpbgen does, one image at a time, and its normalisation is folded in.
  bool exported() const { return edge_ != nullptr; }
  // As Sampler::calibrate with batches of 64.  Not of an exported model: std::logic_error.
  void calibrate(int batches, std::uint64_t seed);

  // Images of z [count][z_dim].  The images of a checkpoint and of its export, calibrated alike, differ by at most one grey level.
  // Error(diverged) as sample_images.
  ImageSet draw(const float* z, std::int64_t count);

 private:
  ImageSet draw_exported(const float* z, std::int64_t count);

  NetworkConfig config_;
  std::string run_options_;
  std::optional<Sampler> sampler_;
  std::unique_ptr<EdgeGenerator> edge_;
};

// Whether a file begins as checkpoints and exported models do (safetensors: the ninth byte is '{'), or as an expanded generator,
// which TrainedGenerator refuses by name.
bool begins_as_generator(const std::string& path);

}  // namespace pbgen
