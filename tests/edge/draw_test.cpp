// libpbgen's latents, walks, formats and rows.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/base/rng.h"
#include "core/files/crc64.h"
#include "gan/edge/pbgen.h"
#include "gan/latents.h"
#include "tests/support/edge_paths.h"
#include "tests/support/guarded_floats.h"
#include "tests/support/opened_model.h"
#include "tools/lib/cli/version_number.h"

namespace pbgen {
namespace {

constexpr std::uint64_t kSeed = 0x123456789abcdef0;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr std::ptrdiff_t kFar = std::numeric_limits<std::ptrdiff_t>::max();
constexpr int kFormats = PBGEN_PLANES_FLOAT32 + 1;

std::vector<float> latent(int z_dim, std::uint64_t number) {
  std::vector<float> z(static_cast<std::size_t>(z_dim));
  EXPECT_EQ(pbgen_latent(kSeed, number, z_dim, z.data()), PBGEN_OK);
  return z;
}

std::vector<float> walked(int kind, const std::vector<float>& from, const std::vector<float>& to, float t) {
  std::vector<float> z(from.size(), kNaN);
  EXPECT_EQ(pbgen_walk(kind, from.data(), to.data(), t, static_cast<int>(from.size()), z.data()), PBGEN_OK);
  return z;
}

TEST(PbgenVersion, IsTheProjects) {
  EXPECT_EQ(concat(PBGEN_VERSION_MAJOR, ".", PBGEN_VERSION_MINOR, ".", PBGEN_VERSION_PATCH), kVersion);
  EXPECT_EQ(pbgen_version(), PBGEN_VERSION_NUMBER);
}

TEST(PbgenLatent, IsThatOfTheTools) {
  for (const int z_dim : {1, 100, 4096})
    for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{7}, (std::uint64_t{1} << 43) - 1}) {
      std::vector<float> expected(static_cast<std::size_t>(z_dim));
      draw_latents(CounterRng(kSeed, Stream::generate), static_cast<std::int64_t>(number), 1, z_dim, expected.data());
      EXPECT_EQ(latent(z_dim, number), expected) << z_dim << ", " << number;
    }
}

TEST(PbgenLatent, RefusesWhatIsOutOfRange) {
  float z[1] = {2.0f};
  EXPECT_EQ(pbgen_latent(1, 0, 1, nullptr), PBGEN_ARGUMENT);
  for (const int z_dim : {-1, 0, 4097}) EXPECT_EQ(pbgen_latent(1, 0, z_dim, z), PBGEN_ARGUMENT) << z_dim;
  EXPECT_EQ(pbgen_latent(1, std::uint64_t{1} << 43, 1, z), PBGEN_ARGUMENT);
  EXPECT_EQ(z[0], 2.0f);
}

TEST(PbgenWalk, BeginsAndEndsWhereItShould) {
  for (const int z_dim : {1, 2, 100, 4096})
    for (const int kind : {PBGEN_WALK_LINEAR, PBGEN_WALK_SPHERICAL}) {
      const std::vector<float> from = latent(z_dim, 0);
      const std::vector<float> to = latent(z_dim, 1);
      EXPECT_EQ(walked(kind, from, to, 0.0f), from) << z_dim << ", " << kind;
      EXPECT_EQ(walked(kind, from, to, 1.0f), to) << z_dim << ", " << kind;
      std::vector<float> in_place = from;
      EXPECT_EQ(pbgen_walk(kind, in_place.data(), to.data(), 0.3f, z_dim, in_place.data()), PBGEN_OK);
      EXPECT_EQ(in_place, walked(kind, from, to, 0.3f));
      in_place = to;
      EXPECT_EQ(pbgen_walk(kind, from.data(), in_place.data(), 0.3f, z_dim, in_place.data()), PBGEN_OK);
      EXPECT_EQ(in_place, walked(kind, from, to, 0.3f));
    }
}

// The factors as pbgen.h defines them, in long doubles and by the C library: angles by their tangents, which lose nothing near 0 and 180
// degrees.
std::pair<long double, long double> exact_factors(const std::vector<float>& from, const std::vector<float>& to, float t) {
  long double from_square = 0;
  long double to_square = 0;
  for (const float x : from) from_square += static_cast<long double>(x) * static_cast<long double>(x);
  for (const float x : to) to_square += static_cast<long double>(x) * static_cast<long double>(x);
  long double difference = 0;
  long double sum = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const long double a = static_cast<long double>(from[i]) / std::sqrt(from_square);
    const long double b = static_cast<long double>(to[i]) / std::sqrt(to_square);
    difference += (a - b) * (a - b);
    sum += (a + b) * (a + b);
  }
  const long double angle = 2 * std::atan2(std::sqrt(difference), std::sqrt(sum));
  const auto s = static_cast<long double>(t);
  return {std::sin((1 - s) * angle) / std::sin(angle), std::sin(s * angle) / std::sin(angle)};
}

TEST(PbgenWalk, TheSphericalOneIsItsFormula) {
  constexpr int kDim = 50;
  for (int number = 0; number < 40; ++number) {
    const std::vector<float> from = latent(kDim, static_cast<std::uint64_t>(number));
    std::vector<float> to = latent(kDim, 100);
    // From 180 degrees, nearly, over right angles, to 0, nearly.
    const float share = number < 20 ? -std::ldexp(1.0f, 8 - number) : std::ldexp(1.0f, number - 26);
    for (int i = 0; i < kDim; ++i) to[static_cast<std::size_t>(i)] += share * from[static_cast<std::size_t>(i)];
    for (const float t : {1e-30f, 1e-7f, 0.01f, 0.25f, 0.5f, 0.75f, 0.99f, 0.9999999f}) {
      const std::vector<float> z = walked(PBGEN_WALK_SPHERICAL, from, to, t);
      const auto [a, b] = exact_factors(from, to, t);
      for (std::size_t i = 0; i < z.size(); ++i) {
        const long double x = a * static_cast<long double>(from[i]);
        const long double y = b * static_cast<long double>(to[i]);
        const long double bound = 0x1p-23L * (std::fabs(x) + std::fabs(y)) + 0x1p-24L * std::fabs(x + y) + 0x1p-149L;
        ASSERT_TRUE(std::fabs(static_cast<long double>(z[i]) - (x + y)) <= bound) << number << ", " << t << ", " << i;
      }
    }
  }
}

TEST(PbgenWalk, TheLinearOneIsItsFormula) {
  const std::vector<float> from = latent(100, 0);
  const std::vector<float> to = latent(100, 1);
  for (const float t : {1e-30f, 1e-7f, 0.3f, 0.5f, 0.9999999f}) {
    const std::vector<float> z = walked(PBGEN_WALK_LINEAR, from, to, t);
    for (std::size_t i = 0; i < z.size(); ++i) {
      const double x = (1.0 - static_cast<double>(t)) * static_cast<double>(from[i]);
      const double y = static_cast<double>(t) * static_cast<double>(to[i]);
      ASSERT_TRUE(std::fabs(static_cast<double>(z[i]) - (x + y)) <= 0x1p-23 * (std::fabs(x) + std::fabs(y)) + 0x1p-24 * std::fabs(x + y));
      ASSERT_LE(std::fabs(z[i]), 1.0f);
    }
  }
}

TEST(PbgenWalk, KeepsItsLengthOnTheSphereAndLosesItOnTheChord) {
  const auto length = [](const std::vector<float>& z) {
    double square = 0.0;
    for (const float x : z) square += static_cast<double>(x) * static_cast<double>(x);
    return std::sqrt(square);
  };
  std::vector<float> from(4, 0.0f);
  std::vector<float> to(4, 0.0f);
  from[0] = to[1] = 0.5f;
  EXPECT_NEAR(length(walked(PBGEN_WALK_SPHERICAL, from, to, 0.4f)), 0.5, 0x1p-23);
  EXPECT_NEAR(length(walked(PBGEN_WALK_LINEAR, from, to, 0.5f)), 0.5 / std::sqrt(2.0), 0x1p-23);
}

TEST(PbgenWalk, IsLinearWhereThereIsNoAngle) {
  const std::vector<float> a = latent(30, 0);
  std::vector<float> opposite = a;
  std::vector<float> doubled = a;
  for (float& x : opposite) x = -2 * x;
  for (float& x : doubled) x *= 2;
  const std::vector<float> zeros(a.size(), 0.0f);
  std::vector<float> nearly = opposite;
  nearly[0] += 0.0005f;
  std::vector<float> infinite = a;
  infinite[3] = std::numeric_limits<float>::infinity();
  for (const auto& [from, to] : {std::pair{a, a}, std::pair{a, doubled}, std::pair{a, opposite}, std::pair{a, nearly}, std::pair{a, zeros},
                                 std::pair{zeros, a}, std::pair{zeros, zeros}})
    for (const float t : {0.0f, 0.25f, 0.7f, 1.0f})
      EXPECT_EQ(walked(PBGEN_WALK_SPHERICAL, from, to, t), walked(PBGEN_WALK_LINEAR, from, to, t)) << t;
  const std::vector<float> z = walked(PBGEN_WALK_SPHERICAL, infinite, a, 0.5f);
  EXPECT_TRUE(std::isinf(z[3]));
  EXPECT_EQ(z[4], a[4]);
  EXPECT_TRUE(std::isnan(walked(PBGEN_WALK_SPHERICAL, std::vector<float>(3, kNaN), std::vector<float>(3, 1.0f), 0.5f)[0]));
  // As far from it as that the angle counts: the way leaves the chord, which passes by the zero vector.
  std::vector<float> away = opposite;
  away[0] += 0.1f;
  EXPECT_NE(walked(PBGEN_WALK_SPHERICAL, a, away, 0.5f), walked(PBGEN_WALK_LINEAR, a, away, 0.5f));
}

TEST(PbgenWalk, IsTheSameBytesOnEveryMachine) {
  Crc64 sums;
  for (const int z_dim : {1, 7, 100})
    for (const int kind : {PBGEN_WALK_LINEAR, PBGEN_WALK_SPHERICAL})
      for (int i = 0; i <= 64; ++i) {
        const std::vector<float> z = walked(kind, latent(z_dim, 2), latent(z_dim, 3), static_cast<float>(i) / 64);
        sums.add({reinterpret_cast<const std::uint8_t*>(z.data()), z.size() * sizeof(float)});
      }
  EXPECT_EQ(sums.value(), 9978309088756315911u);
}

TEST(PbgenWalk, RefusesWhatIsOutOfRange) {
  const float a[2] = {1.0f, 0.0f};
  const float b[2] = {0.0f, 1.0f};
  float z[2] = {7.0f, 7.0f};
  for (const float t : {-1e-30f, std::nextafter(1.0f, 2.0f), kNaN, std::numeric_limits<float>::infinity()})
    EXPECT_EQ(pbgen_walk(PBGEN_WALK_LINEAR, a, b, t, 2, z), PBGEN_ARGUMENT) << t;
  for (const int kind : {-1, 2}) EXPECT_EQ(pbgen_walk(kind, a, b, 0.5f, 2, z), PBGEN_ARGUMENT) << kind;
  for (const int z_dim : {-1, 0, 4097}) EXPECT_EQ(pbgen_walk(PBGEN_WALK_LINEAR, a, b, 0.5f, z_dim, z), PBGEN_ARGUMENT) << z_dim;
  EXPECT_EQ(pbgen_walk(PBGEN_WALK_LINEAR, nullptr, b, 0.5f, 2, z), PBGEN_ARGUMENT);
  EXPECT_EQ(pbgen_walk(PBGEN_WALK_LINEAR, a, nullptr, 0.5f, 2, z), PBGEN_ARGUMENT);
  EXPECT_EQ(pbgen_walk(PBGEN_WALK_LINEAR, a, b, 0.5f, 2, nullptr), PBGEN_ARGUMENT);
  EXPECT_EQ(z[0], 7.0f);
}

// ---- Images.

int pixel_bytes(int format, int channels) {
  switch (format) {
    case PBGEN_CHANNELS8: return channels;
    case PBGEN_RGB888:
    case PBGEN_BGR888: return 3;
    case PBGEN_RGB565:
    case PBGEN_RGB565_SWAPPED: return 2;
    case PBGEN_PLANES8: return 1;
    case PBGEN_CHANNELS_FLOAT32: return 4 * channels;
    default: return 4;
  }
}
bool in_planes(int format) { return format == PBGEN_PLANES8 || format == PBGEN_PLANES_FLOAT32; }

// A value of the format, made of the floats and of the bytes of pbgen_generate: element i of the pixel in its plane, as bytes.
Bytes expected_pixel(int format, int plane, const float* floats, const std::uint8_t* bytes, int channels) {
  const auto colour = [&](int c) { return bytes[channels == 3 ? c : 0]; };
  const auto as_bytes = [](const auto* values, int count) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(values);
    return Bytes(begin, begin + static_cast<std::size_t>(count) * sizeof *values);
  };
  const auto scaled = [&](int c, double most) { return static_cast<unsigned>(std::lround(colour(c) * most / 255.0)); };
  const auto word = static_cast<std::uint16_t>(scaled(0, 31) << 11 | scaled(1, 63) << 5 | scaled(2, 31));
  const auto swapped = static_cast<std::uint16_t>(word >> 8 | word << 8);
  switch (format) {
    case PBGEN_CHANNELS8: return as_bytes(bytes, channels);
    case PBGEN_RGB888: return {colour(0), colour(1), colour(2)};
    case PBGEN_BGR888: return {colour(2), colour(1), colour(0)};
    case PBGEN_RGBA8888: return {colour(0), colour(1), colour(2), 255};
    case PBGEN_BGRA8888: return {colour(2), colour(1), colour(0), 255};
    case PBGEN_RGB565: return as_bytes(&word, 1);
    case PBGEN_RGB565_SWAPPED: return as_bytes(&swapped, 1);
    case PBGEN_PLANES8: return {bytes[plane]};
    case PBGEN_CHANNELS_FLOAT32: return as_bytes(floats, channels);
    default: return as_bytes(floats + plane, 1);
  }
}

class PbgenDraw : public testing::TestWithParam<edge::Path> {
 protected:
  static pbgen_options options(int parts = 0) {
    pbgen_options options{};
    options.path = code_of(GetParam());
    if (parts > 0) options.parallel_for = {run_backwards, nullptr, parts};
    return options;
  }

  // The image in floats, the channels of a pixel side by side.
  static std::vector<float> floats_of(Opened& opened, const std::vector<float>& z) {
    std::vector<float> floats(opened.info.image_bytes, 7.0f);
    pbgen_target target{};
    target.pixels = floats.data();
    target.format = PBGEN_CHANNELS_FLOAT32;
    EXPECT_EQ(pbgen_draw(opened.model, z.data(), &target), PBGEN_OK);
    return floats;
  }

  static Bytes bytes_of(Opened& opened, const std::vector<float>& z) {
    Bytes bytes(opened.info.image_bytes);
    EXPECT_EQ(pbgen_generate(opened.model, z.data(), bytes.data()), PBGEN_OK);
    return bytes;
  }
};

// Every format of every model, tight and with strides, also upwards; what lies between is left alone.
TEST_P(PbgenDraw, EveryFormatIsMadeOfTheSameImage) {
  for (const NetworkConfig& config : some_configs()) {
    const pbgen_options chosen = options();
    const Bytes file = model_of(config, kHalf);
    Opened opened(file, &chosen);
    const int side = opened.info.width;
    const int channels = opened.info.channels;
    const std::vector<float> z = latent(config.z_dim, 4);
    const std::vector<float> floats = floats_of(opened, z);
    const Bytes bytes = bytes_of(opened, z);
    for (std::size_t i = 0; i < floats.size(); ++i) ASSERT_EQ(bytes[i], std::lround(127.5f * floats[i] + 127.5f));
    for (int format = 0; format < kFormats; ++format)
      for (const int way : {0, 1, 2}) {
        const std::ptrdiff_t row = std::ptrdiff_t{side} * pixel_bytes(format, channels);
        const std::ptrdiff_t planes = in_planes(format) ? channels : 1;
        const std::ptrdiff_t stride = row + (way == 0 ? 0 : 12);
        const std::ptrdiff_t plane = stride * side + (way == 0 ? 0 : 20);
        Bytes memory(static_cast<std::size_t>(plane * planes), 0xa5);
        pbgen_target target{};
        target.format = format;
        target.pixels = memory.data() + (way == 2 ? stride * (side - 1) : 0);
        if (way > 0) target.row_stride = way == 2 ? -stride : stride;
        if (way > 0) target.plane_stride = plane;
        ASSERT_EQ(pbgen_draw(opened.model, z.data(), &target), PBGEN_OK) << format << ", " << way;
        Bytes expected(memory.size(), 0xa5);
        for (int p = 0; p < planes; ++p)
          for (int y = 0; y < side; ++y)
            for (int x = 0; x < side; ++x) {
              const std::ptrdiff_t at = (std::ptrdiff_t{y} * side + x) * channels;
              const Bytes pixel = expected_pixel(format, p, floats.data() + at, bytes.data() + at, channels);
              std::copy(pixel.begin(), pixel.end(),
                        expected.begin() + p * plane + (way == 2 ? side - 1 - y : y) * stride + x * pixel_bytes(format, channels));
            }
        ASSERT_TRUE(memory == expected) << config.size << ", " << channels << ", format " << format << ", way " << way;
      }
    EXPECT_TRUE(opened.fences_stand());
  }
}

TEST_P(PbgenDraw, FloatsKeepWhatIsNoNumber) {
  const pbgen_options chosen = options();
  const Bytes file = tiny_model();
  Opened opened(file, &chosen);
  for (const float x : floats_of(opened, std::vector<float>(static_cast<std::size_t>(opened.info.z_dim), kNaN))) EXPECT_TRUE(std::isnan(x));
}

struct Rows {
  Bytes bytes;
  std::size_t row_bytes = 0;
  std::vector<int> numbers;
  int stop_at = -1;
  bool aligned = true;
};
int take_row(void* context, int y, const void* row) {
  Rows& rows = *static_cast<Rows*>(context);
  rows.numbers.push_back(y);
  rows.aligned = rows.aligned && reinterpret_cast<std::uintptr_t>(row) % 64 == 0;
  const auto* begin = static_cast<const std::uint8_t*>(row);
  rows.bytes.insert(rows.bytes.end(), begin, begin + rows.row_bytes);
  return y == rows.stop_at ? -3 : 0;
}

// The rows of all formats are those of pbgen_draw with lines of each plane by turns.
TEST_P(PbgenDraw, RowsAreThoseOfTheWholeImage) {
  for (const NetworkConfig& config : some_configs())
    for (const int parts : {0, 3}) {
      const pbgen_options chosen = options(parts);
      const Bytes file = model_of(config, kHalf);
      Opened opened(file, &chosen);
      const int side = opened.info.width;
      const std::vector<float> z = latent(config.z_dim, 5);
      for (int format = 0; format < kFormats; ++format) {
        const std::ptrdiff_t row = std::ptrdiff_t{side} * pixel_bytes(format, opened.info.channels);
        const std::ptrdiff_t planes = in_planes(format) ? opened.info.channels : 1;
        Bytes expected(static_cast<std::size_t>(row * planes * side));
        pbgen_target target{};
        target.pixels = expected.data();
        target.format = format;
        target.row_stride = row * planes;
        target.plane_stride = row;
        ASSERT_EQ(pbgen_draw(opened.model, z.data(), &target), PBGEN_OK);
        Rows rows;
        rows.row_bytes = static_cast<std::size_t>(row * planes);
        ASSERT_EQ(pbgen_draw_rows(opened.model, z.data(), format, take_row, &rows), PBGEN_OK);
        EXPECT_TRUE(rows.bytes == expected) << config.size << ", format " << format << ", parts " << parts;
        EXPECT_TRUE(rows.aligned);
        ASSERT_EQ(std::ssize(rows.numbers), side);
        for (int y = 0; y < side; ++y) EXPECT_EQ(rows.numbers[static_cast<std::size_t>(y)], y);
      }
      EXPECT_TRUE(opened.fences_stand());
    }
}

TEST_P(PbgenDraw, RowsStopWhereTheyAreTold) {
  const NetworkConfig config = some_configs()[4];
  const pbgen_options chosen = options();
  const Bytes file = model_of(config, kHalf);
  Opened opened(file, &chosen);
  const std::vector<float> z = latent(config.z_dim, 5);
  const Bytes whole = bytes_of(opened, z);
  for (const int stop_at : {0, 15, 16, 40, 63}) {
    Rows rows;
    rows.row_bytes = whole.size() / 64;
    rows.stop_at = stop_at;
    EXPECT_EQ(pbgen_draw_rows(opened.model, z.data(), PBGEN_CHANNELS8, take_row, &rows), PBGEN_STOPPED);
    EXPECT_EQ(std::ssize(rows.numbers), stop_at + 1);
    EXPECT_TRUE(std::equal(rows.bytes.begin(), rows.bytes.end(), whole.begin()));
    EXPECT_EQ(bytes_of(opened, z), whole);  // and the model draws on
  }
}

TEST_P(PbgenDraw, ABatchIsItsImages) {
  const NetworkConfig config = some_configs()[3];
  const pbgen_options chosen = options();
  const Bytes file = model_of(config, kHalf);
  Opened opened(file, &chosen);
  constexpr int kCount = 3;
  std::vector<float> z;
  std::vector<Bytes> images;
  for (int i = 0; i < kCount; ++i) {
    const std::vector<float> one = latent(config.z_dim, static_cast<std::uint64_t>(i));
    z.insert(z.end(), one.begin(), one.end());
    images.push_back(bytes_of(opened, one));
  }
  const std::size_t size = opened.info.image_bytes;
  const std::ptrdiff_t row = 3 * opened.info.width;
  // One after another; side by side, as a contact sheet has them; and one after another in planes.
  Bytes tight(kCount * size);
  pbgen_target target{};
  target.pixels = tight.data();
  ASSERT_EQ(pbgen_draw_batch(opened.model, z.data(), kCount, &target), PBGEN_OK);
  Bytes sheet(kCount * size);
  target.pixels = sheet.data();
  target.row_stride = kCount * row;
  target.image_stride = row;
  ASSERT_EQ(pbgen_draw_batch(opened.model, z.data(), kCount, &target), PBGEN_OK);
  Bytes planes(kCount * size);
  target = {};
  target.pixels = planes.data();
  target.format = PBGEN_PLANES8;
  ASSERT_EQ(pbgen_draw_batch(opened.model, z.data(), kCount, &target), PBGEN_OK);
  for (std::size_t i = 0; i < kCount; ++i)
    for (std::size_t at = 0; at < size; ++at) {
      const std::size_t stride = static_cast<std::size_t>(row);
      ASSERT_EQ(tight[i * size + at], images[i][at]);
      ASSERT_EQ(sheet[at / stride * kCount * stride + i * stride + at % stride], images[i][at]);
      ASSERT_EQ(planes[i * size + at % 3 * size / 3 + at / 3], images[i][at]);
    }
  target.pixels = nullptr;
  EXPECT_EQ(pbgen_draw_batch(opened.model, z.data(), 0, &target), PBGEN_ARGUMENT);
  target.pixels = planes.data();
  EXPECT_EQ(pbgen_draw_batch(opened.model, z.data(), 0, &target), PBGEN_OK);
  EXPECT_EQ(pbgen_draw_batch(opened.model, z.data(), -1, &target), PBGEN_ARGUMENT);
}

INSTANTIATE_TEST_SUITE_P(Paths, PbgenDraw, testing::ValuesIn(edge_paths_here()),
                         [](const testing::TestParamInfo<edge::Path>& test) { return std::string(name(test.param)); });

TEST(PbgenTarget, RefusesWhatIsOutOfRangeAndWritesNothing) {
  const Bytes file = tiny_model();
  Opened opened(file);
  const std::vector<float> z = latent(3, 0);
  alignas(8) std::uint8_t pixels[16 * 16 * 4 + 8];
  std::fill(std::begin(pixels), std::end(pixels), std::uint8_t{0xa5});
  const auto code = [&](const pbgen_target& target, int count = 1) { return pbgen_draw_batch(opened.model, z.data(), count, &target); };
  pbgen_target good{};
  good.pixels = pixels;
  const auto with = [&](auto&& change) {
    pbgen_target target = good;
    change(target);
    return target;
  };
  EXPECT_EQ(pbgen_draw(opened.model, z.data(), nullptr), PBGEN_ARGUMENT);
  EXPECT_EQ(pbgen_draw(opened.model, nullptr, &good), PBGEN_ARGUMENT);
  EXPECT_EQ(pbgen_draw(nullptr, z.data(), &good), PBGEN_ARGUMENT);
  EXPECT_EQ(code(with([](pbgen_target& t) { t.pixels = nullptr; })), PBGEN_ARGUMENT);
  for (const int format : {-1, kFormats}) EXPECT_EQ(code(with([&](pbgen_target& t) { t.format = format; })), PBGEN_ARGUMENT) << format;
  for (std::size_t i = 0; i < std::size(good.reserved); ++i)
    EXPECT_EQ(code(with([&](pbgen_target& t) { t.reserved[i] = 1; })), PBGEN_ARGUMENT) << i;
  for (const std::ptrdiff_t stride : {std::ptrdiff_t{47}, std::ptrdiff_t{-47}, std::ptrdiff_t{1}, kFar, -kFar, -kFar - 1, kFar / 16})
    EXPECT_EQ(code(with([&](pbgen_target& t) { t.row_stride = stride; })), PBGEN_ARGUMENT) << stride;
  for (const std::ptrdiff_t stride : {kFar, -kFar - 1, kFar / 8}) {
    EXPECT_EQ(code(with([&](pbgen_target& t) { t.format = PBGEN_PLANES8, t.plane_stride = stride; })), PBGEN_ARGUMENT) << stride;
    EXPECT_EQ(code(with([&](pbgen_target& t) { t.image_stride = stride; }), 3), PBGEN_ARGUMENT) << stride;
  }
  EXPECT_EQ(code(with([](pbgen_target& t) { t.image_stride = kFar / 4; }), std::numeric_limits<int>::max()), PBGEN_ARGUMENT);
  for (const int format : {PBGEN_RGB565, PBGEN_RGB565_SWAPPED, PBGEN_PLANES_FLOAT32})
    for (int odd = 1; odd < (format == PBGEN_PLANES_FLOAT32 ? 4 : 2); ++odd) {
      EXPECT_EQ(code(with([&](pbgen_target& t) { t.format = format, t.pixels = pixels + odd; })), PBGEN_ARGUMENT);
      EXPECT_EQ(code(with([&](pbgen_target& t) { t.format = format, t.row_stride = 64 + odd; })), PBGEN_ARGUMENT);
      EXPECT_EQ(code(with([&](pbgen_target& t) { t.format = format, t.image_stride = odd; }), 2), PBGEN_ARGUMENT);
    }
  Rows rows;
  EXPECT_EQ(pbgen_draw_rows(opened.model, z.data(), kFormats, take_row, &rows), PBGEN_ARGUMENT);
  EXPECT_EQ(pbgen_draw_rows(opened.model, z.data(), 0, nullptr, &rows), PBGEN_ARGUMENT);
  EXPECT_EQ(pbgen_draw_rows(opened.model, nullptr, 0, take_row, &rows), PBGEN_ARGUMENT);
  EXPECT_EQ(pbgen_draw_rows(nullptr, z.data(), 0, take_row, &rows), PBGEN_ARGUMENT);
  EXPECT_TRUE(rows.numbers.empty());
  EXPECT_TRUE(std::all_of(std::begin(pixels), std::end(pixels), [](std::uint8_t x) { return x == 0xa5; }));
}

TEST(PbgenLibrary, AModelThatWasMovedIsRefused) {
  const Bytes file = tiny_model();
  pbgen_info info{};
  ASSERT_EQ(pbgen_query(file.data(), file.size(), nullptr, &info), PBGEN_OK);
  std::vector<std::max_align_t> arena(info.arena_bytes / sizeof(std::max_align_t) + 1);
  pbgen_model* model = nullptr;
  ASSERT_EQ(pbgen_open(file.data(), file.size(), nullptr, arena.data(), info.arena_bytes, &model), PBGEN_OK);
  std::vector<std::max_align_t> other = arena;
  const std::ptrdiff_t place = reinterpret_cast<std::uint8_t*>(model) - reinterpret_cast<std::uint8_t*>(arena.data());
  auto* const moved = reinterpret_cast<pbgen_model*>(reinterpret_cast<std::uint8_t*>(other.data()) + place);
  const std::vector<float> z(static_cast<std::size_t>(info.z_dim), 0.5f);
  Bytes image(info.image_bytes, 0xa5);
  pbgen_target target{};
  target.pixels = image.data();
  Rows rows;
  EXPECT_EQ(pbgen_generate(moved, z.data(), image.data()), PBGEN_MOVED);
  EXPECT_EQ(pbgen_generate_seed(moved, 1, 0, image.data()), PBGEN_MOVED);
  EXPECT_EQ(pbgen_draw(moved, z.data(), &target), PBGEN_MOVED);
  EXPECT_EQ(pbgen_draw_batch(moved, z.data(), 0, &target), PBGEN_MOVED);
  EXPECT_EQ(pbgen_draw_rows(moved, z.data(), 0, take_row, &rows), PBGEN_MOVED);
  EXPECT_EQ(image, Bytes(image.size(), 0xa5));
  EXPECT_EQ(pbgen_generate(model, z.data(), image.data()), PBGEN_OK);
}

}  // namespace
}  // namespace pbgen
