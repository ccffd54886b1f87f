// The one-image runtime against the engine, and the same bytes on every machine of a path.
#include "gan/edge/generator.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "core/base/workspace.h"
#include "core/files/crc64.h"
#include "core/freestanding/half.h"
#include "core/tensor/tensor.h"
#include "gan/edge/float_deconv.h"
#include "gan/edge/pack.h"
#include "gan/networks.h"
#include "tests/support/edge_paths.h"
#include "tests/support/guarded_floats.h"
#include "tests/support/isa_paths.h"
#include "tests/support/some_generator.h"
#include "tools/lib/model/edge_generator.h"

namespace pbgen {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// Chooses the number of threads for a while.
class Threads {
 public:
  explicit Threads(int threads) : before_(thread_count()) { set_thread_count(threads); }
  ~Threads() { set_thread_count(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

struct Case {
  int size;
  int channels;
  int z_dim;
  std::array<int, 4> widths;
  LayerSet binarized;
};

// Sizes from a base map of one pixel on; widths that fill no vector, row block or group; each kind of layer in each place.
const Case kCases[] = {
    {16, 3, 5, {7, 5, 3, 9}, {}},
    {16, 1, 3, {13, 6, 9, 2}, {0, 1, 2, 3, 4}},
    {32, 1, 31, {24, 10, 6, 5}, {1, 3}},
    {32, 3, 30, {9, 17, 64, 8}, {0, 2, 4}},
    {64, 3, 100, {32, 24, 16, 8}, {}},
    {64, 3, 100, {72, 67, 66, 65}, {1, 2, 3}},
    {64, 3, 33, {133, 31, 12, 70}, {0, 1, 2, 3, 4}},
    {64, 3, 6, {150, 90, 125, 33}, {}},
    {32, 3, 6, {130, 37, 61, 126}, {4}},
    {128, 1, 6, {129, 57, 6, 5}, {2}},
    {64, 1, 1, {1, 1, 1, 1}, {0, 1, 2, 3, 4}},
    {128, 1, 10, {11, 3, 5, 7}, {4}},
    {128, 3, 12, {5, 8, 3, 6}, {1, 2, 3}},
    {128, 3, 7, {3, 2, 4, 5}, {}},
    {256, 1, 4, {2, 3, 2, 1}, {2, 3}},
};

std::string label(const Case& test) {
  return concat(test.size, "x", test.size, "x", test.channels, ", z ", test.z_dim, ", widths ", test.widths[0], " ", test.widths[1], " ",
                test.widths[2], " ", test.widths[3], ", binarized ", test.binarized.to_string());
}

NetworkConfig config_of(const Case& test) {
  NetworkConfig config;
  config.size = test.size;
  config.channels = test.channels;
  config.z_dim = test.z_dim;
  config.g_widths = test.widths;
  config.binarized.generator = test.binarized;
  return config;
}

std::vector<float> some_latent(int z_dim) {
  std::vector<float> z(z_dim);
  const CounterRng rng(2, Stream::test);
  for (int i = 0; i < z_dim; ++i) z[i] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
  return z;
}

// Image 3 of a batch of eight.
std::vector<float> engine_image(const Sequential& network, const NetworkConfig& config, const std::vector<float>& z) {
  constexpr int kImage = 3;
  Tensor latent(config.latent_shape(kLanes));
  for (int i = 0; i < config.z_dim; ++i) latent.data()[i * kLanes + kImage] = z[i];
  Sequential::Record record = network.make_record(latent.shape());
  Workspace workspace(network.workspace_floats(latent.shape()));
  const ConstTensorView images = network.forward(latent.view(), record, workspace, Mode::inference);
  std::vector<float> image;
  for (int c = 0; c < config.channels; ++c)
    for (int pixel = 0; pixel < config.size * config.size; ++pixel)
      image.push_back(images.data[(static_cast<std::int64_t>(pixel) * config.channels + c) * kLanes + kImage]);
  return image;
}

std::vector<float> edge_image(EdgeGenerator& generator, const NetworkConfig& config, const std::vector<float>& z) {
  std::vector<float> image(static_cast<std::size_t>(config.channels) * config.size * config.size, kNaN);
  generator.generate(z.data(), image.data());
  return image;
}

std::vector<float> edge_image(const Sequential& network, const NetworkConfig& config, const std::vector<float>& z, edge::Path path,
                              int threads) {
  const Threads in_force(threads);
  EdgeGenerator generator(network, config, path);
  return edge_image(generator, config, z);
}

// Layers keep what they make of the order of 1.  A sum of n terms of the order of n^-1/2 then has sum |w||x| of the order of
// n^1/2, and roundings that go either way add up to n^1/2 * 2^-24 times that: n * 2^-24.  tanh does not magnify.
double tolerance(const Case& test) {
  double terms = test.z_dim;
  for (const int width : test.widths) terms += 9.0 * width;  // the taps of the odd phases
  return (terms + 5 * 8) * 0x1p-24 + 3e-7;
}

void expect_near(const std::vector<float>& actual, const std::vector<float>& expected, double bound, const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double error = std::fabs(static_cast<double>(actual[i]) - static_cast<double>(expected[i]));
    ASSERT_TRUE(error <= bound) << what << ": value " << i << " is " << actual[i] << ", expected " << expected[i];
  }
}

TEST(EdgeGenerator, EqualsTheEngine) {
  for (const Case& test : kCases) {
    const NetworkConfig config = config_of(test);
    const Sequential network = some_generator(config);
    const std::vector<float> z = some_latent(config.z_dim);
    const std::vector<float> expected = engine_image(network, config, z);
    for (const edge::Path path : edge_paths_here())
      expect_near(edge_image(network, config, z, path, 1), expected, tolerance(test), concat(label(test), ", ", name(path)));
  }
}

TEST(EdgeGenerator, IsTheSameForEveryNumberOfParts) {
  const EagerScope eager;
  for (const edge::Path path : edge_paths_here())
    for (const Case& test : kCases) {
      const NetworkConfig config = config_of(test);
      const Sequential network = some_generator(config);
      const std::vector<float> z = some_latent(config.z_dim);
      const std::vector<float> expected = edge_image(network, config, z, path, 1);
      for (const int threads : {2, 3, 7})
        EXPECT_EQ(edge_image(network, config, z, path, threads), expected) << label(test) << ", " << name(path) << ", threads " << threads;
    }
}

// Checksums of the floats: an image's bytes would hide most roundings.  They are of all cases' images in order, as a machine of each
// path made them once: x86-64 checks those it has, aarch64 the first and the last (`make test-edge`).
TEST(EdgeGenerator, ImagesAreTheSameBytesOnEveryMachineOfAPath) {
  for (const edge::Path path : edge_paths_here()) {
    Crc64 crc;
    for (const Case& test : kCases) {
      const NetworkConfig config = config_of(test);
      const std::vector<float> image = edge_image(some_generator(config), config, some_latent(config.z_dim), path, 1);
      crc.add({reinterpret_cast<const std::uint8_t*>(image.data()), image.size() * sizeof(float)});
    }
    const std::uint64_t expected = path == edge::Path::portable ? 13017671929977310875u
                                   : path == edge::Path::avx2   ? 6937451302943627410u
                                   : path == edge::Path::avx512 ? 10016958196276250665u
                                                                : 3032618456437751813u;
    EXPECT_EQ(crc.value(), expected) << name(path);
  }
}

TEST(EdgeGenerator, TakesTheBestPathUnlessTheEngineIsHeldBack) {
  if (!machine_supports(Isa::avx2)) {
    EXPECT_EQ(edge_path(), edge::best_path());
    return;
  }
  const Isa before = isa();
  for (const Isa path : fast_paths()) {
    set_isa(path);
    EXPECT_EQ(edge_path(), path == fast_paths().back() ? edge::best_path() : edge::Path::avx2) << name(path);
  }
  set_isa(Isa::ref);
  EXPECT_EQ(edge_path(), edge::Path::portable);
  set_isa(before);
}

TEST(EdgeGenerator, ThePathsAreThoseOfTheMachine) {
  EXPECT_TRUE(edge::runs_here(edge::Path::portable));
#if defined(__aarch64__)
  EXPECT_EQ(edge::best_path(), edge::Path::neon);
#else
  EXPECT_FALSE(edge::runs_here(edge::Path::neon));
  EXPECT_EQ(edge::runs_here(edge::Path::avx2), machine_supports(Isa::avx2));
  if (edge::runs_here(edge::Path::avx512)) {  // which asks for a larger first-level cache than the engine's
    EXPECT_TRUE(machine_supports(Isa::avx512));
    EXPECT_EQ(edge::best_path(), edge::Path::avx512);
  } else {
    EXPECT_EQ(edge::best_path(), machine_supports(Isa::avx2) ? edge::Path::avx2 : edge::Path::portable);
  }
#endif
}

TEST(EdgeGenerator, ImagesDependOnNothingThatWasGeneratedBefore) {
  const NetworkConfig config = config_of(kCases[5]);
  const Sequential network = some_generator(config);
  EdgeGenerator generator(network, config);
  const std::vector<float> z = some_latent(config.z_dim);
  const std::vector<float> first = edge_image(generator, config, z);
  edge_image(generator, config, std::vector<float>(z.size(), kNaN));
  EXPECT_EQ(edge_image(generator, config, z), first);
}

TEST(EdgeGenerator, XnorWeightsAreOneBitToo) {
  NetworkConfig config = config_of(kCases[6]);
  config.recipe = BinaryRecipe::xnor;
  const Sequential network = some_generator(config);
  const std::vector<float> z = some_latent(config.z_dim);
  expect_near(edge_image(network, config, z, edge::best_path(), 1), engine_image(network, config, z), tolerance(kCases[6]), "xnor");
}

std::vector<float> some_floats(std::size_t count, std::uint32_t number) {
  const CounterRng rng(3, Stream::test, number);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
  return values;
}

// One layer's leaves, both paths, within (n + 8) * 2^-24 * sum |w||x|; x and w lie in (-1, 1), so n bounds the sum.
double leaf_bound(int terms) { return (terms + 8) * 0x1p-24 * terms; }

TEST(EdgeGenerator, TakesWinogradForLayersOfManyChannelsFromEightPixelsARowOn) {
  using edge::FloatDeconv;
  for (const auto& [c_in, c_out, side] : {std::tuple{256, 128, 8}, std::tuple{128, 64, 16}, std::tuple{64, 32, 128}, std::tuple{32, 32, 8}})
    EXPECT_EQ(edge::float_deconv(c_in, c_out, side), FloatDeconv::winograd) << c_in << ", " << c_out << ", " << side;
  for (const auto& [c_in, c_out, side] : {std::tuple{512, 256, 4}, std::tuple{3, 32, 8}})
    EXPECT_EQ(edge::float_deconv(c_in, c_out, side), FloatDeconv::channels) << c_in << ", " << c_out << ", " << side;
  for (const auto& [c_in, c_out, side] : {std::tuple{64, 3, 32}, std::tuple{64, 33, 16}})
    EXPECT_EQ(edge::float_deconv(c_in, c_out, side), FloatDeconv::pixels) << c_in << ", " << c_out << ", " << side;
}

TEST(EdgeGenerator, PutsChannelsInTheLanesOfSmallWideLayers) {
  for (const auto& [c_out, side] : {std::pair{256, 4}, std::pair{128, 8}, std::pair{32, 8}, std::pair{24, 4}, std::pair{5, 1}})
    EXPECT_TRUE(edge::channels_in_lanes(c_out, side)) << c_out << ", " << side;
  for (const auto& [c_out, side] : {std::pair{64, 16}, std::pair{512, 32}, std::pair{3, 8}, std::pair{3, 4}, std::pair{24, 8}})
    EXPECT_FALSE(edge::channels_in_lanes(c_out, side)) << c_out << ", " << side;
}

// One deconvolution straight to the image, against its definition.
TEST(EdgeGenerator, AnImageMayHaveManyChannels) {
  constexpr int kIn = 131;
  constexpr int kOut = 59;
  for (const int side : {4, 8}) {
    const int pixels = side * side;
    const std::vector<float> x = some_floats(static_cast<std::size_t>(kIn) * pixels, 0);
    const std::vector<float> w = some_floats(std::size_t{kIn} * kOut * edge::kTaps, 1);
    const std::vector<float> scale = some_floats(kOut, 2);
    const std::vector<float> shift = some_floats(kOut, 3);
    const std::vector<float> ones(kIn, 1.0f);
    const std::vector<float> zeros(edge::linear_shift_size(kIn, side), 0.0f);
    std::vector<float> linear(edge::linear_floats_size(1, kIn, side));
    edge::pack_linear_floats(x.data(), 1, kIn, side, linear.data());
    std::vector<float> packed(edge::deconv_floats_size(kIn, kOut, side));
    edge::pack_deconv_floats(w.data(), kIn, kOut, side, packed.data());
    edge::Generator generator;
    generator.linear = {1, kIn, side, linear.data(), nullptr, ones.data(), zeros.data(), edge::Activation::none};
    generator.deconvs[0] = {kIn, kOut, side, packed.data(), nullptr, scale.data(), shift.data(), edge::Activation::none};
    generator.deconv_count = 1;

    std::vector<double> expected(static_cast<std::size_t>(4) * pixels * kOut, 0.0);
    for (int c = 0; c < kIn; ++c)
      for (int o = 0; o < kOut; ++o)
        for (int tap = 0; tap < edge::kTaps; ++tap)
          for (int pixel = 0; pixel < pixels; ++pixel) {
            const int y = 2 * (pixel / side) + tap / edge::kKernel - 1;
            const int column = 2 * (pixel % side) + tap % edge::kKernel - 1;
            if (y < 0 || column < 0 || y >= 2 * side || column >= 2 * side) continue;
            expected[(o * 2 * side + y) * 2 * side + column] +=
                static_cast<double>(x[c * pixels + pixel]) * static_cast<double>(w[(c * kOut + o) * edge::kTaps + tap]);
          }
    ASSERT_EQ(edge::fault_of(generator), nullptr);
    std::vector<unsigned char> scratch(edge::scratch_bytes(generator, 1));
    for (const edge::Path path : edge_paths_here()) {
      generator.path = path;
      std::vector<float> image(expected.size(), kNaN);
      const float one = 1.0f;
      edge::generate_one(generator, &one, image.data(), scratch.data(), nullptr);
      for (std::size_t i = 0; i < image.size(); ++i) {
        const std::size_t o = i / (4 * pixels);
        const double value = expected[i] * static_cast<double>(scale[o]) + static_cast<double>(shift[o]);
        ASSERT_TRUE(std::fabs(static_cast<double>(image[i]) - value) <= leaf_bound(9 * kIn)) << side << ", " << i;
      }
    }
  }
}

// A generator whose arrays all end where memory ends; the linear layer's weights are of each kind in turn.
TEST(EdgeGenerator, ReadsNothingBehindItsArrays) {
  constexpr int kSide = 4;
  constexpr int kOut = 3;
  for (const int z_dim : {2, 3, 4, 7})  // from four on rows are summed in place
    for (const int channels : {2, 3, 4, 5}) {
      const int features = channels * kSide * kSide;
      std::vector<float> matrix = some_floats(static_cast<std::size_t>(features) * z_dim, 0);
      GuardedFloats halves(features * z_dim / 2);
      auto* const half_rows = reinterpret_cast<std::uint16_t*>(halves.data());
      for (std::size_t i = 0; i < matrix.size(); ++i) {
        const Half half = half_of_float(matrix[i]);
        half_rows[i] = half.bits;
        matrix[i] = float_of_half(half);
      }
      GuardedFloats rows(matrix);
      GuardedFloats z(some_floats(z_dim, 1));
      GuardedFloats weights(static_cast<std::int64_t>(edge::linear_floats_size(z_dim, channels, kSide)));
      edge::pack_linear_floats(matrix.data(), z_dim, channels, kSide, weights.data());
      GuardedFloats words(static_cast<std::int64_t>(edge::linear_signs_size(z_dim, channels, kSide)));
      auto* const sign_words = reinterpret_cast<std::uint32_t*>(words.data());
      edge::pack_linear_signs(matrix.data(), z_dim, channels, kSide, sign_words);
      GuardedFloats scale(some_floats(channels, 2));
      GuardedFloats shift(static_cast<std::int64_t>(edge::linear_shift_size(channels, kSide)));
      edge::pack_linear_shift(some_floats(features, 3).data(), channels, kSide, shift.data());
      const std::vector<float> taps = some_floats(static_cast<std::size_t>(channels) * kOut * edge::kTaps, 4);
      GuardedFloats kernel(static_cast<std::int64_t>(edge::deconv_floats_size(channels, kOut, kSide)));
      edge::pack_deconv_floats(taps.data(), channels, kOut, kSide, kernel.data());
      GuardedFloats out_scale(some_floats(kOut, 5));
      GuardedFloats out_shift(some_floats(kOut, 6));

      edge::Generator generator;
      generator.linear = {z_dim, channels, kSide, nullptr, nullptr, scale.data(), shift.data(), edge::Activation::relu};
      generator.deconvs[0] = {channels, kOut, kSide, kernel.data(), nullptr, out_scale.data(), out_shift.data(), edge::Activation::tanh};
      generator.deconv_count = 1;
      for (const edge::Path path : edge_paths_here()) {
        generator.path = path;
        const auto image_of = [&](auto choose_weights) {
          edge::Generator chosen = generator;
          choose_weights(chosen.linear);
          EXPECT_EQ(edge::fault_of(chosen), nullptr);
          std::vector<unsigned char> scratch(edge::scratch_bytes(chosen, 1));
          std::vector<float> image(kOut * 4 * kSide * kSide, kNaN);
          edge::generate_one(chosen, z.data(), image.data(), scratch.data(), nullptr);
          return image;
        };
        const auto what = concat(name(path), ", z ", z_dim, ", channels ", channels);
        const std::vector<float> expected = image_of([&](edge::LinearLayer& linear) { linear.weights = weights.data(); });
        EXPECT_EQ(image_of([&](edge::LinearLayer& linear) { linear.rows = rows.data(); }), expected) << what;
        EXPECT_EQ(image_of([&](edge::LinearLayer& linear) { linear.half_rows = half_rows; }), expected) << what;
        for (const float value : image_of([&](edge::LinearLayer& linear) { linear.sign_words = sign_words; }))
          EXPECT_TRUE(std::isfinite(value)) << what;
      }
    }
}

// A generator of constants: one layer of one weight, whose sums the scale and the shift turn into known images.
struct TinyGenerator {
  explicit TinyGenerator(int side) : shift(edge::linear_shift_size(1, side), 0.0f) {
    const std::vector<float> ones(static_cast<std::size_t>(side) * side, 1.0f);
    const std::vector<float> taps(edge::kTaps, 0.0f);
    weights.resize(edge::linear_floats_size(1, 1, side));
    edge::pack_linear_floats(ones.data(), 1, 1, side, weights.data());
    kernel.resize(edge::deconv_floats_size(1, 1, side));
    edge::pack_deconv_floats(taps.data(), 1, 1, side, kernel.data());
    generator.linear = {1, 1, side, weights.data(), nullptr, &one, shift.data(), edge::Activation::relu};
    generator.deconvs[0] = {1, 1, side, kernel.data(), nullptr, &one, &level, edge::Activation::tanh};
    generator.deconv_count = 1;
  }
  TinyGenerator(const TinyGenerator&) = delete;
  TinyGenerator& operator=(const TinyGenerator&) = delete;

  edge::Generator generator;
  std::vector<float> shift, weights, kernel;
  float one = 1.0f;
  float level = 0.0f;
};

TEST(EdgeGenerator, TanhIsExactToItsBound) {
  TinyGenerator tiny(4);
  std::vector<unsigned char> scratch(edge::scratch_bytes(tiny.generator, 1));
  for (const edge::Path path : edge_paths_here()) {
    tiny.generator.path = path;
    for (double x = -100.0; x <= 100.0; x += std::fabs(x) < 2.0 ? 0.001 : 0.37) {
      tiny.level = static_cast<float>(x);
      std::vector<float> image(64, kNaN);
      edge::generate_one(tiny.generator, &tiny.one, image.data(), scratch.data(), nullptr);
      const double expected = std::tanh(static_cast<double>(tiny.level));
      for (const float value : image)
        ASSERT_TRUE(std::fabs(static_cast<double>(value) - expected) <= 3e-7 * std::fabs(expected))
            << x << ": " << value << " for " << expected;
    }
  }
}

TEST(EdgeGenerator, TakesScratchOfAnyAlignmentAndStaysInside) {
  TinyGenerator tiny(8);
  const std::size_t size = edge::scratch_bytes(tiny.generator, 1);
  for (const edge::Path path : edge_paths_here()) {
    tiny.generator.path = path;
    for (std::size_t offset = 0; offset < 65; offset += 3) {
      std::vector<unsigned char> memory(offset + size + 64, 0xa5);
      std::vector<float> image(256, kNaN);
      edge::generate_one(tiny.generator, &tiny.one, image.data(), memory.data() + offset, nullptr);
      for (const float value : image) ASSERT_EQ(value, 0.0f) << offset;
      for (std::size_t i = 0; i < offset; ++i) ASSERT_EQ(memory[i], 0xa5) << offset;
      for (std::size_t i = offset + size; i < memory.size(); ++i) ASSERT_EQ(memory[i], 0xa5) << offset;
    }
  }
}

TEST(EdgeGenerator, NamesEveryFault) {
  TinyGenerator tiny(4);
  EXPECT_EQ(edge::fault_of(tiny.generator), nullptr);
  const auto refused = [&](auto change) {
    edge::Generator generator = tiny.generator;
    change(generator);
    return edge::fault_of(generator) != nullptr;
  };
  EXPECT_TRUE(refused([](edge::Generator& g) { g.linear.z_dim = 0; }));
  EXPECT_TRUE(refused([](edge::Generator& g) { g.linear.weights = nullptr; }));
  EXPECT_TRUE(refused([](edge::Generator& g) { g.linear.shift = nullptr; }));
  EXPECT_TRUE(refused([](edge::Generator& g) { g.linear.side = 8; }));
  EXPECT_TRUE(refused([](edge::Generator& g) { g.deconv_count = 0; }));
  EXPECT_TRUE(refused([](edge::Generator& g) { g.deconv_count = edge::kMaxDeconvs + 1; }));
  EXPECT_TRUE(refused([](edge::Generator& g) { g.deconvs[0].c_in = 2; }));
  EXPECT_TRUE(refused([](edge::Generator& g) { g.deconvs[0].c_out = -1; }));
  EXPECT_TRUE(refused([](edge::Generator& g) { g.deconvs[0].weights = nullptr; }));
  EXPECT_TRUE(refused([](edge::Generator& g) { g.deconvs[0].scale = nullptr; }));
  EXPECT_TRUE(refused([](edge::Generator& g) { g.linear.side = g.deconvs[0].side = 6; }));
  EXPECT_TRUE(refused([](edge::Generator& g) { g.linear.side = g.deconvs[0].side = 2; }));
  EXPECT_TRUE(refused([](edge::Generator& g) {
    static const std::uint8_t numbers[32] = {};
    g.deconvs[0].row_numbers = numbers;
  }));
}

}  // namespace
}  // namespace pbgen
