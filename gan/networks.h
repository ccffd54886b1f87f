// The paper's generator and discriminator, at any width (spec: the 64x64 networks of the reference DCGAN).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "gan/settings.h"
#include "layers/binary_weight.h"
#include "layers/sequential.h"

namespace pbgen {

struct NetworkConfig {
  static constexpr int kKernel = 5;
  static constexpr int kStride = 2;

  int size = 64;      // image side: 16 * 2^k, 16 .. 1024; the base map is size / 16
  int channels = 3;   // 1 or 3
  int z_dim = 100;    // components of a latent vector, uniform in (-1, 1)
  std::array<int, 4> g_widths{512, 256, 128, 64};  // input channels c_1 .. c_4 of the deconvolutions
  std::array<int, 4> d_widths{64, 128, 256, 512};  // output channels of the convolutions
  Setting binarized;
  BinaryRecipe recipe = BinaryRecipe::pbgen;  // how the layers of `binarized` are binarized

  // Widths as the paper has them: c_i = 8, 4, 2, 1 times gf_dim, and 1, 2, 4, 8 times df_dim.
  static std::array<int, 4> generator_widths(int gf_dim) { return {8 * gf_dim, 4 * gf_dim, 2 * gf_dim, gf_dim}; }
  static std::array<int, 4> discriminator_widths(int df_dim) { return {df_dim, 2 * df_dim, 4 * df_dim, 8 * df_dim}; }

  int base() const { return size / 16; }
  LaneShape latent_shape(std::int64_t batch) const { return {batch, 1, 1, z_dim}; }
  LaneShape image_shape(std::int64_t batch) const { return {batch, size, size, channels}; }
  // InvalidOption naming the field, the value and the rule.
  void validate() const;
  bool operator==(const NetworkConfig&) const = default;
};

// latent_shape -> image_shape, values in [-1, 1].  Layers: linear, bn0, deconv1, bn1, ... deconv4, tanh.
// Weights are zero: initialise() or a checkpoint fills them.
Sequential make_generator(const NetworkConfig& config);
// image_shape -> one logit an image.  Layers: conv1, conv2, bn2, ... conv4, bn4, linear.
Sequential make_discriminator(const NetworkConfig& config);

// Convolution weights from a truncated normal, deconvolution and linear weights from a normal, both of standard
// deviation 0.02; biases and betas 0, gammas 1, moving statistics 0 and 1.  Number the networks' parameters apart by `first_number`.
void initialise(Sequential& network, std::uint64_t seed, std::uint32_t first_number);
inline constexpr std::uint32_t kGeneratorFirstNumber = 0;
inline constexpr std::uint32_t kDiscriminatorFirstNumber = 1000;

}  // namespace pbgen
