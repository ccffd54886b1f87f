// What layers cost: shapes, the degree of redundancy, memory, operations, and what the paper's eq. (3) says that one-bit weights
// save.  One description serves our networks and any other (./tools/plan --layers).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gan/networks.h"
#include "layers/weighted_layer.h"

namespace pbgen {

// "linear", "conv" or "deconv".
const char* name(LayerKind kind);

// One convolution, deconvolution or linear layer.  Padding is SAME: a deconvolution's map grows by the stride, a convolution's
// shrinks by it, rounded up.  Sizes are positive; whoever reads them from a file bounds them so that no product overflows.
struct LayerRow {
  std::string network;  // "generator" or "discriminator"; empty for layers of a file
  std::string name;     // "deconv1"
  LayerKind kind = LayerKind::deconv;
  std::int64_t c_in = 1;
  std::int64_t c_out = 1;
  std::int64_t kernel_height = 1;  // 1 for a linear layer, as its width and stride
  std::int64_t kernel_width = 1;
  std::int64_t stride = 1;
  std::int64_t height_in = 1;
  std::int64_t width_in = 1;
  std::int64_t height_out = 1;
  std::int64_t width_out = 1;
  bool binarized = false;
  bool can_be_binarized = true;        // the discriminator's linear layer is float in every setting
  std::int64_t other_parameters = 0;  // bias and the batch normalisation behind the layer, moving statistics excluded

  // The same layer with the output map that its stride makes of the input map; a linear layer keeps its own.
  LayerRow with_same_padding() const;

  std::int64_t pixels_in() const { return height_in * width_in; }  // s_i
  // A linear layer reads as a deconvolution from a 1x1 map whose channels are all its inputs.
  std::int64_t redundancy() const;
  std::int64_t weights() const;
  std::int64_t multiply_adds() const;  // an image, borders included (the paper's count)
  std::int64_t scales() const { return c_out; }  // floats that go with one-bit weights
  // Weights at 1 bit with a float a channel where binarized, else 4 bytes; 4 bytes for everything else.
  std::int64_t bytes() const;
};

// The layers of both networks, the generator's first, each in the order of computation.
std::vector<LayerRow> layer_table(const NetworkConfig& config);

// Indices of `rows`, the highest redundancy first, the earlier row first among equals: Algorithm 1's order.  Layers that cannot be
// binarized are left out, and linear layers unless asked for (the paper sorts convolutions and deconvolutions).
std::vector<std::size_t> redundancy_order(const std::vector<LayerRow>& rows, bool with_linear);

// How many times less a partly binarized net needs than the same net in float.
struct Saving {
  double memory = 1.0;     // eq. (3): 32 N / (K + 32 (N - K)), of N weights K binarized
  double inference = 1.0;  // the same with operations for weights and 2 for 32
  double training = 1.0;   // 2 / (1 + 1 / inference): only the forward half gets faster
};

// Over all rows, as each says whether it is binarized.  At least one row.
Saving saving(const std::vector<LayerRow>& rows);

// One way to count a generator.
struct Counting {
  std::string counted;
  Saving saving;
};

// Eq. (3) of the generator: its deconvolutions alone, and with the linear layer in float and in one bit.
std::vector<Counting> generator_countings(const NetworkConfig& config);

// The generator that the paper's Fig. 4 draws, 1024 channels wide, under Setting F.
NetworkConfig figure_4_network();

// Table IV, as printed: Setting F.  No way of counting above gives its memory.
inline constexpr Saving kPrintedSaving{.memory = 25.81, .inference = 1.96, .training = 1.32};

}  // namespace pbgen
