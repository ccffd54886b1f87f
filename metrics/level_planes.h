// One level of every image's Laplacian pyramid, made block by block, as often as asked.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/base/parallel.h"
#include "metrics/image_source.h"
#include "metrics/patch_centre.h"

namespace pbgen {

// Value v of channel c becomes (v - mean[c]) / deviation[c].
struct ChannelMoments {
  std::vector<double> mean;
  std::vector<double> deviation;  // population standard deviation; 1 where it is 0
  int constant = 0;               // channels whose standard deviation is 0
};

class LevelPlanes {
 public:
  // A source of no images or no channels and a level that it has not are std::logic_error.  The planes of as many images
  // as cache_bytes hold are kept, the others made anew each time.  source is borrowed.
  LevelPlanes(const ImageSource& source, int level, std::int64_t cache_bytes);

  std::int64_t images() const { return source_.count; }
  int channels() const { return source_.channels; }
  std::int64_t side() const { return side_; }
  // From one image's planes to the next's, in floats: the last ones can be read, so that a row can be loaded in whole vectors.
  std::int64_t image_stride() const { return side_ * side_ * source_.channels + kPadding; }

  // Cuts images [first, first + n) into blocks of images_per_block and calls consume(worker, image, count, planes) for each,
  // the planes [channels][side][side] of image `image` + i at planes + i * image_stride().  In several threads at once, in any
  // order; worker is in [0, workers()) and no two calls at a time have the same.  consume must not throw; what the source
  // throws comes out here.
  void for_each_block(std::int64_t first, std::int64_t n, std::int64_t images_per_block,
                      FunctionRef<void(int worker, std::int64_t image, std::int64_t count, const float* planes)> consume);
  int workers() const { return static_cast<int>(workers_.size()); }

  // Statistics of the values under all square patches of side nhood_size, each counted as often as patches cover it.  centres:
  // [image][patch], all patches inside the level.
  struct Statistics {
    ChannelMoments moments;
    std::vector<float> low;   // by channel, of all values of the level
    std::vector<float> high;
  };
  Statistics statistics(std::span<const PatchCentre> centres, int nhood_size);

  // From now on values are (v - mean) * (1 / deviation), in float.  Once.
  void normalise(const ChannelMoments& moments);

 private:
  static constexpr std::int64_t kPadding = 16;
  struct Worker {
    std::vector<std::uint8_t> bytes;  // of one image
    AlignedBuffer<float> planes;      // of a block that is not kept
    AlignedBuffer<float> scratch;     // its channels as planes, and the pyramid's
  };
  void make(Worker& worker, float* planes) const;
  void normalise_planes(float* planes) const;

  const ImageSource& source_;
  int level_;
  std::int64_t side_;
  std::vector<Worker> workers_;
  std::vector<float> mean_;    // empty: not normalised
  std::vector<float> factor_;
  std::mutex reading_;         // the source is asked by one thread at a time
  AlignedBuffer<float> cache_; // planes of the first images
  std::int64_t cached_images_;
  std::vector<std::uint8_t> is_cached_;  // by image
};

// Throws std::logic_error unless nhood_size is odd, in 1 .. 15, and every image has as many centres (at least one), all of them of
// patches that lie inside the level.
void check_centres(const LevelPlanes& planes, int nhood_size, std::span<const PatchCentre> centres);

}  // namespace pbgen
