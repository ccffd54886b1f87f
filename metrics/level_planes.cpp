#include "metrics/level_planes.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/freestanding/ints.h"
#include "metrics/laplacian_pyramid.h"
#include "metrics/metric_kernels.h"

namespace pbgen {
namespace {

constexpr std::int64_t kImagesPerBlock = 8;

// [pixel][channel] to [channel][pixel], bytes to floats.
void split_channels(std::span<const std::uint8_t> bytes, int channels, float* planes) {
  const std::int64_t pixels = static_cast<std::int64_t>(bytes.size()) / channels;  // a multiple of 256
  if (channels == 3) return metric_kernels().level_planes.split_rgb(bytes.data(), pixels, planes);
  for (int c = 0; c < channels; ++c) {
    for (std::int64_t i = 0; i < pixels; ++i) planes[c * pixels + i] = bytes[static_cast<std::size_t>(i * channels + c)];
  }
}

// How many patches cover each pixel: differences at their corners, summed along rows and columns.
class Coverage {
 public:
  explicit Coverage(std::int64_t side) : side_(side), counts_((side + 1) * (side + 1)) {}

  const std::int32_t* row(std::int64_t y) const { return counts_.data() + y * (side_ + 1); }

  void count(std::span<const PatchCentre> centres, int nhood) {
    const std::int64_t stride = side_ + 1;
    std::fill(counts_.begin(), counts_.end(), 0);
    for (const PatchCentre centre : centres) {
      std::int32_t* const corner = counts_.data() + (centre.y - nhood / 2) * stride + (centre.x - nhood / 2);
      ++corner[0];
      --corner[nhood];
      --corner[nhood * stride];
      ++corner[nhood * stride + nhood];
    }
    for (std::int64_t y = 0; y < side_; ++y) {
      std::int32_t* const here = counts_.data() + y * stride;
      std::int32_t sum = 0;
      for (std::int64_t x = 0; x < side_; ++x) {
        sum += here[x];
        here[x] = sum;
      }
      if (y > 0) {
        for (std::int64_t x = 0; x < side_; ++x) here[x] += here[x - stride];
      }
    }
  }

 private:
  std::int64_t side_;
  std::vector<std::int32_t> counts_;
};

// What belongs to one channel of one image.
struct PlaneSums {
  double sum = 0.0;
  double squares = 0.0;
  float low = INFINITY;
  float high = -INFINITY;
};

// Sums in eight chains that vectors can take, added in order.  Sides are multiples of 16.
PlaneSums plane_sums(const float* plane, std::int64_t side, const Coverage& coverage) {
  using level_planes_leaf::kChains;
  level_planes_leaf::PlaneChains chains{};
  std::fill_n(chains.low, kChains, plane[0]);
  std::fill_n(chains.high, kChains, plane[0]);
  metric_kernels().level_planes.add_plane(plane, side, coverage.row(0), coverage.row(1) - coverage.row(0), chains);
  PlaneSums total;
  for (int i = 0; i < kChains; ++i) {
    total.sum += chains.sum[i];
    total.squares += chains.squares[i];
    total.low = std::min(total.low, chains.low[i]);
    total.high = std::max(total.high, chains.high[i]);
  }
  return total;
}

}  // namespace

LevelPlanes::LevelPlanes(const ImageSource& source, int level, std::int64_t cache_bytes) : source_(source), level_(level) {
  check(source.count >= 1, "SWD of a set of ", source.count, " images, expected at least 1");
  check(source.channels >= 1, "SWD of images of ", source.channels, " channels");
  const int levels = pyramid_levels(source.size);
  check(level >= 0 && level < levels, "SWD at level ", level, ", images of size ", source.size, " have ", levels);
  side_ = source.size >> level;
  const auto plane_bytes = image_stride() * static_cast<std::int64_t>(sizeof(float));
  cached_images_ = std::min(source.count, cache_bytes / plane_bytes);
  cache_ = AlignedBuffer<float>(cached_images_ * image_stride());
  is_cached_.resize(static_cast<std::size_t>(cached_images_));
  workers_.resize(static_cast<std::size_t>(thread_count()));
}

// bytes: the worker's, of the image.
void LevelPlanes::make(Worker& worker, float* planes) const {
  const int channels = source_.channels;
  const std::int64_t pixels = static_cast<std::int64_t>(source_.size) * source_.size;
  float* const split = worker.scratch.data();  // [channels][pixels]
  split_channels(worker.bytes, channels, split);
  for (int c = 0; c < channels; ++c)
    pyramid_level(split + c * pixels, source_.size, level_, planes + c * side_ * side_, split + channels * pixels);
  normalise_planes(planes);
}

void LevelPlanes::normalise_planes(float* planes) const {
  for (std::size_t c = 0; c < mean_.size(); ++c) {
    float* const plane = planes + static_cast<std::int64_t>(c) * side_ * side_;
    const float mean = mean_[c];
    const float factor = factor_[c];
    for (std::int64_t i = 0; i < side_ * side_; ++i) plane[i] = (plane[i] - mean) * factor;
  }
}

void LevelPlanes::for_each_block(std::int64_t first, std::int64_t n, std::int64_t images_per_block,
                                 FunctionRef<void(int, std::int64_t, std::int64_t, const float*)> consume) {
  const std::int64_t blocks = ceil_div(n, images_per_block);
  const auto pieces = std::min(static_cast<std::int64_t>(workers_.size()), blocks);
  std::atomic<std::int64_t> next{0};
  std::exception_ptr error;  // guarded by reading_
  parallel_items(pieces, [&](std::int64_t piece) {
    Worker& worker = workers_[static_cast<std::size_t>(piece)];
    try {
      if (worker.bytes.empty()) {
        worker.bytes.resize(static_cast<std::size_t>(source_.bytes_per_image()));
        worker.scratch = AlignedBuffer<float>(source_.bytes_per_image() + pyramid_scratch_floats(source_.size));
      }
      for (std::int64_t block = next++; block < blocks; block = next++) {
        const std::int64_t begin = first + block * images_per_block;
        const std::int64_t count = std::min(images_per_block, first + n - begin);
        const bool kept = begin + count <= cached_images_;
        if (!kept && worker.planes.size() < count * image_stride()) worker.planes = AlignedBuffer<float>(count * image_stride());
        float* const planes = kept ? cache_.data() + begin * image_stride() : worker.planes.data();
        for (std::int64_t i = 0; i < count; ++i) {
          if (kept && is_cached_[static_cast<std::size_t>(begin + i)] != 0) continue;
          {
            const std::lock_guard lock(reading_);
            source_.read(begin + i, 1, worker.bytes.data());
          }
          make(worker, planes + i * image_stride());
          if (kept) is_cached_[static_cast<std::size_t>(begin + i)] = 1;
        }
        consume(static_cast<int>(piece), begin, count, planes);
      }
    } catch (...) {
      next = blocks;
      const std::lock_guard lock(reading_);
      error = std::current_exception();
    }
  }, min_piece_of(n * source_.bytes_per_image() / pieces));
  if (error) std::rethrow_exception(error);
}

LevelPlanes::Statistics LevelPlanes::statistics(std::span<const PatchCentre> centres, int nhood_size) {
  const int channels = source_.channels;
  const std::int64_t nhoods = static_cast<std::int64_t>(centres.size()) / source_.count;
  // Sums of each image first, then of the images in order: the same for any number of threads.
  std::vector<PlaneSums> sums(static_cast<std::size_t>(source_.count * channels));
  std::vector<Coverage> coverage(workers_.size(), Coverage(side_));
  for_each_block(0, source_.count, kImagesPerBlock, [&](int worker, std::int64_t first, std::int64_t n, const float* planes) {
    for (std::int64_t i = 0; i < n; ++i) {
      Coverage& cover = coverage[static_cast<std::size_t>(worker)];
      cover.count(centres.subspan(static_cast<std::size_t>((first + i) * nhoods), static_cast<std::size_t>(nhoods)), nhood_size);
      for (int c = 0; c < channels; ++c)
        sums[static_cast<std::size_t>((first + i) * channels + c)] =
            plane_sums(planes + i * image_stride() + c * side_ * side_, side_, cover);
    }
  });
  const double count = static_cast<double>(centres.size()) * nhood_size * nhood_size;
  Statistics result;
  for (int c = 0; c < channels; ++c) {
    PlaneSums all;
    for (std::int64_t i = 0; i < source_.count; ++i) {
      const PlaneSums& image = sums[static_cast<std::size_t>(i * channels + c)];
      all.sum += image.sum;
      all.squares += image.squares;
      all.low = std::min(all.low, image.low);
      all.high = std::max(all.high, image.high);
    }
    const double mean = all.sum / count;
    const double mean_square = all.squares / count;
    const double variance = mean_square - mean * mean;
    // A constant channel leaves no more than the rounding of the two terms; bytes that differ at all leave far more.
    const bool constant = variance <= 1e-12 * mean_square;
    result.moments.mean.push_back(mean);
    result.moments.deviation.push_back(constant ? 1.0 : std::sqrt(variance));
    result.moments.constant += constant ? 1 : 0;
    result.low.push_back(all.low);
    result.high.push_back(all.high);
  }
  return result;
}

void LevelPlanes::normalise(const ChannelMoments& moments) {
  check(mean_.empty(), "planes are normalised once");
  for (int c = 0; c < source_.channels; ++c) {
    mean_.push_back(static_cast<float>(moments.mean[static_cast<std::size_t>(c)]));
    factor_.push_back(static_cast<float>(1.0 / moments.deviation[static_cast<std::size_t>(c)]));
  }
  parallel_for(cached_images_, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      if (is_cached_[static_cast<std::size_t>(i)] != 0) normalise_planes(cache_.data() + i * image_stride());
    }
  }, min_piece_of(image_stride()));
}

void check_centres(const LevelPlanes& planes, int nhood_size, std::span<const PatchCentre> centres) {
  check(nhood_size >= 1 && nhood_size <= 15 && nhood_size % 2 == 1, "nhood_size is ", nhood_size, ", expected an odd number, 1 .. 15");
  const auto patches = static_cast<std::int64_t>(centres.size());
  check(patches >= planes.images() && patches % planes.images() == 0, patches, " patch centres for ", planes.images(), " images");
  const int half = nhood_size / 2;
  const std::int64_t end = planes.side() - half;
  for (const PatchCentre centre : centres) {
    check(centre.x >= half && centre.x < end && centre.y >= half && centre.y < end, "patch centre (", centre.x, ", ", centre.y,
          ") is outside [", half, ", ", end, ")");
  }
}

}  // namespace pbgen
