#include "metrics/patches.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "metrics/laplacian_pyramid.h"

namespace pbgen {
namespace {

constexpr std::int64_t kImagesPerBlock = 32;

}  // namespace

PatchStream::PatchStream(const ImageSource& source, int level, int nhood_size, std::span<const PatchCentre> centres)
    : source_(source), level_(level), nhood_size_(nhood_size), centres_(centres) {
  check(source.count >= 1, "SWD of a set of ", source.count, " images, expected at least 1");
  check(source.channels >= 1, "SWD of images of ", source.channels, " channels");
  const int levels = pyramid_levels(source.size);
  check(level >= 0 && level < levels, "SWD at level ", level, ", images of size ", source.size, " have ", levels);
  check(nhood_size >= 1 && nhood_size <= 15 && nhood_size % 2 == 1, "nhood_size is ", nhood_size, ", expected an odd number, 1 .. 15");
  nhoods_per_image_ = patches() / source.count;
  check(nhoods_per_image_ >= 1 && patches() % source.count == 0, patches(), " patch centres for ", source.count, " images");
  const int half = nhood_size / 2;
  const int side = source.size >> level;
  for (const PatchCentre centre : centres) {
    check(centre.x >= half && centre.x < side - half && centre.y >= half && centre.y < side - half, "patch centre (", centre.x, ", ",
          centre.y, ") is outside [", half, ", ", side - half, ")");
  }
  const std::int64_t images = std::min(kImagesPerBlock, source.count);
  bytes_.resize(images * source.bytes_per_image());
  descriptors_ = AlignedBuffer<float>(images * nhoods_per_image_ * descriptor_length());
  const std::int64_t plane = static_cast<std::int64_t>(source.size) * source.size;
  const std::int64_t level_floats = static_cast<std::int64_t>(side) * side * source.channels;
  const std::int64_t scratch_floats = plane + level_floats + pyramid_scratch_floats(source.size);
  for (int i = 0; i < thread_count(); ++i) scratch_.emplace_back(scratch_floats);
}

// One image: its level, channel by channel, then all its patches.
void PatchStream::cut(std::int64_t image_in_block, std::int64_t first_image, std::span<const float> mean,
                      std::span<const float> factor, float* scratch) {
  const int channels = source_.channels;
  const std::int64_t side = source_.size >> level_;
  const std::int64_t pixels = static_cast<std::int64_t>(source_.size) * source_.size;
  const std::uint8_t* const image = bytes_.data() + image_in_block * source_.bytes_per_image();
  float* const plane = scratch;
  float* const level = plane + pixels;
  float* const pyramid_scratch = level + side * side * channels;
  for (int c = 0; c < channels; ++c) {
    for (std::int64_t i = 0; i < pixels; ++i) plane[i] = image[i * channels + c];
    float* const out = level + c * side * side;
    pyramid_level(plane, source_.size, level_, out, pyramid_scratch);
    for (std::int64_t i = 0; i < side * side; ++i) out[i] = (out[i] - mean[c]) * factor[c];
  }
  const int nhood = nhood_size_;
  float* out = descriptors_.data() + image_in_block * nhoods_per_image_ * descriptor_length();
  const PatchCentre* const centres = centres_.data() + (first_image + image_in_block) * nhoods_per_image_;
  for (std::int64_t p = 0; p < nhoods_per_image_; ++p) {
    const float* const corner = level + (centres[p].y - nhood / 2) * side + (centres[p].x - nhood / 2);
    for (int c = 0; c < channels; ++c) {
      for (int dy = 0; dy < nhood; ++dy) {
        const float* const row = corner + (c * side + dy) * side;
        for (int dx = 0; dx < nhood; ++dx) *out++ = row[dx];
      }
    }
  }
}

void PatchStream::fill_block(std::int64_t first_image, std::int64_t images, std::span<const float> mean, std::span<const float> factor) {
  source_.read(first_image, images, bytes_.data());
  const std::int64_t pieces = static_cast<std::int64_t>(scratch_.size());
  parallel_items(pieces, [&](std::int64_t piece) {
    for (std::int64_t i = images * piece / pieces; i < images * (piece + 1) / pieces; ++i) {
      cut(i, first_image, mean, factor, scratch_[piece].data());
    }
  }, min_piece_of(images / pieces * source_.bytes_per_image()));
}

ChannelMoments PatchStream::moments() {
  const int channels = source_.channels;
  const std::vector<float> zero(channels, 0.0f);
  const std::vector<float> one(channels, 1.0f);
  const int values = nhood_size_ * nhood_size_;
  // Sums of each image first, then of the images in order: the same for any number of threads.
  struct Sums {
    double sum = 0.0;
    double squares = 0.0;
  };
  std::vector<Sums> per_image(kImagesPerBlock * channels);
  std::vector<Sums> all(channels);
  for (std::int64_t first = 0; first < source_.count; first += kImagesPerBlock) {
    const std::int64_t images = std::min(kImagesPerBlock, source_.count - first);
    fill_block(first, images, zero, one);
    parallel_for(images, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        for (int c = 0; c < channels; ++c) {
          Sums sums;
          for (std::int64_t p = 0; p < nhoods_per_image_; ++p) {
            const float* const patch = descriptors_.data() + ((i * nhoods_per_image_ + p) * channels + c) * values;
            for (int v = 0; v < values; ++v) {
              const double value = patch[v];
              sums.sum += value;
              sums.squares += value * value;
            }
          }
          per_image[i * channels + c] = sums;
        }
      }
    }, min_piece_of(nhoods_per_image_ * descriptor_length()));
    for (std::int64_t i = 0; i < images; ++i) {
      for (int c = 0; c < channels; ++c) {
        all[c].sum += per_image[i * channels + c].sum;
        all[c].squares += per_image[i * channels + c].squares;
      }
    }
  }
  ChannelMoments moments;
  const double count = static_cast<double>(patches()) * values;
  for (const Sums& sums : all) {
    const double mean = sums.sum / count;
    const double mean_square = sums.squares / count;
    const double variance = mean_square - mean * mean;
    // A constant channel leaves no more than the rounding of the two terms; bytes that differ at all leave far more.
    const bool constant = variance <= 1e-12 * mean_square;
    moments.mean.push_back(mean);
    moments.deviation.push_back(constant ? 1.0 : std::sqrt(variance));
  }
  return moments;
}

void PatchStream::for_each_block(const ChannelMoments& moments,
                                 const std::function<void(std::int64_t, std::int64_t, const float*)>& consume) {
  std::vector<float> mean;
  std::vector<float> factor;
  for (int c = 0; c < source_.channels; ++c) {
    mean.push_back(static_cast<float>(moments.mean[c]));
    factor.push_back(static_cast<float>(1.0 / moments.deviation[c]));
  }
  for (std::int64_t first = 0; first < source_.count; first += kImagesPerBlock) {
    const std::int64_t images = std::min(kImagesPerBlock, source_.count - first);
    fill_block(first, images, mean, factor);
    consume(first * nhoods_per_image_, images * nhoods_per_image_, descriptors_.data());
  }
}

}  // namespace pbgen
