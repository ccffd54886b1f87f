// Descriptors: patches cut from one level of every image's pyramid, streamed through a buffer that holds a few images.
// The definition, and the path of machines without AVX2; the others take patch_projection.h.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "metrics/image_source.h"
#include "metrics/level_planes.h"
#include "metrics/patch_centre.h"

namespace pbgen {

class PatchStream {
 public:
  // centres: [source.count][nhoods per image]; every patch lies inside the level, else std::logic_error.
  // source and centres are borrowed.
  PatchStream(const ImageSource& source, int level, int nhood_size, std::span<const PatchCentre> centres);

  std::int64_t patches() const { return static_cast<std::int64_t>(centres_.size()); }
  int descriptor_length() const { return planes_.channels() * nhood_size_ * nhood_size_; }

  // Over all descriptors of the set.
  ChannelMoments moments();

  // Calls consume(first patch, n, descriptors[n][descriptor_length]) for all patches in order, normalised by moments.
  // Within a descriptor the order is that of the pixels in memory: [channel][dy][dx].
  void for_each_block(const ChannelMoments& moments,
                      const std::function<void(std::int64_t first, std::int64_t n, const float* descriptors)>& consume);

 private:
  // Values become (v - mean[channel]) * factor[channel].
  void cut(std::int64_t image, const float* planes, std::span<const float> mean, std::span<const float> factor, float* out) const;

  LevelPlanes planes_;
  int nhood_size_;
  std::span<const PatchCentre> centres_;
  std::int64_t nhoods_per_image_;
  AlignedBuffer<float> descriptors_;  // [image of the block][nhood][descriptor_length]
};

}  // namespace pbgen
