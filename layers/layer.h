// The contract of every layer.
//
// The caller owns x, y, dy, dx and the record of a forward; the layer owns its parameters and their gradients.
// Forward is const.  One sentence defines every backward: it computes the gradient of <y, dy>.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/ranks.h"
#include "core/base/workspace.h"
#include "core/tensor/param.h"
#include "core/tensor/tensor.h"

namespace pbgen {

// train: batch statistics normalise; inference: moving statistics do.
enum class Mode { train, inference };

// Which gradients a backward computes.
struct Want {
  bool input = true;   // dx is overwritten
  bool params = true;  // parameter gradients are added to
};

class Layer {
 public:
  virtual ~Layer() = default;

  // std::logic_error where the layer cannot take this input.
  virtual LaneShape output_shape(const LaneShape& input) const = 0;
  // Scratch of the larger of forward and backward.
  virtual std::int64_t workspace_floats(const LaneShape& input) const { static_cast<void>(input); return 0; }
  // What a forward leaves for its backward besides x and y (batch statistics).
  virtual std::int64_t record_floats(const LaneShape& input) const { static_cast<void>(input); return 0; }
  // Memory of what weights_changed() keeps, once maps of this input have passed.
  virtual std::int64_t derived_bytes(const LaneShape& input) const { static_cast<void>(input); return 0; }
  // Whether y may be x and dx may be dy: true where backward looks at y alone.
  virtual bool in_place() const { return false; }
  // Whether an image's output depends on the others of its batch.
  virtual bool combines_images() const { return false; }
  // How the batch is cut that forwards and backwards see this process's part of from now on.  A layer that combines images gets all of that
  // part in one call and sums over all ranks; the others get a shard a call.
  virtual void share(const Sharing& sharing) {
    for (Param* const param : params()) param->set_shards(sharing.here());
  }
  // Whether dx may be dy, whatever y is.
  virtual bool gradient_in_place() const { return in_place(); }

  // y: overwritten, of output_shape(x.shape); overlaps x only where in_place().
  // record: record_floats(x.shape) floats, overwritten in train mode, untouched in inference mode.
  virtual void forward(ConstTensorView x, TensorView y, std::span<float> record, Workspace& workspace, Mode mode) const = 0;

  // x, y, record: those of a forward in train mode.  dy: gradient with respect to y.  dx: of x's shape, overwritten where
  // want.input, else untouched (it may be empty).  Layers that are in_place() never read x.
  virtual void backward(ConstTensorView x, ConstTensorView y, ConstTensorView dy, TensorView dx, std::span<const float> record,
                        Want want, Workspace& workspace) = 0;

  // Trained arrays; empty for most.  The pointers live as long as the layer.
  virtual std::vector<Param*> params() { return {}; }
  // Arrays that are kept but not trained (moving statistics).
  virtual std::vector<NamedArray*> buffers() { return {}; }

  // Brings the stored weights back onto the set that the binarization recipe keeps (XNOR-Net: centred and clamped).
  // Called after initialisation and after every optimiser update, never after loading: it is not idempotent to the bit.
  virtual void project_weights() {}
  // Remakes all that is derived from the weights (signs, scales, packings).  Called after project_weights and after
  // loading: once an optimiser update, never once a forward.
  virtual void weights_changed() {}
  // Folds a train-mode forward's batch statistics into the moving ones.
  virtual void update_moving_statistics(std::span<const float> record) { static_cast<void>(record); }
};

}  // namespace pbgen
