// A trained generator as the edge runtime runs it: one image at a time, everything folded and packed once.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "gan/edge/generator.h"
#include "gan/folded_generator.h"
#include "gan/networks.h"
#include "layers/sequential.h"

namespace pbgen {

// The runtime's best path, unless core/base/cpu.h has the scalar kernels in force on a machine for which it knows others.
edge::Path edge_path();
// Those that core/base/cpu.h has in force.
edge::ParallelFor threads_in_force();

class EdgeGenerator {
 public:
  // Copies what it needs.  Runs on a path that runs here and on as many threads as core/base/cpu.h has in force now.
  explicit EdgeGenerator(const FoldedGenerator& folded, edge::Path path = edge_path());
  // As fold_generator.
  EdgeGenerator(const Sequential& network, const NetworkConfig& config, edge::Path path = edge_path());
  EdgeGenerator(const EdgeGenerator&) = delete;
  EdgeGenerator& operator=(const EdgeGenerator&) = delete;

  // z: [z_dim].  image: [channels][size][size] in [-1, 1], overwritten.  One call at a time.
  void generate(const float* z, float* image);
  // The same image, by the calling thread alone, so that calls may run side by side.  scratch: scratch_bytes_alone() bytes.
  void generate_alone(const float* z, float* image, unsigned char* scratch) const;
  std::int64_t scratch_bytes_alone() const;

  // Memory that it holds: packed weights with scales and shifts; activations.
  std::int64_t weight_bytes() const;
  std::int64_t scratch_bytes() const { return scratch_.size(); }

 private:
  template <class T>
  T* keep(std::size_t count);
  float* keep_copy(const AlignedBuffer<float>& values);
  void add_linear(const FoldedGenerator& folded);
  void add_deconv(const FoldedGenerator& folded, int number);

  edge::Generator generator_;
  edge::ParallelFor parallel_;
  std::vector<AlignedBuffer<unsigned char>> arrays_;
  AlignedBuffer<unsigned char> scratch_;
};

}  // namespace pbgen
