// What a convolution and its adjoint share: the geometry, the weights' layout, and the products made of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/conv/conv_geometry.h"
#include "layers/conv_products.h"
#include "layers/weighted_layer.h"

namespace pbgen {

// <name>.weight [small side's channels, big side's channels, kernel, kernel]: [c_out, c_in, ..] of a convolution, [c_in,
// c_out, ..] of a deconvolution.
class StridedConv : public WeightedLayer {
 public:
  StridedConv(const StridedConv&) = delete;
  StridedConv& operator=(const StridedConv&) = delete;

  std::int64_t workspace_floats(const LaneShape& input) const override;
  std::int64_t derived_bytes(const LaneShape& input) const override;
  void weights_changed() override;

 protected:
  // kind: conv or deconv.  Uses conv_algorithm() as it stands.  std::logic_error for a number below 1.
  StridedConv(LayerKind kind, const std::string& name, std::int64_t c_in, std::int64_t c_out, std::int64_t kernel, std::int64_t stride,
              BinaryRecipe recipe);

  virtual ConvGeometry geometry(const LaneShape& input) const = 0;

  const ConvProducts& products() const { return *products_; }
  // small and big: of the layer's x and dy, whichever is which.
  void add_weight_gradient(const ConvGeometry& geometry, ConstTensorView small, ConstTensorView big, Workspace& workspace);

 private:
  std::unique_ptr<ConvProducts> products_;
};

}  // namespace pbgen
