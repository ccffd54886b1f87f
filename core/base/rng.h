// Counter-based random numbers: every draw is a pure function of (seed, stream, iteration, index), so a resumed run, a
// prefetching loader and any number of threads draw the same.
// The bits are Philox's: core/freestanding/philox.h.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/freestanding/philox.h"

namespace pbgen {

// Who draws.  The numbers are part of what a seed means: never renumber, only append.
enum class Stream : std::uint32_t {
  initialise = 1,   // iteration: the parameter's place in the network
  latent = 2,       // iteration: training iteration
  shuffle = 3,      // iteration: epoch
  mirror = 4,       // iteration: epoch; index: image
  holdout = 5,
  fixed_latent = 6, // the z of the sample grids
  generate = kGenerateStream,  // index: image * z_dim + component
  calibrate = 8,    // iteration: batch
  score = 9,        // latents of generated images that are scored
  patches = 10,     // sliced Wasserstein: iteration: level and set
  directions = 11,  // sliced Wasserstein: iteration: level and repeat
  subsample = 12,   // sliced Wasserstein: which images, and the halves of the noise floor
  face = 13,        // synthetic faces: iteration: face number
  test = 14,
  deconv_column = 15,  // binarization error: iteration: construction and c_i; index: draw and entry
};

class CounterRng {
 public:
  CounterRng(std::uint64_t seed, Stream stream, std::uint32_t iteration = 0)
      : seed_(seed), stream_(static_cast<std::uint32_t>(stream)), iteration_(iteration) {}

  // 128 random bits for index; lane distinguishes further blocks of the same index (0 .. 255).
  // Indices are below 2^56.
  std::array<std::uint32_t, 4> block(std::uint64_t index, std::uint32_t lane = 0) const;

  std::uint32_t bits(std::uint64_t index) const { return block(index)[0]; }
  // Uniform in [0, 1), 53 bits.
  double uniform(std::uint64_t index) const;
  double uniform(std::uint64_t index, double low, double high) const { return low + (high - low) * uniform(index); }
  // Uniform integer in [0, bound), bound >= 1, without modulo bias.
  std::uint64_t below(std::uint64_t index, std::uint64_t bound) const;
  // Standard normal (Marsaglia's polar method over further blocks of the same index).
  double normal(std::uint64_t index) const;
  // Standard normal, drawn again beyond limit standard deviations.  limit >= 0.5.
  double truncated_normal(std::uint64_t index, double limit) const;

 private:
  std::uint64_t seed_;
  std::uint32_t stream_;
  std::uint32_t iteration_;
};

// A uniformly random order of 0 .. count-1 (Fisher and Yates); index i of the generator decides the i-th exchange.
std::vector<std::uint32_t> random_permutation(const CounterRng& rng, std::uint32_t count);

}  // namespace pbgen
