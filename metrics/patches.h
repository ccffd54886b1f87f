// Descriptors: patches cut from one level of every image's pyramid, streamed through a buffer that holds a few images.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/aligned_buffer.h"
#include "metrics/image_source.h"
#include "metrics/sliced_wasserstein.h"

namespace pbgen {

// Value v of channel c becomes (v - mean[c]) / deviation[c].
struct ChannelMoments {
  std::vector<double> mean;
  std::vector<double> deviation;  // population standard deviation; 1 where it is 0
};

class PatchStream {
 public:
  // centres: [source.count][nhoods per image]; every patch lies inside the level, else std::logic_error.
  // source and centres are borrowed.
  PatchStream(const ImageSource& source, int level, int nhood_size, std::span<const PatchCentre> centres);

  std::int64_t patches() const { return static_cast<std::int64_t>(centres_.size()); }
  int descriptor_length() const { return source_.channels * nhood_size_ * nhood_size_; }

  // Over all descriptors of the set.
  ChannelMoments moments();

  // Calls consume(first patch, n, descriptors[n][descriptor_length]) for all patches in order, normalised by moments.
  // Within a descriptor the order is that of the pixels in memory: [channel][dy][dx].
  void for_each_block(const ChannelMoments& moments,
                      const std::function<void(std::int64_t first, std::int64_t n, const float* descriptors)>& consume);

 private:
  // Values become (v - mean[channel]) * factor[channel].
  void cut(std::int64_t image_in_block, std::int64_t first_image, std::span<const float> mean, std::span<const float> factor,
           float* scratch);
  void fill_block(std::int64_t first_image, std::int64_t images, std::span<const float> mean, std::span<const float> factor);

  const ImageSource& source_;
  int level_;
  int nhood_size_;
  std::span<const PatchCentre> centres_;
  std::int64_t nhoods_per_image_;
  std::vector<std::uint8_t> bytes_;            // [image of the block][size][size][channels]
  AlignedBuffer<float> descriptors_;           // [image of the block][nhood][descriptor_length]
  std::vector<AlignedBuffer<float>> scratch_;  // by thread
};

}  // namespace pbgen
