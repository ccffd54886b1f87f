// The three products of a convolution and of the deconvolution that is its adjoint, by any algorithm.
//
// The sides are those of core/conv/conv_geometry.h.  A convolution's forward is to_small and its input gradient to_big; a
// deconvolution's the other way round; the weight gradient is one and the same.
#pragma once

#include <cstdint>
#include <memory>

#include "core/base/workspace.h"
#include "core/conv/conv_algorithm.h"
#include "core/conv/conv_direct.h"
#include "core/conv/conv_geometry.h"
#include "core/tensor/tensor.h"
#include "layers/binary_weight.h"

namespace pbgen {

// Which side the scales of one-bit weights belong to: the output of a forward, the input of an input gradient.
enum class Pass { forward, input_gradient };

class ConvProducts {
 public:
  virtual ~ConvProducts() = default;

  // Scratch of the largest product.
  virtual std::int64_t workspace_floats(const ConvGeometry& geometry, const LaneShape& small, const LaneShape& big) const = 0;
  // Memory of what pack() keeps, once a batch of so many such maps has passed.
  virtual std::int64_t packed_bytes(const ConvGeometry&, std::int64_t images) const { static_cast<void>(images); return 0; }
  // Remakes what is derived from the weights.
  virtual void pack() {}
  // Overwrites small.  bias: a float for each of its channels, or null.
  virtual void to_small(const ConvGeometry& geometry, Pass pass, const float* bias, ConstTensorView big, TensorView small,
                        Workspace& workspace) const = 0;
  // Overwrites big.  bias: as above.
  virtual void to_big(const ConvGeometry& geometry, Pass pass, const float* bias, ConstTensorView small, TensorView big,
                      Workspace& workspace) const = 0;
  // dw := beta*dw + gradient with respect to the weights that the products multiply by; beta is 0 or 1.
  virtual void weight_gradient(const ConvGeometry& geometry, ConstTensorView small, ConstTensorView big, float beta, float* dw,
                               Workspace& workspace) const = 0;
};

// weight: of dims [c_small, c_big, kernel, kernel]; outlives the products.  Tells it whether its expanded form is needed.
std::unique_ptr<ConvProducts> make_conv_products(ConvAlgorithm algorithm, const ConvWeightShape& shape, BinaryWeight& weight);

}  // namespace pbgen
