// Scratch memory for one call: an arena that is allocated once and handed out from the front.
//
// Every user declares its need (workspace_floats) beforehand; the network allocates the largest; steady state makes no
// allocation.  A Scope gives back at the end of a block what was taken inside it.
#pragma once

#include <cstdint>

#include "core/base/aligned_buffer.h"
#include "core/base/check.h"
#include "core/freestanding/ints.h"

namespace pbgen {

class Workspace {
 public:
  explicit Workspace(std::int64_t floats) : storage_(round_up(floats)) {}

  // A take of n floats uses this many, so that the next one starts on a cache line.
  static constexpr std::int64_t round_up(std::int64_t floats) { return pbgen::round_up(floats, 16); }

  // Uninitialised memory, 64-byte aligned, valid until the surrounding Scope ends.  Throws where the declared need was
  // too small.
  float* take(std::int64_t floats) {
    const std::int64_t rounded = round_up(floats);
    check(floats >= 0 && rounded <= storage_.size() - used_, "workspace: ", floats, " floats asked for, ", storage_.size() - used_, " of ",
          storage_.size(), " left");
    float* const block = storage_.data() + used_;
    used_ += rounded;
    return block;
  }

  // The same for so many doubles, which take doubles_as_floats(doubles).
  double* take_doubles(std::int64_t doubles) { return reinterpret_cast<double*>(take(doubles_as_floats(doubles))); }
  static constexpr std::int64_t doubles_as_floats(std::int64_t doubles) { return 2 * doubles; }

  std::int64_t floats() const { return storage_.size(); }

  class Scope {
   public:
    explicit Scope(Workspace& workspace) : workspace_(workspace), mark_(workspace.used_) {}
    ~Scope() { workspace_.used_ = mark_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Workspace& workspace_;
    std::int64_t mark_;
  };

 private:
  AlignedBuffer<float> storage_;
  std::int64_t used_ = 0;
};

}  // namespace pbgen
