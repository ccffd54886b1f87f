// Elementwise nonlinearities.  All work in place: backward looks at y alone.
#pragma once

#include <span>

#include "layers/layer.h"

namespace pbgen {

// What the activations share.  y may be x, dx may be dy; in backward x is never read.
class Activation : public Layer {
 public:
  LaneShape output_shape(const LaneShape& input) const final { return input; }
  bool in_place() const final { return true; }
};

// y = max(x, 0); the slope at 0 is 0.  NaN stays NaN.
class ReLU final : public Activation {
 public:
  void forward(ConstTensorView x, TensorView y, std::span<float> record, Workspace& workspace, Mode mode) const override;
  void backward(ConstTensorView x, ConstTensorView y, ConstTensorView dy, TensorView dx, std::span<const float> record, Want want,
                Workspace& workspace) override;
};

// y = x where x > 0, else slope x; the slope at 0 is `slope`.  NaN stays NaN.
class LeakyReLU final : public Activation {
 public:
  // slope in (0, 1): with another one y would not tell x's sign.
  explicit LeakyReLU(float slope = 0.2f);
  void forward(ConstTensorView x, TensorView y, std::span<float> record, Workspace& workspace, Mode mode) const override;
  void backward(ConstTensorView x, ConstTensorView y, ConstTensorView dy, TensorView dx, std::span<const float> record, Want want,
                Workspace& workspace) override;

 private:
  float slope_;
};

// y = tanh(x), by core/base/math.h.
class Tanh final : public Activation {
 public:
  void forward(ConstTensorView x, TensorView y, std::span<float> record, Workspace& workspace, Mode mode) const override;
  void backward(ConstTensorView x, ConstTensorView y, ConstTensorView dy, TensorView dx, std::span<const float> record, Want want,
                Workspace& workspace) override;
};

}  // namespace pbgen
