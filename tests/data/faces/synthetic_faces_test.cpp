#include "data/faces/synthetic_faces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "core/base/parallel.h"

namespace pbgen {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes face(std::uint64_t seed, std::uint64_t number, int size) {
  Bytes rgb(static_cast<std::size_t>(3) * size * size);
  draw_face(seed, number, size, rgb.data());
  return rgb;
}

Bytes copy(const ImageSet& set, std::int64_t i) { return {set.image(i).begin(), set.image(i).end()}; }

// Fowler, Noll, Vo: FNV-1a, 64 bits, continued from h.
std::uint64_t hash(const Bytes& bytes, std::uint64_t h = 14695981039346656037u) {
  for (const std::uint8_t byte : bytes) h = (h ^ byte) * 1099511628211u;
  return h;
}

double mean_difference(const Bytes& a, const Bytes& b) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(int{a[i]} - int{b[i]});
  return static_cast<double>(sum) / static_cast<double>(a.size());
}

TEST(SyntheticFaces, BytesAreTheSameOnEveryMachine) {
  // Enough faces for every style of hair, beard and hat.
  std::uint64_t many = hash({});
  for (std::uint64_t number = 0; number < 200; ++number) many = hash(face(1, number, 24), many);
  EXPECT_EQ(many, 208273743401681833u);
  EXPECT_EQ(hash(face(0x123456789abcdef0u, 0xfedcba9876543210u, 100)), 9521696638119832652u);
}

TEST(SyntheticFaces, EverySizeIsDrawnWholeAndStaysInBounds) {
  constexpr std::size_t kGuard = 64;
  for (int size = 8; size <= 130; ++size) {
    const std::size_t count = static_cast<std::size_t>(3) * size * size;
    Bytes dark(count + 2 * kGuard, 0x00);
    Bytes light(count + 2 * kGuard, 0xff);
    const std::uint64_t number = static_cast<std::uint64_t>(1000 + size);
    draw_face(7, number, size, dark.data() + kGuard);
    draw_face(7, number, size, light.data() + kGuard);
    for (std::size_t i = 0; i < kGuard; ++i) {
      ASSERT_EQ(dark[i], 0x00) << size;
      ASSERT_EQ(dark[kGuard + count + i], 0x00) << size;
      ASSERT_EQ(light[i], 0xff) << size;
      ASSERT_EQ(light[kGuard + count + i], 0xff) << size;
    }
    ASSERT_TRUE(std::equal(dark.begin() + kGuard, dark.end() - kGuard, light.begin() + kGuard)) << "size " << size;
  }
}

TEST(SyntheticFaces, AFaceIsTheSameAtEverySize) {
  for (std::uint64_t number = 0; number < 24; ++number) {
    const Bytes large = face(3, number, 128);
    const Bytes small = face(3, number, 64);
    const Bytes other = face(3, number + 1, 64);
    Bytes halved(small.size());
    for (int y = 0; y < 64; ++y) {
      for (int x = 0; x < 64; ++x) {
        for (int c = 0; c < 3; ++c) {
          const auto at = [&](int dy, int dx) { return int{large[static_cast<std::size_t>(((2 * y + dy) * 128 + 2 * x + dx) * 3 + c)]}; };
          const int mean = (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1) + 2) / 4;
          halved[static_cast<std::size_t>((y * 64 + x) * 3 + c)] = static_cast<std::uint8_t>(mean);
        }
      }
    }
    // Edges are sharper at 128, so a few levels differ along them; another face differs everywhere.
    EXPECT_LT(mean_difference(halved, small), 3.0) << number;
    EXPECT_GT(mean_difference(halved, other), 12.0) << number;
  }
}

TEST(SyntheticFaces, ASetHoldsTheFacesOfItsNumbers) {
  const ImageSet set = synthetic_faces(11, 40, 9, 24, 3);
  ASSERT_EQ(set.count(), 9);
  ASSERT_EQ(set.size(), 24);
  ASSERT_EQ(set.channels(), 3);
  for (std::int64_t i = 0; i < set.count(); ++i) EXPECT_EQ(copy(set, i), face(11, static_cast<std::uint64_t>(40 + i), 24)) << i;
  EXPECT_EQ(synthetic_faces(11, 40, 0, 24, 3).count(), 0);
}

TEST(SyntheticFaces, ThreadsDoNotChangeThem) {
  const ImageSet parallel = synthetic_faces(5, 0, 37, 32, 3);
  const SerialScope serial;
  const ImageSet alone = synthetic_faces(5, 0, 37, 32, 3);
  for (std::int64_t i = 0; i < 37; ++i) ASSERT_EQ(copy(parallel, i), copy(alone, i)) << i;
}

TEST(SyntheticFaces, OneChannelIsTheLumaOfThree) {
  const ImageSet grey = synthetic_faces(2, 0, 8, 32, 1);
  ASSERT_EQ(grey.channels(), 1);
  for (std::int64_t i = 0; i < 8; ++i) {
    const Bytes rgb = face(2, static_cast<std::uint64_t>(i), 32);
    const auto luma = grey.image(i);
    for (std::size_t p = 0; p < luma.size(); ++p) {
      // Three roundings of half a level, one more of the luma; where a channel is cut off at 0 or 255 the rest of it is lost.
      const auto [low, high] = std::minmax({rgb[3 * p], rgb[3 * p + 1], rgb[3 * p + 2]});
      if (low == 0 || high == 255) continue;
      ASSERT_NEAR(luma[p], 0.299 * rgb[3 * p] + 0.587 * rgb[3 * p + 1] + 0.114 * rgb[3 * p + 2], 1.01) << i << " " << p;
    }
  }
}

TEST(SyntheticFaces, SeedAndEveryBitOfTheNumberCount) {
  const Bytes base = face(1, 5, 16);
  EXPECT_NE(face(2, 5, 16), base);
  EXPECT_NE(face(1 + (std::uint64_t{1} << 40), 5, 16), base);
  for (int bit = 0; bit < 64; ++bit) EXPECT_NE(face(1, 5 ^ (std::uint64_t{1} << bit), 16), base) << bit;
}

// What a generator that memorises or collapses would lack.
TEST(SyntheticFaces, NoTwoOfManyAreNearlyEqualAndEveryPixelVaries) {
  constexpr int kFaces = 200;
  constexpr int kSize = 32;
  const ImageSet set = synthetic_faces(17, 0, kFaces, kSize, 3);
  std::vector<Bytes> faces;
  for (int i = 0; i < kFaces; ++i) faces.push_back(copy(set, i));
  double nearest = 255.0;
  for (int i = 0; i < kFaces; ++i) {
    for (int j = 0; j < i; ++j) {
      nearest = std::min(nearest, mean_difference(faces[static_cast<std::size_t>(i)], faces[static_cast<std::size_t>(j)]));
    }
  }
  EXPECT_GT(nearest, 8.0);
  double least_deviation = 255.0;
  for (std::size_t p = 0; p < faces[0].size(); ++p) {
    double sum = 0.0;
    double squares = 0.0;
    for (const Bytes& f : faces) {
      sum += f[p];
      squares += static_cast<double>(f[p]) * f[p];
    }
    const double mean = sum / kFaces;
    least_deviation = std::min(least_deviation, std::sqrt(squares / kFaces - mean * mean));
  }
  EXPECT_GT(least_deviation, 30.0);
}

// The average of many: skin is redder than blue in the middle, the corners average to grey.
TEST(SyntheticFaces, FacesFillTheMiddle) {
  constexpr int kFaces = 300;
  constexpr int kSize = 16;
  const ImageSet set = synthetic_faces(23, 0, kFaces, kSize, 3);
  const auto warmth = [&](int x, int y) {
    double sum = 0.0;
    for (int i = 0; i < kFaces; ++i) {
      const auto pixel = set.image(i).subspan(static_cast<std::size_t>((y * kSize + x) * 3), 3);
      sum += double{static_cast<double>(pixel[0])} - pixel[2];
    }
    return sum / kFaces;
  };
  for (const auto& [x, y] : {std::pair{6, 9}, {9, 9}, {7, 7}, {8, 7}, {7, 11}, {8, 11}}) EXPECT_GT(warmth(x, y), 30.0) << x << " " << y;
  for (const auto& [x, y] : {std::pair{0, 0}, {15, 0}}) EXPECT_LT(std::fabs(warmth(x, y)), 20.0) << x << " " << y;
}

TEST(SyntheticFaces, WrongArgumentsAreRefused) {
  Bytes rgb(3 * 8 * 8);
  EXPECT_THROW(draw_face(1, 0, 7, rgb.data()), std::logic_error);
  EXPECT_THROW(draw_face(1, 0, kMaxFaceSize + 1, rgb.data()), std::logic_error);
  EXPECT_THROW(synthetic_faces(1, 0, 1, 8, 2), std::logic_error);
  EXPECT_THROW(synthetic_faces(1, -1, 1, 8, 3), std::logic_error);
  EXPECT_THROW(synthetic_faces(1, 0, -1, 8, 3), std::logic_error);
}

}  // namespace
}  // namespace pbgen
