// A trained generator as the edge runtime runs it: one image at a time, everything folded and packed once.
#pragma once

#include <vector>

#include "core/aligned_buffer.h"
#include "gan/edge/generator.h"
#include "gan/networks.h"
#include "layers/sequential.h"

namespace pbgen {

class EdgeGenerator {
 public:
  // Copies what it needs of a generator made by make_generator(config).  Binarized layers become one-bit layers; batch
  // normalisation takes its moving statistics.  Runs on the path and on as many threads as core/cpu.h has in force now.
  // std::logic_error where the network is another one.
  EdgeGenerator(const Sequential& network, const NetworkConfig& config);
  EdgeGenerator(const EdgeGenerator&) = delete;
  EdgeGenerator& operator=(const EdgeGenerator&) = delete;

  // z: [z_dim].  image: [channels][size][size] in [-1, 1], overwritten.  One call at a time.
  void generate(const float* z, float* image);

 private:
  template <class T>
  T* keep(std::size_t count);
  void add_linear(const Sequential& network, const NetworkConfig& config);
  void add_deconv(const Sequential& network, const NetworkConfig& config, int number);

  edge::Generator generator_;
  edge::ParallelFor parallel_;
  std::vector<AlignedBuffer<unsigned char>> arrays_;
  AlignedBuffer<unsigned char> scratch_;
};

}  // namespace pbgen
