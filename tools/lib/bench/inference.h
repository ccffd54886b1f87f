// Generators for tools/bench: an untrained network's weights, and statistics that fit them.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/workspace.h"
#include "core/conv/conv_algorithm.h"
#include "core/tensor/tensor.h"
#include "gan/networks.h"
#include "layers/sequential.h"

namespace pbgen {

// Multiply-adds of one image in one network, the linear layers left out: the unit in which the work of an iteration is counted.
double generator_multiply_adds(const NetworkConfig& config);

ConvAlgorithm other_algorithm(ConvAlgorithm algorithm);

// The values of all images, [batch][channels][height][width].
std::vector<float> row_major(ConstTensorView images);

// The generator in inference mode.
class Inference {
 public:
  // half_linear: the linear layer's weights are rounded to half precision.
  Inference(const NetworkConfig& config, std::int64_t batch, ConvAlgorithm algorithm, bool half_linear = false);

  const Sequential& network() const { return network_; }
  // [batch][z_dim].
  std::vector<float> latents() const { return row_major(latent_.view()); }
  // The images of the batch, until the next run.
  ConstTensorView run();

 private:
  Sequential network_;
  Tensor latent_;
  Sequential::Scratch scratch_;
  Workspace workspace_;
};

}  // namespace pbgen
