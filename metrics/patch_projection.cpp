#include "metrics/patch_projection.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"
#include "core/freestanding/ints.h"

namespace pbgen {
namespace {

// The planes of a block of images stay in the second-level cache while their patches are gathered; the last panel of a
// block is not full, so that larger blocks waste less.
constexpr std::int64_t kBlockFloats = 192 * 1024;
constexpr std::int64_t kMostImagesOfABlock = 64;

constexpr int kMostWeight = 255;

}  // namespace

PatchProjection::PatchProjection(const patch_projection_leaf::Leaves& leaves, LevelPlanes& planes, int nhood_size,
                                 std::span<const PatchCentre> centres)
    : leaves_(leaves),
      planes_(planes),
      nhood_size_(nhood_size),
      length_(static_cast<std::int64_t>(planes.channels()) * nhood_size * nhood_size),
      images_per_block_(std::clamp<std::int64_t>(kBlockFloats / planes.image_stride(), 1, kMostImagesOfABlock)) {
  check_centres(planes, nhood_size, centres);
  const std::int64_t images = planes.images();
  const std::int64_t nhoods = static_cast<std::int64_t>(centres.size()) / images;
  const std::int64_t side = planes.side();
  corners_.reserve(centres.size());
  weights_.reserve(centres.size());
  std::vector<std::int32_t> times(static_cast<std::size_t>(side * side));  // patches at a place and not yet listed
  const auto place = [side](PatchCentre centre) { return static_cast<std::size_t>(centre.y * side + centre.x); };
  for (std::int64_t i = 0; i < images; ++i) {
    const std::int64_t image_in_block = i % images_per_block_;
    if (image_in_block == 0) block_begin_.push_back(places());
    const std::span<const PatchCentre> of_image = centres.subspan(static_cast<std::size_t>(i * nhoods), static_cast<std::size_t>(nhoods));
    for (const PatchCentre centre : of_image) ++times[place(centre)];
    for (const PatchCentre centre : of_image) {
      std::int32_t& left = times[place(centre)];
      while (left > 0) {
        const std::int64_t y = centre.y - nhood_size / 2;
        const std::int64_t x = centre.x - nhood_size / 2;
        corners_.push_back(static_cast<std::uint32_t>(image_in_block * planes.image_stride() + y * side + x));
        weights_.push_back(static_cast<std::uint8_t>(std::min(left, kMostWeight)));
        left -= std::min(left, kMostWeight);
      }
    }
    if (image_in_block == images_per_block_ - 1 || i == images - 1) {
      while (places() % leaves.patches != 0) {
        corners_.push_back(corners_.back());
        weights_.push_back(0);
      }
    }
  }
  block_begin_.push_back(places());
  for (int i = 0; i < planes.workers(); ++i) panels_.emplace_back(length_ * leaves.patches);
}

void PatchProjection::operator()(std::span<const float> directions, int exponent, std::int32_t* projections) {
  // [group of a tile's directions][length][direction], scaled by a power of two: exactly.
  const std::int64_t of_tile = leaves_.directions;
  const std::int64_t n = static_cast<std::int64_t>(directions.size()) / length_;
  const std::int64_t groups = ceil_div(n, of_tile);
  AlignedBuffer<float> packed(groups * length_ * of_tile);
  for (std::int64_t d = 0; d < n; ++d) {
    float* const to = packed.data() + d / of_tile * length_ * of_tile + d % of_tile;
    for (std::int64_t p = 0; p < length_; ++p)
      to[p * of_tile] = std::ldexp(directions[static_cast<std::size_t>(d * length_ + p)], exponent);
  }
  const patch_projection_leaf::PatchShape shape{planes_.channels(), planes_.side(), nhood_size_};
  const std::int64_t stride = places();
  planes_.for_each_block(0, planes_.images(), images_per_block_, [&](int worker, std::int64_t image, std::int64_t, const float* planes) {
    float* const panel = panels_[static_cast<std::size_t>(worker)].data();
    const auto block = static_cast<std::size_t>(image / images_per_block_);
    for (std::int64_t first = block_begin_[block]; first < block_begin_[block + 1]; first += leaves_.patches) {
      for (std::int64_t i = 0; i < leaves_.patches; i += leaves_.gathered)
        leaves_.gather(planes, corners_.data() + first + i, shape, panel + i);
      for (std::int64_t g = 0; g < groups; ++g) {
        leaves_.project(length_, packed.data() + g * length_ * of_tile, panel, std::min(of_tile, n - g * of_tile),
                        projections + g * of_tile * stride + first, stride);
      }
    }
    leaves_.publish();
  });
}

}  // namespace pbgen
