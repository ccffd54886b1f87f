// A network's parameters as several processes train it: each owns a part of every layer's output channels, and moves these alone.
//
// An update, for every rank alike: a layer's gradients go to the owners as soon as its backward is done, each rank's shards summed; owners
// add what came by the tree over ranks (core/base/ranks.h), take Adam's step on their own part, whose moments nobody else has, and send the
// new weights to all: of a one-bit layer two bits a weight and a scale a channel, for a forward and a backward need no more of it
// (layers/binary_weight.h), else floats.  That is the traffic of a ring's two halves, in a fixed order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/ranks.h"
#include "core/tensor/param.h"
#include "layers/binary_weight.h"
#include "layers/sequential.h"
#include "optim/adam.h"

namespace pbgen {

class SharedParameters {
 public:
  // average: a network of the same layers that blend() moves, or null.  All outlive it.  The network's parameters are whole, and the same
  // at all ranks.
  SharedParameters(Sequential& network, Sequential* average, const AdamOptions& options, Ranks& ranks);

  // This rank's gradients of a layer are whole: sends them, and leaves 0 for the next update's sums.  From the last layer to the first,
  // every layer once an update.
  void send_gradients(std::size_t layer);
  // Ends the exchange of an update that comes to nothing: the first parameter of which a rank had a gradient that is not finite, the same
  // at every rank, or null.
  const Param* first_non_finite_gradient();
  // The rest of an update; clip as of Sequential::weights_updated.  Returns the first parameter that holds a value that is not finite, the
  // same at every rank, or null.
  const Param* update(double clip);
  // average = keep * average + (1 - keep) * network, of what this rank owns.
  void blend(float keep);

  // At rank 0 parameters, averages and moments become whole; the others send what they own.  full: an optimiser of the network's
  // parameters.
  void collect(Adam& full);
  // After a checkpoint was read, whole, at every rank: takes what this rank owns of the moments, and leaves the others without memory.
  void distribute(Adam& full);
  // Gives back the memory of moments that collect() has filled.
  static void release(Adam& full);

 private:
  // Which elements of an array a rank owns: runs of neighbours, `pitch` apart.
  struct Part {
    std::int64_t begin = 0;
    std::int64_t length = 0;
    std::int64_t pitch = 0;
    std::int64_t runs = 0;
    std::int64_t floats() const { return length * runs; }
    float* take(const float* array, float* packed) const;        // returns the end of packed
    const float* put(const float* packed, float* array) const;
  };
  struct Shared {
    Param* param = nullptr;
    Param* average = nullptr;
    BinaryWeight* one_bit = nullptr;       // where the parameter is the weight of such a layer
    std::vector<Range> channels;           // by rank
    std::vector<Part> parts;               // by rank
    std::unique_ptr<Param> owned;          // this rank's part, one run
  };

  std::int64_t shared_bytes(const Shared& shared, int rank) const;
  // broken: this rank's first parameter that is not finite, then that of all.
  void share_weights(std::int64_t& broken);
  void exchange_weights(std::int64_t& broken);
  template <class Array>
  void gather(Array array);

  Sequential& network_;
  Ranks& ranks_;
  const std::size_t rank_;
  std::vector<Shared> params_;             // in the network's order
  std::vector<std::size_t> first_param_;   // by layer, and the end
  std::unique_ptr<Adam> adam_;             // of the owned parts
  std::vector<std::vector<std::vector<float>>> outgoing_;  // by layer and rank
  std::vector<std::vector<std::vector<float>>> incoming_;
  std::vector<std::int64_t> message_bytes_;  // of exchange_weights, by rank
  std::vector<std::byte> message_;
  std::vector<std::byte> messages_;
};

}  // namespace pbgen
