// The distance: the one-dimensional one against sorting, the whole against numpy, and what must hold of any distance.
#include "metrics/sliced_wasserstein.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "metrics/patches.h"
#include "metrics/wasserstein.h"
#include "tests/support/isa_paths.h"
#include "tests/support/thread_ranks.h"

namespace pbgen {
namespace {

ImageSource source_of(std::vector<std::uint8_t> pixels, int size, int channels) {
  ImageSource source;
  source.size = size;
  source.channels = channels;
  const std::int64_t bytes = source.bytes_per_image();
  source.count = static_cast<std::int64_t>(pixels.size()) / bytes;
  source.read = [pixels = std::move(pixels), bytes](std::int64_t first, std::int64_t n, std::uint8_t* out) {
    std::memcpy(out, pixels.data() + first * bytes, n * bytes);
  };
  return source;
}

// The formulas of tests/golden/make_swd_golden.py.
class Lcg {
 public:
  explicit Lcg(std::uint32_t seed) : state_(seed) {}
  int below(int bound) {
    state_ = 1664525u * state_ + 1013904223u;
    return static_cast<int>((state_ >> 8) % static_cast<std::uint32_t>(bound));
  }

 private:
  std::uint32_t state_;
};

ImageSource make_images(std::uint32_t seed, int count, int size, int channels, int slope, int noise) {
  Lcg lcg(seed);
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < count; ++i) {
    for (int y = 0; y < size; ++y) {
      for (int x = 0; x < size; ++x) {
        for (int c = 0; c < channels; ++c) {
          const int ramp = (slope * x + 2 * y * (c + 1) + 17 * i) / 2;
          pixels.push_back(static_cast<std::uint8_t>(std::min(255, ramp % 180 + lcg.below(noise))));
        }
      }
    }
  }
  return source_of(std::move(pixels), size, channels);
}

ImageSource first_set(int count, int size, int channels) { return make_images(1, count, size, channels, 3, 60); }
ImageSource second_set(int count, int size, int channels) { return make_images(2, count, size, channels, 5, 90); }

std::vector<PatchCentre> make_centres(std::uint32_t seed, int count, int nhoods, int side) {
  Lcg lcg(seed);
  std::vector<PatchCentre> centres;
  for (int i = 0; i < count * nhoods; ++i) {
    const int x = 3 + lcg.below(side - 6);
    const int y = 3 + lcg.below(side - 6);
    centres.push_back({static_cast<std::uint16_t>(x), static_cast<std::uint16_t>(y)});
  }
  return centres;
}

std::vector<float> make_directions(std::uint32_t seed, int count, int length) {
  Lcg lcg(seed);
  std::vector<float> directions;
  std::vector<double> row(length);
  for (int d = 0; d < count; ++d) {
    double squares = 0.0;
    for (double& component : row) {
      component = lcg.below(2001) - 1000;
      squares += component * component;
    }
    for (const double component : row) directions.push_back(static_cast<float>(component / std::sqrt(squares)));
  }
  return directions;
}

struct GoldenLine {
  std::string kind, name;
  int size = 0, channels = 0, images = 0, nhoods = 0, directions = 0, side = 0;
  double swd = 0.0, sd = 0.0;
  int level() const { return size == side ? 0 : size == 2 * side ? 1 : 2; }
};

std::vector<GoldenLine> golden_lines(const std::string& kind) {
  std::ifstream file("tests/golden/swd.txt");
  std::vector<GoldenLine> lines;
  std::string text;
  while (std::getline(file, text)) {
    std::istringstream words(text);
    GoldenLine line;
    std::string word;
    if (words >> line.kind >> line.name >> line.size >> line.channels >> line.images >> line.nhoods >> line.directions >> word >>
            line.side >> word >> line.swd &&
        line.kind == kind) {
      words >> word >> line.sd;
      lines.push_back(line);
    }
  }
  return lines;
}

SwdOptions small_options(std::uint64_t seed) {
  SwdOptions options;
  options.seed = seed;
  options.nhoods_per_image = 16;
  options.dir_repeats = 2;
  options.dirs_per_repeat = 8;
  return options;
}

double by_sorting(std::vector<float> a, std::vector<float> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::fabs(static_cast<double>(a[i]) - b[i]);
  return sum / static_cast<double>(a.size());
}

TEST(Wasserstein, EqualsTheMeanDifferenceOfSortedValues) {
  const CounterRng rng(3, Stream::test);
  Wasserstein distance(20000);
  for (const int count : {1, 2, 3, 17, 1000, 20000}) {
    for (const double shift : {0.0, 0.01, 0.5, 30.0}) {
      for (const double steps : {0.0, 4.0}) {  // with steps: few distinct values, most of them in both sets
        std::vector<float> a(count);
        std::vector<float> b(count);
        for (int i = 0; i < count; ++i) {
          // Cubes have the heavy tails that make equal bins a poor fit.
          const double u = std::pow(rng.normal(2 * i), 3.0);
          const double v = 1.1 * std::pow(rng.normal(2 * i + 1), 3.0) + shift;
          a[i] = static_cast<float>(steps > 0 ? std::floor(u * steps) / steps : u);
          b[i] = static_cast<float>(steps > 0 ? std::floor(v * steps) / steps : v);
        }
        const double expected = by_sorting(a, b);
        EXPECT_NEAR(distance(a, b), expected, 1e-9 * expected + 1e-9) << count << " values, shift " << shift << ", steps " << steps;
      }
    }
  }
}

TEST(Wasserstein, OfASetAndItselfInAnotherOrderIsZero) {
  const CounterRng rng(4, Stream::test);
  std::vector<float> a(5000);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(rng.normal(i));
  std::vector<float> b(a.rbegin(), a.rend());
  EXPECT_EQ(Wasserstein(5000)(a, b), 0.0);
  EXPECT_EQ(Wasserstein(8)(std::vector<float>(8, 2.5f), std::vector<float>(8, 2.5f)), 0.0);
}

TEST(Wasserstein, RefusesCountsThatItCannotHold) {
  EXPECT_THROW(Wasserstein(0), std::logic_error);
  EXPECT_THROW(Wasserstein(std::int64_t{1} << 31), std::logic_error);
}

TEST(SlicedWasserstein, AgreesWithNumpyUnderGivenCentresAndDirections) {
  const std::vector<GoldenLine> lines = golden_lines("given");
  ASSERT_EQ(lines.size(), 6u) << "tests/golden/swd.txt is read from the folder that the tests run in: the repository's root";
  for (const GoldenLine& line : lines) {
    const std::uint32_t level = static_cast<std::uint32_t>(line.level());
    SwdDraws draws;
    draws.centres_a = make_centres(10 + level, line.images, line.nhoods, line.side);
    draws.centres_b = make_centres(20 + level, line.images, line.nhoods, line.side);
    draws.directions = make_directions(30 + level, line.directions, line.channels * 49);
    const double swd = sliced_wasserstein_level(first_set(line.images, line.size, line.channels),
                                                second_set(line.images, line.size, line.channels), line.level(), 7, draws);
    EXPECT_NEAR(swd, line.swd, 1e-4 * line.swd) << line.name << " " << line.side;
  }
}

TEST(SlicedWasserstein, AgreesWithNumpyWithinTheSpreadOfItsOwnDraws) {
  const std::vector<GoldenLine> lines = golden_lines("drawn");
  ASSERT_EQ(lines.size(), 2u);
  const ImageSource a = first_set(lines[0].images, lines[0].size, lines[0].channels);
  const ImageSource b = second_set(lines[0].images, lines[0].size, lines[0].channels);
  SwdOptions options;
  options.seed = 5;
  const std::vector<SwdLevel> levels = sliced_wasserstein(a, b, options);
  ASSERT_EQ(levels.size(), 2u);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(levels[i].size, lines[i].side);
    EXPECT_NEAR(levels[i].swd, lines[i].swd, 5 * lines[i].sd);
  }
}

TEST(SlicedWasserstein, OfASetAndItselfIsZeroAtTheSamePlacesAndNotAtOthers) {
  const ImageSource a = first_set(6, 32, 3);
  SwdDraws draws = draw_swd(small_options(1), 0, 32, a.count, a.channels);
  EXPECT_GT(sliced_wasserstein_level(a, a, 0, 7, draws), 0.0);
  draws.centres_b = draws.centres_a;
  EXPECT_EQ(sliced_wasserstein_level(a, a, 0, 7, draws), 0.0);
}

TEST(SlicedWasserstein, IsSymmetricWhenTheDrawsAreExchanged) {
  const ImageSource a = first_set(6, 32, 3);
  const ImageSource b = second_set(6, 32, 3);
  SwdDraws draws = draw_swd(small_options(1), 1, 16, a.count, a.channels);
  const double forth = sliced_wasserstein_level(a, b, 1, 7, draws);
  std::swap(draws.centres_a, draws.centres_b);
  EXPECT_NEAR(sliced_wasserstein_level(b, a, 1, 7, draws), forth, 1e-12 * forth);
}

TEST(SlicedWasserstein, DoesNotSeeBrightnessOrContrastBecauseEachSetIsNormalised) {
  const ImageSource a = first_set(6, 16, 1);
  ImageSource b = a;
  b.read = [a](std::int64_t first, std::int64_t n, std::uint8_t* out) {
    a.read(first, n, out);
    for (std::int64_t i = 0; i < n * a.bytes_per_image(); ++i) out[i] = static_cast<std::uint8_t>(5 + out[i] / 2);
  };
  ImageSource a_even = a;
  a_even.read = [a](std::int64_t first, std::int64_t n, std::uint8_t* out) {
    a.read(first, n, out);
    for (std::int64_t i = 0; i < n * a.bytes_per_image(); ++i) out[i] = static_cast<std::uint8_t>(out[i] / 2 * 2);
  };
  SwdDraws draws = draw_swd(small_options(1), 0, 16, a.count, a.channels);
  draws.centres_b = draws.centres_a;
  EXPECT_LT(sliced_wasserstein_level(a_even, b, 0, 7, draws), 1e-6);
}

TEST(SlicedWasserstein, IsTheSameBitsForAnyNumberOfThreads) {
  const EagerScope eager;
  const int before = thread_count();
  const ImageSource a = first_set(37, 32, 3);
  const ImageSource b = second_set(37, 32, 3);
  std::vector<std::vector<SwdLevel>> results;
  for (const int threads : {1, 2, 3}) {
    set_thread_count(threads);
    results.push_back(sliced_wasserstein(a, b, small_options(9)));
  }
  set_thread_count(before);
  for (const std::vector<SwdLevel>& result : results) {
    for (std::size_t i = 0; i < result.size(); ++i) EXPECT_EQ(result[i].swd, results[0][i].swd);
  }
}

TEST(SlicedWasserstein, IsTheSameBitsForAnyNumberOfRanks) {
  const Isa before = isa();
  const ImageSource a = first_set(6, 32, 3);
  const ImageSource b = second_set(6, 32, 3);
  for (const Isa path : machine_paths()) {
    set_isa(path);
    // More directions than ranks, as many, and fewer.
    for (const int directions : {13, 3, 1}) {
      SwdOptions options{.nhoods_per_image = 8, .dir_repeats = 1, .dirs_per_repeat = directions};
      const std::vector<SwdLevel> alone = sliced_wasserstein(a, b, options);
      for (const int count : {2, 3})
        on_ranks(count, [&](Ranks& ranks) {
          SwdOptions shared = options;
          shared.ranks = &ranks;
          const std::vector<SwdLevel> levels = sliced_wasserstein(a, b, shared);
          ASSERT_EQ(levels.size(), alone.size());
          for (std::size_t level = 0; level < levels.size(); ++level) EXPECT_EQ(levels[level].swd, alone[level].swd) << directions;
        });
    }
  }
  set_isa(before);
}

TEST(SlicedWasserstein, DoesNotDependOnTheMemoryThatItIsGiven) {
  const ImageSource a = first_set(6, 16, 3);
  const ImageSource b = second_set(6, 16, 3);
  const SwdDraws draws = draw_swd(small_options(1), 0, 16, 6, 3);
  const double whole = sliced_wasserstein_level(a, b, 0, 7, draws);
  // 6 * 16 projections of both sets on a direction are 768 bytes: blocks of 1, of 3 with a rest of 1, of 8.
  for (const std::int64_t bytes : {1, 3 * 768, 8 * 768}) {
    EXPECT_NEAR(sliced_wasserstein_level(a, b, 0, 7, draws, bytes), whole, 1e-6 * whole) << bytes;
  }
}

TEST(SlicedWasserstein, IsTheDefinitionsWhateverKernelsRun) {
  const Isa before = isa();
  if (fast_paths().empty()) GTEST_SKIP() << "this processor has no AVX2";
  const ImageSource a = first_set(5, 64, 3);
  const ImageSource b = second_set(5, 64, 3);
  for (const int nhood : {7, 3, 9}) {
    SwdOptions options = small_options(4);
    options.nhood_size = nhood;
    set_isa(Isa::ref);
    const std::vector<SwdLevel> expected = sliced_wasserstein(a, b, options);
    std::vector<SwdLevel> by_panels;  // of the first path that has such kernels: integers, the same on all of them
    for (const Isa path : fast_paths()) {
      set_isa(path);
      const std::vector<SwdLevel> levels = sliced_wasserstein(a, b, options);
      set_isa(before);
      ASSERT_EQ(levels.size(), 3u);
      if (by_panels.empty()) by_panels = levels;
      for (std::size_t i = 0; i < levels.size(); ++i) {
        EXPECT_NEAR(levels[i].swd, expected[i].swd, 2e-6 * expected[i].swd)
            << "nhood " << nhood << ", " << levels[i].size << ", " << name(path);
        EXPECT_EQ(levels[i].swd, by_panels[i].swd) << "nhood " << nhood << ", " << levels[i].size << ", " << name(path);
      }
    }
  }
}

TEST(SlicedWasserstein, DependsOnTheSeedAlone) {
  const ImageSource a = first_set(6, 16, 3);
  const ImageSource b = second_set(6, 16, 3);
  EXPECT_EQ(sliced_wasserstein(a, b, small_options(1))[0].swd, sliced_wasserstein(a, b, small_options(1))[0].swd);
  EXPECT_NE(sliced_wasserstein(a, b, small_options(1))[0].swd, sliced_wasserstein(a, b, small_options(2))[0].swd);
}

TEST(SlicedWasserstein, DirectionsHaveUnitNormAndCentresCoverTheirRangeApartForEachSet) {
  SwdOptions options;
  options.nhoods_per_image = 1000;
  const SwdDraws draws = draw_swd(options, 2, 16, 4, 3);
  ASSERT_EQ(draws.directions.size(), 512u * 147u);
  for (int d = 0; d < 512; ++d) {
    double squares = 0.0;
    for (int i = 0; i < 147; ++i) squares += static_cast<double>(draws.directions[d * 147 + i]) * draws.directions[d * 147 + i];
    ASSERT_NEAR(squares, 1.0, 1e-6);
  }
  // No two repeats draw the same directions, and no two levels.
  std::set<float> first_components;
  for (const int level : {0, 1, 2}) {
    const std::vector<float> directions = draw_swd(options, level, 16, 1, 3).directions;
    for (int repeat = 0; repeat < options.dir_repeats; ++repeat)
      first_components.insert(directions[repeat * options.dirs_per_repeat * 147]);
  }
  EXPECT_EQ(first_components.size(), static_cast<std::size_t>(3 * options.dir_repeats));
  std::vector<int> seen(16 * 16);
  int together = 0;
  for (std::size_t i = 0; i < draws.centres_a.size(); ++i) {
    const PatchCentre a = draws.centres_a[i];
    const PatchCentre b = draws.centres_b[i];
    ++seen[a.y * 16 + a.x];
    together += a.x == b.x && a.y == b.y;
  }
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 16; ++x) {
      const bool inside = x >= 3 && x < 13 && y >= 3 && y < 13;
      // 4,000 draws over 100 places: 40 each, 5 standard deviations are 32.
      EXPECT_NEAR(seen[y * 16 + x], inside ? 40 : 0, inside ? 32 : 0) << x << "," << y;
    }
  }
  EXPECT_NEAR(together, 40, 32);
}

TEST(PatchMoments, ArePopulationMomentsAndAConstantChannelIsDividedByOne) {
  // Two images of 16x16 whose first channel is 10 or 20, the second 7 everywhere: mean 15, population deviation 5.
  std::vector<std::uint8_t> pixels;
  for (const std::uint8_t value : {std::uint8_t{10}, std::uint8_t{20}}) {
    for (int i = 0; i < 256; ++i) pixels.insert(pixels.end(), {value, std::uint8_t{7}});
  }
  const ImageSource source = source_of(pixels, 16, 2);
  const std::vector<PatchCentre> centres = make_centres(1, 2, 1, 16);
  PatchStream stream(source, 0, 7, centres);
  const ChannelMoments moments = stream.moments();
  EXPECT_DOUBLE_EQ(moments.mean[0], 15.0);
  EXPECT_DOUBLE_EQ(moments.deviation[0], 5.0);
  EXPECT_DOUBLE_EQ(moments.mean[1], 7.0);
  EXPECT_DOUBLE_EQ(moments.deviation[1], 1.0);
  stream.for_each_block(moments, [](std::int64_t first, std::int64_t n, const float* descriptors) {
    EXPECT_EQ(first, 0);
    ASSERT_EQ(n, 2);
    for (int i = 0; i < 49; ++i) {
      EXPECT_NEAR(descriptors[i], -1.0, 1e-6);
      EXPECT_EQ(descriptors[49 + i], 0.0);
      EXPECT_NEAR(descriptors[98 + i], 1.0, 1e-6);
    }
  });
}

TEST(SlicedWasserstein, OfConstantImagesIsZeroNotNan) {
  const ImageSource black = source_of(std::vector<std::uint8_t>(3 * 32 * 32 * 3, 0), 32, 3);
  const ImageSource white = source_of(std::vector<std::uint8_t>(3 * 32 * 32 * 3, 255), 32, 3);
  for (const SwdLevel& level : sliced_wasserstein(black, white, small_options(1))) EXPECT_EQ(level.swd, 0.0);
}

TEST(SlicedWasserstein, TellsWhichChannelsDoNotVary) {
  std::vector<std::uint8_t> pixels(3 * 32 * 32 * 3, 7);
  for (std::size_t i = 1; i < pixels.size(); i += 3) pixels[i] = static_cast<std::uint8_t>(i * i % 251);  // the second channel varies
  const ImageSource one_varies = source_of(pixels, 32, 3);
  const ImageSource constant = source_of(std::vector<std::uint8_t>(3 * 32 * 32 * 3, 200), 32, 3);
  const ImageSource all_vary = first_set(3, 32, 3);
  const Isa before = isa();
  for (const Isa path : machine_paths()) {
    set_isa(path);
    for (const SwdLevel& level : sliced_wasserstein(one_varies, constant, small_options(1))) {
      EXPECT_EQ(level.constant_a, 2) << level.size;
      EXPECT_EQ(level.constant_b, 3) << level.size;
    }
    for (const SwdLevel& level : sliced_wasserstein(all_vary, one_varies, small_options(1))) {
      EXPECT_EQ(level.constant_a, 0) << level.size;
      EXPECT_EQ(level.constant_b, 2) << level.size;
    }
  }
  set_isa(before);
}

TEST(SlicedWasserstein, UnlikeSetsAreRefused) {
  const SwdOptions options = small_options(1);
  const auto message = [&](const ImageSource& a, const ImageSource& b) -> std::string {
    try {
      sliced_wasserstein(a, b, options);
    } catch (const std::logic_error& error) {
      return error.what();
    }
    return "not refused";
  };
  EXPECT_EQ(message(first_set(2, 16, 3), first_set(3, 16, 3)), "SWD of sets of 2 and 3 images, expected one count");
  EXPECT_EQ(message(first_set(2, 16, 3), first_set(2, 32, 3)), "SWD of images of size 16 and 32, expected one size");
  EXPECT_EQ(message(first_set(2, 16, 3), first_set(2, 16, 1)), "SWD of images of 3 and 1 channels, expected one number");
  EXPECT_EQ(message(first_set(2, 24, 3), first_set(2, 24, 3)), "SWD of images of size 24, expected 16 * 2^k");
}

TEST(SlicedWasserstein, OneOfEachIsTheLeastThatIsDrawn) {
  SwdOptions one;
  one.nhood_size = one.nhoods_per_image = one.dir_repeats = one.dirs_per_repeat = 1;
  const SwdDraws draws = draw_swd(one, 0, 1, 1, 1);
  EXPECT_EQ(draws.centres_a.size(), 1u);
  EXPECT_EQ(draws.directions.size(), 1u);
  for (int SwdOptions::*const field :
       {&SwdOptions::nhood_size, &SwdOptions::nhoods_per_image, &SwdOptions::dir_repeats, &SwdOptions::dirs_per_repeat}) {
    SwdOptions none = one;
    none.*field = 0;
    EXPECT_THROW(draw_swd(none, 0, 1, 1, 1), std::logic_error);
  }
  one.nhood_size = 2;
  EXPECT_THROW(draw_swd(one, 0, 1, 1, 1), std::logic_error);
}

TEST(SlicedWasserstein, GivenDrawsThatDoNotFitAreRefused) {
  const ImageSource a = first_set(2, 16, 1);
  const SwdDraws good = draw_swd(small_options(1), 0, 16, 2, 1);
  SwdDraws bad = good;
  bad.directions.pop_back();
  EXPECT_THROW(sliced_wasserstein_level(a, a, 0, 7, bad), std::logic_error);
  bad = good;
  bad.centres_b[5] = {13, 3};
  EXPECT_THROW(sliced_wasserstein_level(a, a, 0, 7, bad), std::logic_error);
  bad = good;
  bad.centres_a.resize(2);
  EXPECT_THROW(sliced_wasserstein_level(a, a, 0, 7, bad), std::logic_error);
}

TEST(ImageSubset, ReadsTheChosenImagesInOrder) {
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < 5; ++i) pixels.insert(pixels.end(), 256, static_cast<std::uint8_t>(i));
  const ImageSource chosen = subset(source_of(pixels, 16, 1), {4, 0, 2});
  ASSERT_EQ(chosen.count, 3);
  std::vector<std::uint8_t> out(512);
  chosen.read(1, 2, out.data());
  EXPECT_EQ(out[0], 0);
  EXPECT_EQ(out[256], 2);
  EXPECT_THROW(subset(chosen, {3}), std::logic_error);
}

}  // namespace
}  // namespace pbgen
