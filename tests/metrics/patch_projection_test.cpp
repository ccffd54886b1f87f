// Projections from panels against descriptors in rows and sums in double; the planes that both come from.
#include "metrics/patch_projection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "metrics/laplacian_pyramid.h"
#include "metrics/metric_kernels.h"
#include "metrics/patches.h"
#include "metrics/sliced_wasserstein.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

ImageSource noise_images(std::int64_t count, int size, int channels) {
  ImageSource source;
  source.count = count;
  source.size = size;
  source.channels = channels;
  source.read = [source](std::int64_t first, std::int64_t n, std::uint8_t* out) {
    const CounterRng rng(5, Stream::test);
    for (std::int64_t i = 0; i < n * source.bytes_per_image(); ++i) {
      const auto number = static_cast<std::uint64_t>(first * source.bytes_per_image() + i);
      out[i] = static_cast<std::uint8_t>(rng.bits(number) % 200 + number % 3 * 20);
    }
  };
  return source;
}

std::vector<PatchCentre> draw_places(const LevelPlanes& planes, int nhood, std::int64_t nhoods) {
  SwdOptions options;
  options.nhood_size = nhood;
  options.nhoods_per_image = static_cast<int>(nhoods);
  options.dir_repeats = options.dirs_per_repeat = 1;
  return draw_swd(options, 0, static_cast<int>(planes.side()), planes.images(), planes.channels()).centres_a;
}

// All values of the planes, image by image, from blocks of so many images.
std::vector<float> all_planes(LevelPlanes& planes, std::int64_t images_per_block) {
  const std::int64_t floats = planes.side() * planes.side() * planes.channels();
  std::vector<float> all(static_cast<std::size_t>(planes.images() * floats), std::nanf(""));
  planes.for_each_block(0, planes.images(), images_per_block, [&](int, std::int64_t image, std::int64_t n, const float* from) {
    for (std::int64_t i = 0; i < n; ++i) std::copy_n(from + i * planes.image_stride(), floats, all.data() + (image + i) * floats);
  });
  return all;
}

TEST(LevelPlanes, AreThePyramidsLevelsKeptOrNotWithAnyThreads) {
  const EagerScope eager;
  const int before = thread_count();
  for (const int channels : {1, 2, 3}) {
    const ImageSource source = noise_images(7, 32, channels);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(7 * source.bytes_per_image()));
    source.read(0, 7, bytes.data());
    for (const int level : {0, 1}) {
      const int side = 32 >> level;
      std::vector<float> expected;
      std::vector<float> plane(32 * 32);
      std::vector<float> scratch(static_cast<std::size_t>(pyramid_scratch_floats(32)));
      std::vector<float> out(static_cast<std::size_t>(side * side));
      for (std::size_t image = 0; image < 7; ++image) {
        for (int c = 0; c < channels; ++c) {
          for (std::size_t i = 0; i < plane.size(); ++i)
            plane[i] = bytes[(image * plane.size() + i) * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)];
          pyramid_level(plane.data(), 32, level, out.data(), scratch.data());
          expected.insert(expected.end(), out.begin(), out.end());
        }
      }
      for (const int threads : {1, 2}) {
        set_thread_count(threads);
        for (const std::int64_t cache : {std::int64_t{0}, std::int64_t{4 * 4 * (side * side * channels + 16)}, std::int64_t{1} << 20}) {
          LevelPlanes planes(source, level, cache);
          for (const std::int64_t block : {3, 1, 7})
            EXPECT_TRUE(all_planes(planes, block) == expected) << channels << " channels, level " << level;
        }
      }
    }
  }
  set_thread_count(before);
}

TEST(LevelPlanes, NormaliseAlikeWhetherKeptOrNot) {
  const ImageSource source = noise_images(5, 16, 3);
  const ChannelMoments moments{{10.0, 20.0, 30.5}, {2.0, 0.3, 7.0}};
  LevelPlanes plain(source, 0, 0);
  const std::vector<float> raw = all_planes(plain, 2);
  LevelPlanes kept(source, 0, 1 << 20);
  all_planes(kept, 5);
  kept.normalise(moments);
  plain.normalise(moments);
  const std::vector<float> values = all_planes(plain, 2);
  EXPECT_TRUE(all_planes(kept, 2) == values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t c = i / 256 % 3;
    const double expected = (raw[i] - moments.mean[c]) / moments.deviation[c];
    ASSERT_TRUE(std::fabs(values[i] - expected) <= 1e-6 * (1.0 + std::fabs(expected))) << i;
  }
  EXPECT_THROW(plain.normalise(moments), std::logic_error);
}

TEST(LevelPlanes, WhatTheSourceThrowsComesOut) {
  ImageSource source = noise_images(9, 16, 1);
  source.read = [](std::int64_t first, std::int64_t, std::uint8_t*) {
    if (first == 6) throw std::runtime_error("torn");
  };
  LevelPlanes planes(source, 0, 1 << 20);
  EXPECT_THROW(all_planes(planes, 2), std::runtime_error);
}

TEST(LevelPlanes, StatisticsCountValuesAsOftenAsPatchesCoverThem) {
  const ImageSource source = noise_images(4, 32, 2);
  for (const int nhood : {1, 7, 15}) {
    LevelPlanes planes(source, 1, 0);
    const std::vector<PatchCentre> centres = draw_places(planes, nhood, 11);
    const LevelPlanes::Statistics statistics = planes.statistics(centres, nhood);
    const std::vector<float> values = all_planes(planes, 1);
    for (std::size_t c = 0; c < 2; ++c) {
      double sum = 0.0;
      double squares = 0.0;
      for (std::size_t i = 0; i < centres.size(); ++i) {
        for (int dy = -(nhood / 2); dy <= nhood / 2; ++dy) {
          for (int dx = -(nhood / 2); dx <= nhood / 2; ++dx) {
            const auto y = static_cast<std::size_t>(centres[i].y + dy);
            const double value = values[((i / 11 * 2 + c) * 16 + y) * 16 + static_cast<std::size_t>(centres[i].x + dx)];
            sum += value;
            squares += value * value;
          }
        }
      }
      const double count = static_cast<double>(centres.size()) * nhood * nhood;
      const double mean = sum / count;
      EXPECT_NEAR(statistics.moments.mean[c], mean, 1e-10 * std::fabs(mean));
      EXPECT_NEAR(statistics.moments.deviation[c], std::sqrt(squares / count - mean * mean), 1e-8);
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (i / 256 % 2 != c) continue;
        EXPECT_LE(statistics.low[c], values[i]);
        EXPECT_GE(statistics.high[c], values[i]);
      }
    }
  }
}

#if defined(__x86_64__)

class PatchProjectionTest : public OnEachPath {
 protected:
  void SetUp() override {
    OnEachPath::SetUp();
    if (!IsSkipped() && metric_kernels().patch_projection == nullptr)
      GTEST_SKIP() << "the path " << name(isa()) << " has no such kernels";
  }
};
INSTANTIATE_TEST_SUITE_P(Paths, PatchProjectionTest, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(PatchProjectionTest, EqualsDescriptorsTimesDirections) {
  const EagerScope eager;
  const int before = thread_count();
  struct Case {
    int channels, nhood, nhoods, directions;
  };
  for (const Case& shape : {Case{3, 7, 128, 5}, {1, 1, 1, 1}, {2, 9, 33, 4}, {3, 15, 700, 3}, {1, 7, 31, 2}, {3, 3, 5, 7}}) {
    const int channels = shape.channels;
    const int nhood = shape.nhood;
    const int nhoods = shape.nhoods;
    const int directions = shape.directions;
    const ImageSource source = noise_images(21, 16, channels);
    LevelPlanes planes(source, 0, 9 * 4 * (256 * channels + 16));
    const std::vector<PatchCentre> centres = draw_places(planes, nhood, nhoods);
    const ChannelMoments moments = planes.statistics(centres, nhood).moments;
    planes.normalise(moments);
    const int length = channels * nhood * nhood;
    const CounterRng rng(3, Stream::test);
    std::vector<float> dirs(static_cast<std::size_t>(directions * length));
    for (std::size_t i = 0; i < dirs.size(); ++i) dirs[i] = static_cast<float>(rng.normal(i) / std::sqrt(length));
    constexpr int kExponent = 24;

    // By descriptor: at its place in its image, the projections and the sums of magnitudes.
    struct Expected {
      std::vector<double> projection;
      std::vector<double> magnitude;
      int times = 0;
    };
    std::vector<std::map<std::pair<int, int>, Expected>> by_image(21);
    PatchStream rows(source, 0, nhood, centres);
    rows.for_each_block(moments, [&](std::int64_t first, std::int64_t n, const float* descriptors) {
      for (std::int64_t i = 0; i < n; ++i) {
        const PatchCentre centre = centres[static_cast<std::size_t>(first + i)];
        Expected& expected = by_image[static_cast<std::size_t>((first + i) / nhoods)][{centre.y, centre.x}];
        ++expected.times;
        expected.projection.assign(static_cast<std::size_t>(directions), 0.0);
        expected.magnitude.assign(static_cast<std::size_t>(directions), 0.0);
        for (int d = 0; d < directions; ++d) {
          for (int p = 0; p < length; ++p) {
            const double term = static_cast<double>(descriptors[i * length + p]) * dirs[static_cast<std::size_t>(d * length + p)];
            expected.projection[static_cast<std::size_t>(d)] += term;
            expected.magnitude[static_cast<std::size_t>(d)] += std::fabs(term);
          }
        }
      }
    });

    PatchProjection project(*metric_kernels().patch_projection, planes, nhood, centres);
    const std::int64_t places = project.places();
    ASSERT_EQ(places % metric_kernels().patch_projection->patches, 0);
    ASSERT_EQ(places % 16, 0);
    std::vector<std::vector<std::int32_t>> results;
    for (const int threads : {1, 2}) {
      set_thread_count(threads);
      AlignedBuffer<std::int32_t> out(directions * places + 1);
      std::fill(out.begin(), out.end(), INT32_MIN);
      project(dirs, kExponent, out.data());
      EXPECT_EQ(out[directions * places], INT32_MIN);
      results.emplace_back(out.begin(), out.end());
    }
    set_thread_count(before);
    EXPECT_TRUE(results[0] == results[1]);

    // Places come image by image, in the order in which an image's centres are first named.
    std::size_t at = 0;
    for (std::size_t image = 0; image < 21; ++image) {
      for (std::int64_t i = 0; i < nhoods; ++i) {
        const PatchCentre centre = centres[image * static_cast<std::size_t>(nhoods) + static_cast<std::size_t>(i)];
        Expected& expected = by_image[image][{centre.y, centre.x}];
        while (expected.times > 0) {
          while (project.weights()[at] == 0) ++at;
          expected.times -= project.weights()[at];
          for (int d = 0; d < directions; ++d) {
            const double value = std::ldexp(results[0][static_cast<std::size_t>(d * places) + at], -kExponent);
            const double error = std::fabs(value - expected.projection[static_cast<std::size_t>(d)]);
            ASSERT_TRUE(error <= (length + 2) * 0x1p-24 * expected.magnitude[static_cast<std::size_t>(d)] + 0x1p-24) << error;
          }
          ++at;
        }
        EXPECT_EQ(expected.times, 0);
      }
    }
    for (; at < project.weights().size(); ++at) EXPECT_EQ(project.weights()[at], 0);
  }
}

TEST_P(PatchProjectionTest, RefusesCentresOutsideTheLevel) {
  const ImageSource source = noise_images(2, 16, 1);
  LevelPlanes planes(source, 0, 0);
  EXPECT_THROW(PatchProjection(*metric_kernels().patch_projection, planes, 7, std::vector<PatchCentre>{{3, 3}, {13, 3}}), std::logic_error);
  EXPECT_THROW(PatchProjection(*metric_kernels().patch_projection, planes, 7, std::vector<PatchCentre>{{3, 3}}), std::logic_error);
  EXPECT_THROW(PatchProjection(*metric_kernels().patch_projection, planes, 6, std::vector<PatchCentre>{{3, 3}, {3, 3}}), std::logic_error);
}

#endif

}  // namespace
}  // namespace pbgen
