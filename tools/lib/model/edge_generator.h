// An exported model as the tools draw from it, one image at a time: read, laid out and run by what libpbgen is made of (gan/edge), so that
// the images are a device's to the byte.
#pragma once

#include <cstdint>

#include "core/base/aligned_buffer.h"
#include "gan/edge/generator.h"
#include "gan/folded_generator.h"
#include "gan/networks.h"
#include "gan/packed_model.h"
#include "layers/sequential.h"

namespace pbgen {

// The runtime's best path, unless core/base/cpu.h has the scalar kernels in force on a machine for which it knows others.
edge::Path edge_path();
// Those that core/base/cpu.h has in force.
edge::ParallelFor threads_in_force();

class EdgeGenerator {
 public:
  // Runs on a path that runs here and on as many threads as core/base/cpu.h has in force now.
  explicit EdgeGenerator(PackedModel model, edge::Path path = edge_path());
  // Draws the model that ./tools/export would write.  Error(diverged) as encode_packed_model.
  explicit EdgeGenerator(const FoldedGenerator& folded, edge::Path path = edge_path());
  // As fold_generator.
  EdgeGenerator(const Sequential& network, const NetworkConfig& config, edge::Path path = edge_path());
  EdgeGenerator(const EdgeGenerator&) = delete;
  EdgeGenerator& operator=(const EdgeGenerator&) = delete;

  const NetworkConfig& config() const { return model_.network(); }

  // z: [z_dim].  image: [channels][size][size] in [-1, 1], overwritten.  One call at a time.
  void generate(const float* z, float* image);
  // The same image, by the calling thread alone, so that calls may run side by side.  scratch: scratch_bytes_alone() bytes.
  void generate_alone(const float* z, float* image, unsigned char* scratch) const;
  std::int64_t scratch_bytes_alone() const;
  // The image's bytes, [size][size][channels].
  void to_bytes(const float* image, std::uint8_t* bytes) const;

  // Memory that an image reads and writes: weights, scales and shifts; activations.
  std::int64_t weight_bytes() const;
  std::int64_t scratch_bytes() const { return scratch_.size(); }

 private:
  PackedModel model_;
  AlignedBuffer<unsigned char> arena_;  // what is made of its weights
  edge::Generator generator_;
  edge::ParallelFor parallel_;
  AlignedBuffer<unsigned char> scratch_;  // of generate
};

}  // namespace pbgen
