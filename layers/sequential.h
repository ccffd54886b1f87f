// A chain of layers, and the record of one pass through it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/base/parallel.h"
#include "core/base/ranks.h"
#include "core/tensor/tensor.h"
#include "layers/layer.h"

namespace pbgen {

class Sequential {
 public:
  // What one forward leaves for its backward: every layer's output and record.  Owned by the caller, because a network
  // may run several times before a backward.  Made for one batch size by make_record, used again and again.
  class Record {
   public:
    ConstTensorView output() const { return output(activation_of_.size() - 1); }
    // One layer's output: what the layers in place behind it have made of it.
    ConstTensorView output(std::size_t layer) const { return activations_[activation_of_[layer]].view(); }
    std::span<const float> layer_record(std::size_t layer) const { return records_[layer].span(); }
    // Memory held.
    std::int64_t floats() const;

   private:
    friend class Sequential;
    LaneShape input_;
    std::vector<Tensor> activations_;            // one for each layer that does not work in place
    std::vector<std::size_t> activation_of_;     // layer -> its output in activations_
    std::vector<AlignedBuffer<float>> records_;  // one a layer
  };

  // Two buffers that take turns, for gradients with respect to activations or for activations that nobody keeps; shared by all
  // calls of the networks and input shapes that it was made for.
  class Scratch {
   public:
    Scratch() = default;
    // Enough for both.
    static Scratch larger(Scratch a, Scratch b) { return a.floats() >= b.floats() ? std::move(a) : std::move(b); }
    std::int64_t floats() const { return ping_.size() + pong_.size(); }

   private:
    friend class Sequential;
    AlignedBuffer<float> ping_;
    AlignedBuffer<float> pong_;
  };

  void append(std::unique_ptr<Layer> layer);

  // Cuts batches for sums over their images: what passes through from now on is this process's part of one (core/base/ranks.h), and
  // records, scratch and workspaces are made after it.  std::logic_error where the ranks do not divide the shards.
  void share(const Sharing& sharing);

  LaneShape output_shape(LaneShape input) const;
  // What one call of a layer sees of this process's part of a batch: all of it, or a shard.
  LaneShape seen_by(const Layer& layer, LaneShape input) const;
  // The largest need of any layer.
  std::int64_t workspace_floats(LaneShape input) const;
  Record make_record(const LaneShape& input) const;
  Scratch make_scratch(const LaneShape& input) const;

  // The result is record.output().
  ConstTensorView forward(ConstTensorView x, Record& record, Workspace& workspace, Mode mode) const;
  // The same in inference mode, keeping no activation but the result, which is valid until scratch is used again.
  ConstTensorView infer(ConstTensorView x, Scratch& scratch, Workspace& workspace) const;

  // Gradient of <y, dy>: adds to the parameters' gradients where want.params; returns dx (valid until scratch is used
  // again; the caller may add to it) where want.input, else an empty view.  dy may be what a backward with the same scratch
  // returned, of another network, too; it is used up then.
  // done, where given, is called behind every layer, whose parameters' gradients are then whole.
  TensorView backward(ConstTensorView x, const Record& record, ConstTensorView dy, Want want, Scratch& scratch, Workspace& workspace,
                      const FunctionRef<void(std::size_t layer)>* done = nullptr);

  // Sums a layer's gradients over this process's shards, by the tree; they are in Param::gradient then, and 0 in the others.
  void sum_shard_gradients(std::size_t layer);
  void sum_shard_gradients();

  // Pointers into the layers: not of a temporary.
  std::vector<Param*> params() const&;
  std::vector<NamedArray*> buffers() const&;
  std::vector<Param*> params() const&& = delete;
  std::vector<NamedArray*> buffers() const&& = delete;
  // After initialisation and after each optimiser update.  clip > 0: every parameter is brought into [-clip, clip] first, after its
  // recipe's projection and before anything is derived from it.
  void weights_updated(double clip = 0.0);
  // Its first part: the projection and the clipping, of which nothing is derived yet.
  void project_weights(double clip);
  // After loading weights.
  void weights_loaded();
  void update_moving_statistics(const Record& record);

  std::size_t layer_count() const { return layers_.size(); }
  Layer& layer(std::size_t i) { return *layers_[i]; }
  const Layer& layer(std::size_t i) const { return *layers_[i]; }

 private:
  Sharing sharing_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<std::vector<Param*>> params_;  // by layer
  std::vector<std::string> labels_;  // in a profile: the name of the layer's parameters, or of the layer before it
};

}  // namespace pbgen
