// A model ready to draw: its generator in memory of the caller's.  What pbgen_open is made of, and what the tools draw through
// (tools/lib/model/edge_generator.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/freestanding/ints.h"
#include "gan/edge/layer.h"
#include "gan/edge/model_file.h"

namespace pbgen::edge {

// Memory dealt out in order, each piece at a multiple of 64.  Without memory it measures: its pointers are not null and not to be used.
class Arena {
 public:
  Arena() = default;
  explicit Arena(void* memory)
      : base_(static_cast<unsigned char*>(memory) + (kAlignment - reinterpret_cast<std::uintptr_t>(memory) % kAlignment) % kAlignment) {}

  bool measures() const { return base_ == nullptr; }
  template <class T>
  T* take(std::uint64_t count) {
    void* const place = measures() ? unused_ : base_ + used_;
    used_ += round_up(count * sizeof(T), kAlignment);
    return static_cast<T*>(place);
  }
  // What is enough in memory of any alignment.
  std::uint64_t bytes() const { return used_ + kAlignment; }
  std::uint64_t used() const { return used_; }

 private:
  static constexpr std::uint64_t kAlignment = 64;

  unsigned char* base_ = nullptr;
  std::uint64_t used_ = 0;
  alignas(kAlignment) unsigned char unused_[kAlignment];
};

// The generator of a model, whose bytes it reads from; what the kernels want otherwise than it stands there is made in the arena.
// Returns the bytes of numbers made of one-bit weights.
std::uint64_t place_generator(const Model& model, Path path, Arena& arena, Generator& generator);

}  // namespace pbgen::edge
