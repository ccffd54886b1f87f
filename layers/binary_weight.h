// A layer's weight in full or in one-bit precision: the latent array W that the optimiser moves and, where a recipe
// binarizes it, the array that the layer multiplies by, W_b = alpha * sign(W), with one alpha for each output channel.
//
//   alpha_o = mean |W| over the channel's n weights;  sign(0) = +1;  g = dL/dW_b
//   pbgen   dL/dW = alpha * 1[|W| < 1] * g + sign(W)/n * sum over the channel of g * sign(W)
//           (straight through the sign, exact through alpha)
//   port    as pbgen, but alpha_o = sum |W| / d, and d in place of n in its derivative: d is n in convolutions and linear layers, but
//           k*k*c_out in deconvolutions, where n is k*k*c_in (spec: the authors' port; for an ablation)
//   xnor    dL/dW = (1/n + alpha * 1[|W| < 1]) * (1 - 1/inputs) * n * g, elementwise, and W itself is centred over its
//           input channels and clamped to [-1, 1] after every update
//
// Sources: pbgen: the paper's binarization with the gradient of its authors' port.  port: the scale of that port, too.  xnor:
// Rastegari et al., XNOR-Net, ECCV 2016, section 3.1, as in its authors' code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/base/parallel.h"
#include "core/base/range.h"
#include "core/base/workspace.h"
#include "core/freestanding/ints.h"
#include "core/tensor/param.h"

namespace pbgen {

enum class BinaryRecipe { none, pbgen, port, xnor };

const char* name(BinaryRecipe recipe);
// The recipe that binarizes and has that name; nothing where there is none.
std::optional<BinaryRecipe> recipe_named(std::string_view name);

// One dimension of a row-major array: element i has index (i / stride) % extent along it.
struct WeightAxis {
  std::int64_t extent = 0;
  std::int64_t stride = 0;
};

// Where an element stands: all that binarization asks of a weight's layout.
//   convolution [c_out, c_in, k, k]: channel {c_out, c_in*k*k}, input {c_in, k*k}
//   deconvolution [c_in, c_out, k, k]: channel {c_out, k*k}, input {c_in, c_out*k*k}
//   linear [c*h*w, in]: channel {c, h*w*in}, input {in, 1}
struct WeightAxes {
  WeightAxis channel;  // the output channel, which has one scale
  WeightAxis input;    // the input channel, over which xnor centres
  std::int64_t port_divisor = 0;  // d of port; 0: the channel's count of weights
};

class BinaryWeight {
 public:
  // Zeros.  std::logic_error where an axis does not divide the array.
  BinaryWeight(std::string name, std::vector<std::int64_t> dims, const WeightAxes& axes, BinaryRecipe recipe);

  Param& latent() { return latent_; }
  const Param& latent() const { return latent_; }
  BinaryRecipe recipe() const { return recipe_; }
  bool binarized() const { return recipe_ != BinaryRecipe::none; }

  // What the layer multiplies by, laid out as the latent array: W_b as of the last repack(), or W itself.  Null after
  // drop_expanded().
  const float* used() const { return binarized() ? expanded_.data() : latent_.value.data(); }
  // For a layer that reads signs and scales alone: W_b is not kept any more.
  void drop_expanded() { expanded_ = {}; }
  // alpha of every output channel, and W_b; empty unless binarized(), W_b also after drop_expanded().
  std::span<const float> scale() const { return scale_.span(); }
  std::span<const float> expanded() const { return expanded_.span(); }

  std::int64_t derived_bytes() const { return static_cast<std::int64_t>(sizeof(float)) * (scale_.size() + expanded_.size()); }

  // xnor: centres and clamps W in place.  Else nothing.
  void project();
  // Remakes scale (relative error below 2^-21) and, where it is kept, W_b from W.  The one place where anything is derived
  // from a weight; once an optimiser update.
  void repack();
  // Its first part: the scales of the channels that are held.
  void rescale();

  const WeightAxes& axes() const { return axes_; }

  // From now on rescale() makes the scales of these channels alone.  Of the others another process holds W, and here stands, from
  // read_codes(), what the layer needs of it: its scales, and stand-ins of W's signs and of its sides of 1.
  void hold(Range channels) { held_ = channels; }
  // Two bits a weight, its sign and whether it lies outside of (-1, 1), four to a byte, in the order of the array.
  std::int64_t code_bytes(Range channels) const { return ceil_div(channels.size() * weights_per_channel(), 4); }
  void write_codes(Range channels, std::byte* codes) const;
  // scale: one for each of the channels.
  void read_codes(Range channels, const std::byte* codes, const float* scale);

  // Scratch of add_gradient.
  std::int64_t workspace_floats() const { return binarized() ? Workspace::round_up(latent_.value.size()) : 0; }
  // Calls product(g, beta) once, which leaves beta*g + dL/d used() in g (beta 0: g is written, never read), and adds the
  // gradient with respect to W to latent().gradient.  The map is linear in g, so calls of one step add up.
  void add_gradient(Workspace& workspace, FunctionRef<void(float* g, float beta)> product);

 private:
  std::int64_t weights_per_channel() const { return latent_.value.size() / axes_.channel.extent; }
  // What alpha divides the sum of a channel's |W| by.
  double scale_divisor() const {
    const bool port = recipe_ == BinaryRecipe::port && axes_.port_divisor > 0;
    return static_cast<double>(port ? axes_.port_divisor : weights_per_channel());
  }
  // Calls body(first channel, its and its neighbours' runs), threads splitting the channels.
  template <class Body>
  void for_each_block(Range channels, Body body) const;

  // Calls body(number among these, index) for the weights of some channels.
  template <class Body>
  void for_each_weight(Range channels, Body body) const;

  BinaryRecipe recipe_;
  WeightAxes axes_;
  Param latent_;
  AlignedBuffer<float> scale_;
  AlignedBuffer<float> expanded_;
  Range held_;
};

}  // namespace pbgen
