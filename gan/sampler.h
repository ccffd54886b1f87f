// A generator set aside for drawing images: a copy, so that nothing it does is seen by training.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/parallel.h"
#include "core/base/workspace.h"
#include "core/tensor/tensor.h"
#include "gan/networks.h"
#include "layers/sequential.h"

namespace pbgen {

// What the tools calibrate with unless told otherwise, so that they draw the same images; train_gan takes its own batch.
inline constexpr int kCalibrationBatches = 16;
inline constexpr int kCalibrationBatch = 64;

// Memory of a trainer that is idle between two steps, to be overwritten: activations of its generator at the batch that a
// calibration uses, and its scratch.  Without it, or where the scratch is too small, a sampler makes its own.
struct SamplerLoan {
  Sequential::Record* record = nullptr;
  Sequential::Scratch* scratch = nullptr;
};

class Sampler {
 public:
  // Takes the weights and moving statistics of source, a generator of that configuration.  The loan outlives the sampler.
  Sampler(const NetworkConfig& config, const Sequential& source, const SamplerLoan& loan = {});

  // Replaces the moving statistics by the exact ones of `batches` batches of `batch` images, normalised as in training,
  // their latents drawn from (seed, Stream::calibrate, batch number).  Moving averages of decay 0.9 over flipping one-bit
  // weights are noisy.  batches >= 1; batch a multiple of kLanes.
  void calibrate(int batches, int batch, std::uint64_t seed);

  // Images in [-1, 1] from z [count][z_dim], in inference mode, a few at a time: consume(first, images, n) gets the lane
  // tensor whose first n images are numbers first .. first + n - 1; the rest is padding.  An image does not depend on
  // what is drawn beside it.
  void generate(const float* z, std::int64_t count, FunctionRef<void(std::int64_t first, ConstTensorView images, std::int64_t n)> consume);

  const NetworkConfig& config() const { return config_; }
  Sequential& network() { return generator_; }

 private:
  static constexpr std::int64_t kBatch = 32;  // bounds the memory of a call

  // What generate needs, from its first call on: a calibration before it has the memory for itself.
  struct Room {
    Tensor latents;
    Sequential::Scratch scratch;
    Workspace workspace;
  };

  NetworkConfig config_;
  SamplerLoan loan_;
  Sequential generator_;
  std::optional<Room> room_;
};

// Copies parameters and buffers between networks of the same configuration, and remakes what is derived from them.
void copy_weights(const Sequential& from, Sequential& to);

}  // namespace pbgen
