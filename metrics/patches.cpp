#include "metrics/patches.h"

#include <algorithm>

#include "core/base/check.h"

namespace pbgen {
namespace {

constexpr std::int64_t kImagesPerBlock = 32;

}  // namespace

PatchStream::PatchStream(const ImageSource& source, int level, int nhood_size, std::span<const PatchCentre> centres)
    : planes_(source, level, 0), nhood_size_(nhood_size), centres_(centres) {
  check_centres(planes_, nhood_size, centres);
  nhoods_per_image_ = patches() / source.count;
  descriptors_ = AlignedBuffer<float>(std::min(kImagesPerBlock, source.count) * nhoods_per_image_ * descriptor_length());
}

void PatchStream::cut(std::int64_t image, const float* planes, std::span<const float> mean, std::span<const float> factor,
                      float* out) const {
  const std::int64_t side = planes_.side();
  const int nhood = nhood_size_;
  const PatchCentre* const centres = centres_.data() + image * nhoods_per_image_;
  for (std::int64_t p = 0; p < nhoods_per_image_; ++p) {
    const float* const corner = planes + (centres[p].y - nhood / 2) * side + (centres[p].x - nhood / 2);
    for (int c = 0; c < planes_.channels(); ++c) {
      for (int dy = 0; dy < nhood; ++dy) {
        const float* const row = corner + (c * side + dy) * side;
        for (int dx = 0; dx < nhood; ++dx) *out++ = (row[dx] - mean[c]) * factor[c];
      }
    }
  }
}

ChannelMoments PatchStream::moments() { return planes_.statistics(centres_, nhood_size_).moments; }

void PatchStream::for_each_block(const ChannelMoments& moments,
                                 const std::function<void(std::int64_t, std::int64_t, const float*)>& consume) {
  std::vector<float> mean;
  std::vector<float> factor;
  for (int c = 0; c < planes_.channels(); ++c) {
    mean.push_back(static_cast<float>(moments.mean[c]));
    factor.push_back(static_cast<float>(1.0 / moments.deviation[c]));
  }
  for (std::int64_t first = 0; first < planes_.images(); first += kImagesPerBlock) {
    const std::int64_t images = std::min(kImagesPerBlock, planes_.images() - first);
    planes_.for_each_block(first, images, 1, [&](int, std::int64_t image, std::int64_t, const float* planes) {
      cut(image, planes, mean, factor, descriptors_.data() + (image - first) * nhoods_per_image_ * descriptor_length());
    });
    consume(first * nhoods_per_image_, images * nhoods_per_image_, descriptors_.data());
  }
}

}  // namespace pbgen
