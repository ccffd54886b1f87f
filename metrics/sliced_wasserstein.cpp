#include "metrics/sliced_wasserstein.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/aligned_buffer.h"
#include "core/check.h"
#include "core/cpu.h"
#include "core/gemm.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "metrics/laplacian_pyramid.h"
#include "metrics/patches.h"
#include "metrics/wasserstein.h"

namespace pbgen {
namespace {

std::vector<PatchCentre> draw_centres(const SwdOptions& options, int level, int set, int side, std::int64_t count) {
  const CounterRng rng(options.seed, Stream::patches, static_cast<std::uint32_t>(2 * level + set));
  const std::uint64_t span = static_cast<std::uint64_t>(side - options.nhood_size + 1);
  const std::uint64_t low = static_cast<std::uint64_t>(options.nhood_size / 2);
  std::vector<PatchCentre> centres(count * options.nhoods_per_image);
  parallel_for(static_cast<std::int64_t>(centres.size()), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::uint64_t place = rng.below(static_cast<std::uint64_t>(i), span * span);
      centres[i] = {static_cast<std::uint16_t>(low + place % span), static_cast<std::uint16_t>(low + place / span)};
    }
  }, min_piece_of(8));  // a draw and two divisions take as long as some eight floats of a cheap loop
  return centres;
}

std::vector<float> draw_directions(const SwdOptions& options, int level, int length) {
  std::vector<float> directions;
  std::vector<double> direction(length);
  for (int repeat = 0; repeat < options.dir_repeats; ++repeat) {
    const CounterRng rng(options.seed, Stream::directions, static_cast<std::uint32_t>(level * options.dir_repeats + repeat));
    for (int d = 0; d < options.dirs_per_repeat; ++d) {
      double squares = 0.0;
      for (int i = 0; i < length; ++i) {
        direction[i] = rng.normal(static_cast<std::uint64_t>(d) * length + i);
        squares += direction[i] * direction[i];
      }
      const double norm = std::sqrt(squares);
      for (const double component : direction) directions.push_back(static_cast<float>(component / norm));
    }
  }
  return directions;
}

// [channel][dx][dy], the definition's order, to [channel][dy][dx], the order of the pixels in memory.
std::vector<float> in_pixel_order(const std::vector<float>& directions, int nhood) {
  std::vector<float> turned(directions.size());
  const std::int64_t squares = static_cast<std::int64_t>(directions.size()) / (nhood * nhood);
  for (std::int64_t s = 0; s < squares; ++s) {
    for (int dx = 0; dx < nhood; ++dx) {
      for (int dy = 0; dy < nhood; ++dy) turned[(s * nhood + dy) * nhood + dx] = directions[(s * nhood + dx) * nhood + dy];
    }
  }
  return turned;
}

void check_alike(const ImageSource& a, const ImageSource& b) {
  check(a.count == b.count, "SWD of sets of ", a.count, " and ", b.count, " images, expected one count");
  check(a.size == b.size, "SWD of images of size ", a.size, " and ", b.size, ", expected one size");
  check(a.channels == b.channels, "SWD of images of ", a.channels, " and ", b.channels, " channels, expected one number");
}

}  // namespace

SwdDraws draw_swd(const SwdOptions& options, int level, int side, std::int64_t count, int channels) {
  check(options.nhood_size >= 1 && options.nhood_size <= side, "nhood_size is ", options.nhood_size, ", the level's side ", side);
  check(options.nhoods_per_image >= 1, "nhoods_per_image is ", options.nhoods_per_image, ", expected at least 1");
  check(options.dir_repeats >= 1 && options.dirs_per_repeat >= 1, "SWD with ", options.dir_repeats, " x ", options.dirs_per_repeat,
        " directions, expected at least 1 x 1");
  return {draw_centres(options, level, 0, side, count), draw_centres(options, level, 1, side, count),
          draw_directions(options, level, channels * options.nhood_size * options.nhood_size)};
}

double sliced_wasserstein_level(const ImageSource& a, const ImageSource& b, int level, int nhood_size, const SwdDraws& draws,
                                std::int64_t projection_bytes) {
  check_alike(a, b);
  PatchStream patches_a(a, level, nhood_size, draws.centres_a);
  PatchStream patches_b(b, level, nhood_size, draws.centres_b);
  const std::int64_t values = patches_a.patches();
  check_equal(patches_b.patches(), values, "number of patches of the second set");
  const std::int64_t length = patches_a.descriptor_length();
  const std::int64_t directions = static_cast<std::int64_t>(draws.directions.size()) / length;
  check(directions >= 1 && directions * length == static_cast<std::int64_t>(draws.directions.size()), "SWD directions are ",
        draws.directions.size(), " floats, expected a multiple of ", length);

  const std::vector<float> turned = in_pixel_order(draws.directions, nhood_size);
  const ChannelMoments moments_a = patches_a.moments();
  const ChannelMoments moments_b = patches_b.moments();

  const std::int64_t block = std::clamp<std::int64_t>(projection_bytes / (8 * values), 1, directions);
  AlignedBuffer<float> projections_a(block * values);  // [direction of the block][patch]
  AlignedBuffer<float> projections_b(block * values);
  const std::int64_t pieces = std::min<std::int64_t>(thread_count(), block);
  std::vector<Wasserstein> distance_of;
  for (std::int64_t piece = 0; piece < pieces; ++piece) distance_of.emplace_back(values);
  std::vector<double> distances(directions);
  for (std::int64_t first = 0; first < directions; first += block) {
    const std::int64_t n = std::min(block, directions - first);
    const auto project = [&](PatchStream& patches, const ChannelMoments& moments, float* projections) {
      patches.for_each_block(moments, [&](std::int64_t first_patch, std::int64_t count, const float* descriptors) {
        gemm(Transpose::no, Transpose::yes, n, count, length, turned.data() + first * length, length, descriptors, length, 0.0f,
             projections + first_patch, values);
      });
    };
    project(patches_a, moments_a, projections_a.data());
    project(patches_b, moments_b, projections_b.data());
    parallel_items(pieces, [&](std::int64_t piece) {
      const auto count = static_cast<std::size_t>(values);
      for (std::int64_t d = n * piece / pieces; d < n * (piece + 1) / pieces; ++d) {
        distances[first + d] = distance_of[piece]({projections_a.data() + d * values, count}, {projections_b.data() + d * values, count});
      }
    }, min_piece_of(2 * n / pieces * values));
  }
  double sum = 0.0;
  for (const double distance : distances) sum += distance;
  return sum / static_cast<double>(directions);
}

std::vector<SwdLevel> sliced_wasserstein(const ImageSource& a, const ImageSource& b, const SwdOptions& options) {
  check_alike(a, b);
  const int levels = pyramid_levels(a.size);
  check(levels >= 1, "SWD of images of size ", a.size, ", expected 16 * 2^k");
  std::vector<SwdLevel> result;
  for (int level = 0; level < levels; ++level) {
    const int side = a.size >> level;
    const SwdDraws draws = draw_swd(options, level, side, a.count, a.channels);
    result.push_back({side, sliced_wasserstein_level(a, b, level, options.nhood_size, draws)});
  }
  return result;
}

double mean_swd(std::span<const SwdLevel> levels) {
  check(!levels.empty(), "mean SWD of no levels");
  double sum = 0.0;
  for (const SwdLevel& level : levels) sum += level.swd;
  return sum / static_cast<double>(levels.size());
}

}  // namespace pbgen
