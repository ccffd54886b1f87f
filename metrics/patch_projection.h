// Patches of a set projected on directions, straight from the planes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "metrics/level_planes.h"
#include "metrics/patch_centre.h"
#include "metrics/patch_projection_leaf.h"

namespace pbgen {

// A descriptor is a patch's values in the order [channel][dy][dx], that of the pixels in memory.
//
// Patches of an image that lie at the same place are one, with a weight (level 16 has but 100 places for 128 patches).
// The patches of a block of images are gathered, some at a time by transposition, into panels of some columns, on each of which all
// directions are multiplied: no descriptor is ever in memory as a row.
class PatchProjection {
 public:
  // centres: [image][patch]; every patch lies inside the level, else std::logic_error.  planes is borrowed.
  PatchProjection(const patch_projection_leaf::Leaves& leaves, LevelPlanes& planes, int nhood_size, std::span<const PatchCentre> centres);

  // Numbers a direction's projections have, a multiple of 16: every patch has one place, some places have none and weight 0.
  std::int64_t places() const { return static_cast<std::int64_t>(weights_.size()); }
  std::span<const std::uint8_t> weights() const { return weights_; }

  // projections[d][places()] := <direction d, descriptor> * 2^exponent, rounded to the nearest integer, for directions
  // [n][channels * nhood_size^2] in the descriptors' order.  Undefined where one is not below 2^31.  The same bits for any number of
  // threads and directions at a time, and on every path that has such kernels.  projections is aligned to 64 bytes.  What the planes'
  // source throws comes out here.
  void operator()(std::span<const float> directions, int exponent, std::int32_t* projections);

 private:
  const patch_projection_leaf::Leaves& leaves_;
  LevelPlanes& planes_;
  int nhood_size_;
  std::int64_t length_;
  std::int64_t images_per_block_;
  std::vector<std::int64_t> block_begin_;  // by block of images, and the end: multiples of the panel's width
  std::vector<std::uint32_t> corners_;     // of the patch in its block's planes, by place
  std::vector<std::uint8_t> weights_;      // by place
  std::vector<AlignedBuffer<float>> panels_;  // by worker
};

}  // namespace pbgen
