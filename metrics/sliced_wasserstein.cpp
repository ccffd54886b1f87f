#include "metrics/sliced_wasserstein.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <utility>

#include "core/base/aligned_buffer.h"
#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/cuts.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/gemm/gemm.h"
#include "metrics/fixed_wasserstein.h"
#include "metrics/laplacian_pyramid.h"
#include "metrics/large_buffer.h"
#include "metrics/level_planes.h"
#include "metrics/metric_kernels.h"
#include "metrics/patch_projection.h"
#include "metrics/patches.h"
#include "metrics/wasserstein.h"

namespace pbgen {
namespace {

// Working memory, of which a quarter keeps planes, so that the next block of directions need not make them anew, and the rest
// projections.  Three sets, what is listed by patch and this stay below 930 MB where the sets leave room for the least.
constexpr std::int64_t kMegabyte = 1 << 20;
constexpr std::int64_t kAllBytes = 930 * kMegabyte;
constexpr std::int64_t kLeastWorkBytes = 256 * kMegabyte;
constexpr std::int64_t kMostWorkBytes = 512 * kMegabyte;
constexpr std::int64_t kListedBytesPerPatch = 24;

std::int64_t projection_bytes_of(const ImageSource& source, const SwdOptions& options) {
  const std::int64_t others = source.count * (3 * source.bytes_per_image() + kListedBytesPerPatch * options.nhoods_per_image);
  return std::clamp(kAllBytes - others, kLeastWorkBytes, kMostWorkBytes) / 4 * 3;
}

std::vector<PatchCentre> draw_centres(const SwdOptions& options, int level, int set, int side, std::int64_t count) {
  const CounterRng rng(options.seed, Stream::patches, static_cast<std::uint32_t>(2 * level + set));
  const std::uint64_t span = static_cast<std::uint64_t>(side - options.nhood_size) + 1;
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

// The directions that this rank computes.
Range part_of(const Ranks& ranks, std::int64_t directions) { return piece_of(directions, ranks.rank(), ranks.count()); }

// Over all directions, of which each rank has computed its part.
double mean_of(std::vector<double> distances, Ranks& ranks) {
  const auto count = std::ssize(distances);
  const Range mine = part_of(ranks, count);
  std::vector<std::int64_t> bytes;
  bytes.reserve(static_cast<std::size_t>(ranks.count()));
  for (int rank = 0; rank < ranks.count(); ++rank)
    bytes.push_back(static_cast<std::int64_t>(sizeof(double)) * piece_of(count, rank, ranks.count()).size());
  const std::vector<double> computed(distances.begin() + mine.begin, distances.begin() + mine.end);
  ranks.all_gather(std::as_bytes(std::span(computed)), bytes, std::as_writable_bytes(std::span(distances)));
  double sum = 0.0;
  for (const double distance : distances) sum += distance;
  return sum / static_cast<double>(distances.size());
}

// The definition: descriptors in rows, projections and their distances in floating point.
SwdLevel level_by_rows(const ImageSource& a, const ImageSource& b, int level, int nhood_size, const SwdDraws& draws,
                     std::int64_t projection_bytes, Ranks& ranks) {
  PatchStream patches_a(a, level, nhood_size, draws.centres_a);
  PatchStream patches_b(b, level, nhood_size, draws.centres_b);
  const std::int64_t values = patches_a.patches();
  const std::int64_t length = patches_a.descriptor_length();
  const std::int64_t directions = static_cast<std::int64_t>(draws.directions.size()) / length;
  const std::vector<float> turned = in_pixel_order(draws.directions, nhood_size);
  const ChannelMoments moments_a = patches_a.moments();
  const ChannelMoments moments_b = patches_b.moments();

  const Range mine = part_of(ranks, directions);
  const std::int64_t block = std::clamp<std::int64_t>(projection_bytes / (8 * values), 1, std::max<std::int64_t>(mine.size(), 1));
  AlignedBuffer<float> projections_a(block * values);  // [direction of the block][patch]
  AlignedBuffer<float> projections_b(block * values);
  const std::int64_t pieces = std::min<std::int64_t>(thread_count(), block);
  std::vector<Wasserstein> distance_of;
  for (std::int64_t piece = 0; piece < pieces; ++piece) distance_of.emplace_back(values);
  std::vector<double> distances(static_cast<std::size_t>(directions));
  for (std::int64_t first = mine.begin; first < mine.end; first += block) {
    const std::int64_t n = std::min(block, mine.end - first);
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
  return {a.size >> level, mean_of(std::move(distances), ranks), moments_a.constant, moments_b.constant};
}

// The largest e for which no projection of the normalised planes passes 2^29 when multiplied by 2^e.
int projection_exponent(const std::vector<LevelPlanes::Statistics>& sets, const std::vector<float>& directions, std::int64_t length) {
  double magnitude = 0.0;
  for (const LevelPlanes::Statistics& set : sets) {
    for (std::size_t c = 0; c < set.low.size(); ++c) {
      const double mean = set.moments.mean[c];
      magnitude = std::max(magnitude, std::max(set.high[c] - mean, mean - set.low[c]) / set.moments.deviation[c]);
    }
  }
  double norm = 0.0;  // the largest sum of magnitudes
  for (std::size_t first = 0; first < directions.size(); first += static_cast<std::size_t>(length)) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < length; ++i) sum += std::fabs(directions[first + static_cast<std::size_t>(i)]);
    norm = std::max(norm, sum);
  }
  int exponent = 0;
  std::frexp(magnitude * norm * 1.001, &exponent);  // below 2^exponent; 1.001 is far more than rounding adds
  return std::min(29 - exponent, 29);
}

// The same by a path's kernels.  Projections are integers from their summation on, in units of 2^-exponent: a rounding far below that of
// the sum.
SwdLevel level_by_panels(const MetricKernels& kernels, const ImageSource& a, const ImageSource& b, int level, int nhood_size,
                         const SwdDraws& draws, std::int64_t projection_bytes, LargeBuffer& buffer, Ranks& ranks) {
  LevelPlanes planes_a(a, level, projection_bytes / 6);
  LevelPlanes planes_b(b, level, projection_bytes / 6);
  PatchProjection project_a(*kernels.patch_projection, planes_a, nhood_size, draws.centres_a);
  PatchProjection project_b(*kernels.patch_projection, planes_b, nhood_size, draws.centres_b);
  const std::int64_t length = static_cast<std::int64_t>(a.channels) * nhood_size * nhood_size;
  const std::int64_t directions = static_cast<std::int64_t>(draws.directions.size()) / length;
  const std::vector<float> turned = in_pixel_order(draws.directions, nhood_size);
  const std::vector<LevelPlanes::Statistics> statistics = {planes_a.statistics(draws.centres_a, nhood_size),
                                                           planes_b.statistics(draws.centres_b, nhood_size)};
  planes_a.normalise(statistics[0].moments);
  planes_b.normalise(statistics[1].moments);
  const int exponent = projection_exponent(statistics, turned, length);

  const auto patches = static_cast<std::int64_t>(draws.centres_a.size());
  const std::int64_t places_a = project_a.places();
  const std::int64_t places_b = project_b.places();
  const Range mine = part_of(ranks, directions);
  const std::int64_t most = std::max<std::int64_t>(mine.size(), 1);
  const std::int64_t block = std::clamp<std::int64_t>(projection_bytes / (4 * (places_a + places_b)), 1, most);
  std::int32_t* const projections_a = buffer.reserve(block * (places_a + places_b));  // [direction of the block][place]
  std::int32_t* const projections_b = projections_a + block * places_a;
  const std::int64_t pieces = std::min<std::int64_t>(thread_count(), block);
  std::vector<FixedWasserstein> distance_of;
  for (std::int64_t piece = 0; piece < pieces; ++piece) distance_of.emplace_back(*kernels.fixed_wasserstein, patches);
  std::vector<double> distances(static_cast<std::size_t>(directions));
  for (std::int64_t first = mine.begin; first < mine.end; first += block) {
    const std::int64_t n = std::min(block, mine.end - first);
    const std::span<const float> of_block(turned.data() + first * length, static_cast<std::size_t>(n * length));
    project_a(of_block, exponent, projections_a);
    project_b(of_block, exponent, projections_b);
    parallel_items(pieces, [&](std::int64_t piece) {
      for (std::int64_t d = n * piece / pieces; d < n * (piece + 1) / pieces; ++d) {
        const std::int64_t sum =
            distance_of[piece]({{projections_a + d * places_a, static_cast<std::size_t>(places_a)}, project_a.weights()},
                               {{projections_b + d * places_b, static_cast<std::size_t>(places_b)}, project_b.weights()});
        distances[first + d] = std::ldexp(static_cast<double>(sum), -exponent) / static_cast<double>(patches);
      }
    }, min_piece_of(2 * n / pieces * patches));
  }
  return {a.size >> level, mean_of(std::move(distances), ranks), statistics[0].moments.constant, statistics[1].moments.constant};
}

// buffer: for projections, reused from level to level.
SwdLevel level_distance(const ImageSource& a, const ImageSource& b, int level, int nhood_size, const SwdDraws& draws,
                      std::int64_t projection_bytes, LargeBuffer& buffer, Ranks& ranks) {
  check_alike(a, b);
  check_equal(draws.centres_b.size(), draws.centres_a.size(), "number of patches of the second set");
  const std::int64_t length = static_cast<std::int64_t>(a.channels) * nhood_size * nhood_size;
  const auto floats = static_cast<std::int64_t>(draws.directions.size());
  check(floats >= length && length > 0 && floats % length == 0, "SWD directions are ", floats, " floats, expected a multiple of ", length);
  const MetricKernels& kernels = metric_kernels();
  if (kernels.patch_projection && kernels.fixed_wasserstein)
    return level_by_panels(kernels, a, b, level, nhood_size, draws, projection_bytes, buffer, ranks);
  return level_by_rows(a, b, level, nhood_size, draws, projection_bytes, ranks);
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
  LargeBuffer buffer;
  return level_distance(a, b, level, nhood_size, draws, projection_bytes, buffer, one_process()).swd;
}

std::vector<SwdLevel> sliced_wasserstein(const ImageSource& a, const ImageSource& b, const SwdOptions& options) {
  check_alike(a, b);
  const int levels = pyramid_levels(a.size);
  check(levels >= 1, "SWD of images of size ", a.size, ", expected 16 * 2^k");
  std::vector<SwdLevel> result;
  const std::int64_t projection_bytes = projection_bytes_of(a, options);
  LargeBuffer buffer;
  for (int level = 0; level < levels; ++level) {
    const int side = a.size >> level;
    const SwdDraws draws = draw_swd(options, level, side, a.count, a.channels);
    result.push_back(level_distance(a, b, level, options.nhood_size, draws, projection_bytes, buffer, *options.ranks));
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
