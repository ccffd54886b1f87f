// Activations in the lane layout of shape.h: the owner, and the views that layers take.
#pragma once

#include <cstdint>

#include "core/base/aligned_buffer.h"
#include "core/base/check.h"
#include "core/tensor/shape.h"

namespace pbgen {

struct ConstTensorView {
  const float* data = nullptr;
  LaneShape shape;
};

struct TensorView {
  float* data = nullptr;
  LaneShape shape;
  operator ConstTensorView() const { return {data, shape}; }
};

// One of `parts` equal parts of the images: whole slices, else std::logic_error.
template <class View>
View part_of_batch(View view, int part, int parts) {
  check(view.shape.slices() % parts == 0, "a batch of ", view.shape.batch, " images in ", parts, " parts of whole slices");
  const std::int64_t floats = view.shape.floats() / parts;
  view.shape.batch /= parts;
  view.data += part * floats;
  return view;
}

class Tensor {
 public:
  Tensor() = default;
  // Zeros.  The batch is a positive multiple of kLanes and every extent is positive, else std::logic_error.
  explicit Tensor(const LaneShape& shape) : shape_(shape) {
    check(shape.batch > 0 && shape.batch % kLanes == 0, "tensor batch is ", shape.batch, ", expected a positive multiple of ", kLanes);
    check(shape.height > 0 && shape.width > 0 && shape.channels > 0, "tensor shape is ", shape, ", every extent must be positive");
    values_ = AlignedBuffer<float>(shape.floats());
  }

  const LaneShape& shape() const { return shape_; }
  float* data() { return values_.data(); }
  const float* data() const { return values_.data(); }
  std::int64_t floats() const { return values_.size(); }
  TensorView view() { return {values_.data(), shape_}; }
  ConstTensorView view() const { return {values_.data(), shape_}; }

 private:
  LaneShape shape_;
  AlignedBuffer<float> values_;
};

}  // namespace pbgen
