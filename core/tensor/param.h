// Named arrays that outlive a step: what an optimiser moves, and what a layer merely keeps.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/aligned_buffer.h"

namespace pbgen {

// Row-major; dims as in the checkpoint ([c_out, c_in, kh, kw], [c_in, c_out, kh, kw], [out, in], [c]).
struct NamedArray {
  NamedArray(std::string name_, std::vector<std::int64_t> dims_) : name(std::move(name_)), dims(std::move(dims_)), value(count(dims)) {}

  static std::int64_t count(const std::vector<std::int64_t>& dims) {
    std::int64_t product = 1;
    for (const std::int64_t extent : dims) product *= extent;
    return product;
  }

  std::string name;
  std::vector<std::int64_t> dims;
  AlignedBuffer<float> value;
};

// Trained by an optimiser.  Backward passes add to the gradient; the optimiser uses it up, leaving 0.
struct Param : NamedArray {
  Param(std::string name_, std::vector<std::int64_t> dims_) : NamedArray(std::move(name_), std::move(dims_)), gradient(value.size()) {}

  // For so many shards of a batch (core/base/ranks.h), each with a gradient of its own: 0.
  void set_shards(int shards) {
    further_gradients.clear();
    for (int shard = 1; shard < shards; ++shard) further_gradients.emplace_back(value.size());
  }
  AlignedBuffer<float>& gradient_of(int shard) { return shard == 0 ? gradient : further_gradients[static_cast<std::size_t>(shard) - 1]; }

  AlignedBuffer<float> gradient;                        // of the first shard
  std::vector<AlignedBuffer<float>> further_gradients;  // of those behind it
};

}  // namespace pbgen
