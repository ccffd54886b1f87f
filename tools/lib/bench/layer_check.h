// What a layer's results must be: sampled entries recomputed in double from the formula of its header, one by one, by code that shares
// nothing with the kernels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/conv/conv_geometry.h"
#include "core/tensor/tensor.h"
#include "layers/weighted_layer.h"

namespace pbgen {

class LayerDefinition {
 public:
  // The layer is a convolution, a deconvolution, or a linear layer whose input is 1x1, as its weights are now.  One-bit weights
  // are the pbgen recipe's.  std::logic_error for another linear layer.
  LayerDefinition(WeightedLayer& layer, const LaneShape& input);

  // Each compares a hundred entries, the corners among them, within (n + 8) * 2^-24 times the sum of the magnitudes of an entry's n
  // terms; std::logic_error naming `what`, the entry and both values.
  void check_forward(const std::string& what, ConstTensorView x, ConstTensorView y) const;
  void check_input_gradient(const std::string& what, ConstTensorView dy, ConstTensorView dx) const;
  // dw: of the weights that the layer multiplies by, laid out as they are.
  void check_weight_gradient(const std::string& what, ConstTensorView x, ConstTensorView dy, const float* dw) const;

 private:
  struct Sum {
    double value = 0.0;
    double magnitude = 0.0;
    std::int64_t terms = 0;
    void add(double a, double b);
  };
  Sum small_entry(ConstTensorView big, std::int64_t image, std::int64_t y, std::int64_t x, std::int64_t channel) const;
  Sum big_entry(ConstTensorView small, std::int64_t image, std::int64_t y, std::int64_t x, std::int64_t channel) const;
  Sum weight_entry(ConstTensorView small, ConstTensorView big, std::int64_t c_small, std::int64_t c_big, std::int64_t tap) const;
  std::int64_t weight_index(std::int64_t c_small, std::int64_t c_big, std::int64_t tap) const;
  double bias_of(std::int64_t channel, std::int64_t pixel) const;
  void check_images(const std::string& what, ConstTensorView in, ConstTensorView out, bool out_is_big, bool with_bias) const;
  static void expect(const std::string& what, const Sum& expected, float got, std::int64_t entry);

  ConvGeometry geometry_;
  std::int64_t c_small_ = 0;
  std::int64_t c_big_ = 0;
  bool linear_ = false;         // a deconvolution of one pixel whose kernel is the whole output, its weights transposed
  bool output_is_big_ = false;  // a deconvolution
  std::vector<float> weights_;  // what the layer multiplies by
  std::vector<float> bias_;
};

}  // namespace pbgen
