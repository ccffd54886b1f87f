// libpbgen: the images of ./tools/generate to the byte, in the memory that it asked for.
#include "gan/edge/pbgen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <thread>
#include <string>
#include <utility>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/rng.h"
#include "core/files/crc64.h"
#include "core/freestanding/half.h"
#include "gan/edge/generator.h"
#include "gan/edge/latent.h"
#include "gan/edge/pack.h"
#include "gan/latents.h"
#include "tests/support/edge_paths.h"
#include "tests/support/guarded_floats.h"
#include "tests/support/isa_paths.h"
#include "tests/support/opened_model.h"
#include "tests/support/tool_run.h"
#include "tools/lib/model/edge_generator.h"
#include "tools/lib/model/trained_generator.h"

namespace pbgen {
namespace {

constexpr std::uint64_t kSeed = 0x123456789abcdef0;

class IsaInForce {
 public:
  explicit IsaInForce(Isa path) : before_(isa()) { set_isa(path); }
  ~IsaInForce() { set_isa(before_); }
  IsaInForce(const IsaInForce&) = delete;
  IsaInForce& operator=(const IsaInForce&) = delete;

 private:
  Isa before_;
};

// Images 5 and 6 of kSeed, whose latent vectors are z, serially and in three parts.
void expect_images(const Bytes& file, int path, const std::vector<float>& z, const ImageSet& expected) {
  for (const int parts : {0, 1, 3}) {
    pbgen_options options{};
    options.path = path;
    if (parts > 0) options.parallel_for = {run_backwards, nullptr, parts};
    Opened opened(file, &options);
    ASSERT_EQ(opened.code, PBGEN_OK) << pbgen_error_text(opened.code);
    EXPECT_EQ(opened.info.path, path);
    for (std::size_t i = 0; i < 2; ++i) {
      const auto pixels = expected.image(static_cast<std::int64_t>(i));
      const Bytes wanted(pixels.begin(), pixels.end());
      EXPECT_NE(*std::min_element(wanted.begin(), wanted.end()), *std::max_element(wanted.begin(), wanted.end()));
      EXPECT_EQ(opened.image(kSeed, 5 + i), wanted) << opened.info.width << ", parts " << parts;
      Bytes image(wanted.size());
      EXPECT_EQ(pbgen_generate(opened.model, z.data() + i * z.size() / 2, image.data()), PBGEN_OK);
      EXPECT_EQ(image, wanted);
    }
    EXPECT_TRUE(opened.fences_stand());
  }
}

TEST(PbgenLibrary, DrawsTheImagesOfTheToolsToTheByte) {
  const TestFolder folder;
  for (const Isa path : machine_paths()) {
    const IsaInForce in_force(path);
    for (const NetworkConfig& config : some_configs())
      for (const PackedModelOptions& options : {kFloat, kHalf, kPrepacked}) {
        const Bytes file = model_of(config, options);
        write_bytes(folder / "model", file);
        TrainedGenerator generator(folder / "model");
        std::vector<float> z(static_cast<std::size_t>(2 * config.z_dim));
        draw_latents(CounterRng(kSeed, Stream::generate), 5, 2, config.z_dim, z.data());
        const ImageSet expected = generator.draw(z.data(), 2);
        // In a thread of its own: this one flushes denormal numbers now, and libpbgen takes the processor as it finds it.
        std::thread(expect_images, std::cref(file), code_of(edge_path()), std::cref(z), std::cref(expected))
            .join();
      }
  }
}

// On the other paths a value differs by far less than a level's 2/255 (EdgeGenerator.EqualsTheEngine): each path's image differs by
// at most a level from the portable one's, which is the same everywhere, and so do those of AVX2 and NEON from each other.
TEST(PbgenLibrary, ModelsAndPortableImagesAreTheSameBytesOnEveryMachine) {
  Crc64 files;
  Crc64 prepacked;
  Crc64 images;
  for (const NetworkConfig& config : some_configs()) {
    const Bytes file = model_of(config, kHalf);
    pbgen_options options{};
    options.path = PBGEN_PATH_PORTABLE;
    const Bytes expected = Opened(file, &options).image(kSeed, 0);
    files.add(file);
    prepacked.add(model_of(config, kPrepacked));
    images.add(expected);
    for (const edge::Path path : edge_paths_here()) {
      options.path = code_of(path);
      const Bytes image = Opened(file, &options).image(kSeed, 0);
      for (std::size_t i = 0; i < image.size(); ++i) EXPECT_LE(std::abs(image[i] - expected[i]), 1) << name(path) << ", " << i;
    }
  }
  EXPECT_EQ(files.value(), 3775114191331287999u);
  EXPECT_EQ(prepacked.value(), 9593936603857812313u);
  EXPECT_EQ(images.value(), 16523285036111949061u);
}

TEST(PbgenLibrary, TheFileMayLieAtAnyMultipleOfFour) {
  for (const NetworkConfig& config : some_configs())
    for (const PackedModelOptions& options : {kFloat, kHalf, kPrepacked}) {
      const Bytes file = model_of(config, options);
      const Bytes expected = Opened(file).image(kSeed, 0);
      for (const std::size_t place : {4u, 28u, 60u}) {
        AlignedBuffer<std::uint8_t> moved(static_cast<std::int64_t>(file.size() + place));
        std::copy(file.begin(), file.end(), moved.data() + place);
        EXPECT_EQ(Opened(moved.data() + place, file.size()).image(kSeed, 0), expected) << place;
      }
      Bytes odd(file.size() + 1);
      pbgen_info info{};
      EXPECT_EQ(pbgen_query(odd.data() + 1, file.size(), nullptr, &info), PBGEN_ALIGNMENT);
    }
}

// Real threads, for ThreadSanitizer's sake.
TEST(PbgenLibrary, PartsMayRunSideBySide) {
  const auto run_side_by_side = [](void*, int count, void (*body)(void* body_context, int index), void* body_context) {
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) threads.emplace_back(body, body_context, i);
    for (std::thread& thread : threads) thread.join();
  };
  for (const NetworkConfig& config : some_configs()) {
    const Bytes file = model_of(config, kHalf);
    pbgen_options options{};
    options.parallel_for = {run_side_by_side, nullptr, 4};
    EXPECT_EQ(Opened(file, &options).image(kSeed, 0), Opened(file).image(kSeed, 0));
  }
}

TEST(PbgenLibrary, NoNumbersBecomeBlack) {
  for (const NetworkConfig& config : some_configs()) {
    const Bytes file = model_of(config, kHalf);
    for (const int path : {PBGEN_PATH_PORTABLE, PBGEN_PATH_BEST}) {
      pbgen_options options{};
      options.path = path;
      Opened opened(file, &options);
      ASSERT_EQ(opened.code, PBGEN_OK) << pbgen_error_text(opened.code);
      const std::vector<float> z(static_cast<std::size_t>(config.z_dim), std::nanf(""));
      Bytes image(opened.info.image_bytes, 1);
      ASSERT_EQ(pbgen_generate(opened.model, z.data(), image.data()), PBGEN_OK);
      EXPECT_EQ(image, Bytes(image.size(), 0)) << config.size << ", path " << path;
    }
  }
}

TEST(PbgenLibrary, TellsWhatAModelIs) {
  const NetworkConfig config = some_configs()[2];
  const Bytes file = model_of(config, kFloat);
  pbgen_info info{};
  ASSERT_EQ(pbgen_query(file.data(), file.size(), nullptr, &info), PBGEN_OK);
  EXPECT_EQ(info.width, 32);
  EXPECT_EQ(info.height, 32);
  EXPECT_EQ(info.channels, 1);
  EXPECT_EQ(info.z_dim, 61);
  EXPECT_EQ(info.image_bytes, 1024u);
  EXPECT_EQ(info.path, code_of(edge::best_path()));
}

TEST(PbgenLibrary, RefusesPathsThatDoNotRunHere) {
  const Bytes file = tiny_model();
  for (const edge::Path path : kEdgePaths) {
    pbgen_options options{};
    options.path = code_of(path);
    pbgen_info info{};
    const bool runs = edge::runs_here(path);
    EXPECT_EQ(pbgen_query(file.data(), file.size(), &options, &info), runs ? PBGEN_OK : PBGEN_NO_PATH) << name(path);
    EXPECT_EQ(pbgen_query(nullptr, 0, &options, &info), runs ? PBGEN_ARGUMENT : PBGEN_NO_PATH) << name(path);
    EXPECT_EQ(info.path, runs ? options.path : 0) << name(path);
  }
  for (const int path : {-1, PBGEN_PATH_AVX512 + 1}) {
    pbgen_options options{};
    options.path = path;
    pbgen_info info{};
    EXPECT_EQ(pbgen_query(file.data(), file.size(), &options, &info), PBGEN_ARGUMENT) << path;
  }
}

TEST(PbgenLibrary, TheArenaIsAsLargeAsItSaysAndOfAnyAlignment) {
  for (const NetworkConfig& config : some_configs()) {
    const Bytes file = model_of(config, kHalf);
    const Bytes expected = Opened(file).image(1, 2);
    for (const std::size_t offset : {1u, 4u, 63u, 64u}) {
      Opened opened(file, nullptr, offset);
      ASSERT_EQ(opened.code, PBGEN_OK);
      EXPECT_EQ(opened.image(1, 2), expected);
      EXPECT_NE(opened.image(7, 0), expected);
      EXPECT_EQ(opened.image(1, 2), expected);  // nothing is left of the image before
      EXPECT_TRUE(opened.fences_stand()) << offset;
    }
    const Opened small(file, nullptr, 0, 1);
    EXPECT_EQ(small.code, PBGEN_ARENA);
    EXPECT_EQ(small.model, nullptr);
    EXPECT_TRUE(small.untouched());
  }
}

TEST(PbgenLibrary, AtThePapersWidthOneBitLayersTakeNotHalfAsMuchAgainAsTheirBits) {
  NetworkConfig config;
  for (const LayerSet& layers : {LayerSet{1, 2, 3}, LayerSet{0, 1, 2, 3}}) {
    config.binarized.generator = layers;
    const Bytes file = encode_packed_model(zero_generator(config), kHalf);
    const PackedModelSize size = packed_model_size(config, kHalf);
    const std::int64_t float_bytes = 4 * 64 * 3 * 25;
    const std::int64_t bits = size.deconv_weights - float_bytes + (layers.contains(0) ? size.linear_weights : 0);
    pbgen_info info{};
    ASSERT_EQ(pbgen_query(file.data(), file.size(), nullptr, &info), PBGEN_OK);
    EXPECT_LE(info.row_number_bytes, static_cast<std::size_t>(bits * 3 / 2));
    EXPECT_GE(info.row_number_bytes, static_cast<std::size_t>(bits));
    // Resident are the file and the arena: with a program's own 1.5 MB, less than 6 MB.
    EXPECT_LE(file.size() + info.arena_bytes, 4'500'000u);
  }
}

// The bytes that a prepacked model saves are those that are made of the other's bits, and nothing else.
TEST(PbgenLibrary, APrepackedModelDrawsTheSameBytesInLessMemory) {
  for (const NetworkConfig& config : some_configs()) {
    const Bytes file = model_of(config, kFloat);
    const Bytes prepacked = model_of(config, kPrepacked);
    for (const edge::Path path : edge_paths_here())
      for (const int parts : {1, 3}) {
        const pbgen_options options{code_of(path), {run_backwards, nullptr, parts}};
        Opened opened(file, &options);
        Opened in_file(prepacked, &options);
        ASSERT_EQ(in_file.code, PBGEN_OK) << pbgen_error_text(in_file.code);
        for (const std::uint64_t number : {0u, 7u}) EXPECT_EQ(in_file.image(kSeed, number), opened.image(kSeed, number)) << name(path);
        EXPECT_TRUE(in_file.fences_stand());
        EXPECT_EQ(in_file.info.row_number_bytes, 0u);
        EXPECT_EQ(in_file.info.arena_bytes, opened.info.arena_bytes - opened.info.row_number_bytes) << name(path);
      }
  }
}

// What pbgen.h says of the paper's width, one thread.
TEST(PbgenLibrary, APrepackedModelOfThePapersWidthTakesLessThanAMegabyte) {
  NetworkConfig config;
  config.binarized.generator = {0, 1, 2, 3};
  const FoldedGenerator generator = zero_generator(config);
  const auto info_of = [&](const PackedModelOptions& packing, edge::Path path) {
    const Bytes file = encode_packed_model(generator, packing);
    pbgen_options options{};
    options.path = code_of(path);
    pbgen_info info{};
    EXPECT_EQ(pbgen_query(file.data(), file.size(), &options, &info), PBGEN_OK);
    return info;
  };
  for (const edge::Path path : edge_paths_here()) {
    const pbgen_info info = info_of(kPrepacked, path);
    EXPECT_LE(info.arena_bytes + info.image_bytes, 1'000'000u) << name(path);
  }
  if (sizeof(void*) != 8) GTEST_SKIP() << "the figures of pbgen.h are those of pointers of 64 bits";
  EXPECT_EQ(info_of(kPrepacked, edge::Path::portable).arena_bytes, 592'576u);
  EXPECT_EQ(info_of(kFloat, edge::Path::portable).arena_bytes, 1'446'848u);
  EXPECT_EQ(packed_model_bytes(config, kPrepacked), 913'792);
}

TEST(PbgenLibrary, FloatLayersTakeNoRowNumbers) {
  NetworkConfig config = config_of(16, 3, 3, {4, 3, 2, 1}, {});
  for (const bool linear_too : {false, true}) {
    pbgen_info info{};
    const Bytes file = model_of(config, kFloat);
    ASSERT_EQ(pbgen_query(file.data(), file.size(), nullptr, &info), PBGEN_OK);
    EXPECT_EQ(info.row_number_bytes > 0, linear_too);
    config.binarized.generator = {0};
  }
}

TEST(PbgenLibrary, LatentsAreThoseOfTheTools) {
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, kSeed, ~std::uint64_t{0}})
    for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{123456789012}})
      for (const int z_dim : {1, 7, 100}) {
        std::vector<float> expected(static_cast<std::size_t>(z_dim));
        std::vector<float> actual(expected.size(), 2.0f);
        draw_latents(CounterRng(seed, Stream::generate), static_cast<std::int64_t>(number), 1, z_dim, expected.data());
        edge::draw_latent(seed, number, z_dim, actual.data());
        EXPECT_EQ(actual, expected) << seed << ", " << number;
      }
}

TEST(PbgenLibrary, LatentsEndWhereTheyShould) {
  GuardedFloats z(7);
  edge::draw_latent(kSeed, 1, 7, z.data());
  EXPECT_TRUE(std::all_of(z.data(), z.data() + 7, [](float value) { return value >= -1.0f && value < 1.0f; }));
}

std::vector<float> some_floats(std::size_t count, std::uint32_t number) {
  const CounterRng rng(3, Stream::test, number);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
  return values;
}

Bytes bits_of(const std::vector<float>& values) {
  Bytes bits((values.size() + 7) / 8, 0);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] >= 0.0f) bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 1u << i % 8);
  return bits;
}

TEST(PbgenLibrary, BitsArePackedAsTheFloatsWhoseSignsTheyAre) {
  for (const auto& [c_in, c_out] : {std::pair{1, 1}, std::pair{7, 3}, std::pair{12, 9}, std::pair{70, 5}, std::pair{133, 16}}) {
    const std::vector<float> weights = some_floats(static_cast<std::size_t>(c_in) * c_out * edge::kTaps, 0);
    Bytes from_floats(edge::deconv_signs_size(c_in, c_out), 0xa5);
    Bytes from_bits(from_floats.size(), 0x5a);
    edge::pack_deconv_signs(weights.data(), c_in, c_out, from_floats.data());
    edge::pack_deconv_signs(bits_of(weights).data(), c_in, c_out, from_bits.data());
    EXPECT_EQ(from_bits, from_floats) << c_in << " to " << c_out;
  }
  for (const int z_dim : {1, 29, 30, 31, 100})
    for (const auto& [channels, side] : {std::pair{3, 1}, std::pair{5, 2}, std::pair{9, 4}}) {
      const std::vector<float> weights = some_floats(static_cast<std::size_t>(z_dim) * channels * side * side, 1);
      std::vector<std::uint32_t> from_floats(edge::linear_signs_size(z_dim, channels, side), 1);
      std::vector<std::uint32_t> from_bits(from_floats.size(), 2);
      edge::pack_linear_signs(weights.data(), z_dim, channels, side, from_floats.data());
      edge::pack_linear_signs(bits_of(weights).data(), z_dim, channels, side, from_bits.data());
      EXPECT_EQ(from_bits, from_floats) << z_dim << " to " << channels;
    }
}

// Every finite half, subnormal ones and both zeros among them, to the bit.
TEST(PbgenLibrary, HalvesAreExpandedExactly) {
  std::vector<std::uint16_t> halves;
  std::vector<float> expected;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const Half half{static_cast<std::uint16_t>(bits)};
    const bool finite = std::isfinite(float_of_half(half));
    halves.push_back(finite ? half.bits : std::uint16_t{0});
    expected.push_back(finite ? float_of_half(half) : 0.0f);
  }
  constexpr int kChannels = 16;
  constexpr int kSide = 4;
  const int z_dim = static_cast<int>(halves.size()) / (kChannels * kSide * kSide);
  std::vector<float> whole(edge::linear_floats_size(z_dim, kChannels, kSide));
  edge::pack_linear_floats(expected.data(), z_dim, kChannels, kSide, whole.data());
  const std::size_t tile_floats = static_cast<std::size_t>(edge::kLinearVectors) * edge::kLanes * static_cast<std::size_t>(z_dim);
  std::vector<float> tiles(whole.size());
  for (std::size_t tile = 0; tile < whole.size() / tile_floats; ++tile)
    edge::pack_linear_tile(halves.data(), z_dim, kChannels, kSide, static_cast<std::ptrdiff_t>(tile), tiles.data() + tile * tile_floats);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    ASSERT_EQ(tiles[i], whole[i]) << i;
    ASSERT_EQ(std::signbit(tiles[i]), std::signbit(whole[i])) << i;
  }
}

// The built library and the examples, as `make test` leaves them.
class PbgenBuilt : public testing::Test {
 protected:
  void SetUp() override {
    if (!tool_path("pbgen_example")) GTEST_SKIP() << "PBGEN_TOOLS names no folder that holds pbgen_example; `make test` sets it";
    library_ = std::filesystem::path(*tool_path("pbgen_example")).parent_path().parent_path() / "libpbgen.so";
    ASSERT_TRUE(std::filesystem::exists(library_)) << library_;
  }

  // Sanitizers bring a runtime of their own.
  bool plain() const {
    const std::string variant = library_.parent_path().filename().string();
    return variant.starts_with("release") || variant.starts_with("debug");
  }
  ToolRun run(const std::string& command, const std::vector<std::string>& arguments) const {
    std::vector<std::string> all = {command};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_tool_at("/usr/bin/env", all, folder_.path());
  }
  bool present(const std::string& program) const { return run(program, {"--version"}).exit_code == 0; }

  // What the examples write for image 0 of a seed.
  static std::string picture(const Bytes& model, std::uint64_t seed) {
    Opened opened(model);
    const Bytes pixels = opened.image(seed, 0);
    const std::string head = concat("P", opened.info.channels == 3 ? 6 : 5, " ", opened.info.width, " ", opened.info.height, " 255\n");
    return head + std::string(pixels.begin(), pixels.end());
  }

  // Three images side by side, from the seed's first to its second.
  void expect_walk(const std::string& program, std::vector<std::string> arguments, const Bytes& model) const {
    arguments.emplace_back("3");
    const ToolRun walked = run(program, arguments);
    EXPECT_EQ(walked.exit_code, 0) << walked.err;
    Opened opened(model);
    const std::string head = concat("P", opened.info.channels == 3 ? 6 : 5, " ", 3 * opened.info.width, " ", opened.info.height, " 255\n");
    ASSERT_EQ(walked.out.size(), head.size() + 3 * opened.info.image_bytes);
    EXPECT_EQ(walked.out.substr(0, head.size()), head);
    const std::size_t row = opened.info.image_bytes / static_cast<std::size_t>(opened.info.height);
    const auto image = [&](std::size_t i) {
      Bytes pixels;
      for (std::size_t y = 0; y < static_cast<std::size_t>(opened.info.height); ++y) {
        const auto begin = walked.out.begin() + static_cast<std::ptrdiff_t>(head.size() + (3 * y + i) * row);
        pixels.insert(pixels.end(), begin, begin + static_cast<std::ptrdiff_t>(row));
      }
      return pixels;
    };
    EXPECT_TRUE(image(0) == opened.image(12, 0));
    EXPECT_TRUE(image(2) == opened.image(12, 1));
    EXPECT_TRUE(image(1) != image(0) && image(1) != image(2));
    arguments.back() = "0";
    EXPECT_NE(run(program, arguments).exit_code, 0);
  }

  // Both examples are called alike but for what stands in front.
  void expect_example(const std::string& program, const std::vector<std::string>& before) const {
    std::vector<std::string> with_model = before;
    with_model.insert(with_model.end(), {folder_ / "model", "12"});
    const auto with = [&](const std::string& name) {
      std::vector<std::string> arguments = before;
      arguments.insert(arguments.end(), {folder_ / name, "12"});
      return run(program, arguments);
    };
    for (const NetworkConfig& config : {some_configs()[1], some_configs()[3]}) {
      write_bytes(folder_ / "model", model_of(config, kHalf));
      const ToolRun result = with("model");
      EXPECT_EQ(result.exit_code, 0) << result.err;
      EXPECT_TRUE(result.out == picture(model_of(config, kHalf), 12));
      expect_walk(program, with_model, model_of(config, kHalf));
    }
    write_bytes(folder_ / "text", Bytes(100, 'x'));
    const ToolRun refused = with("text");
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.err.find(pbgen_error_text(PBGEN_NOT_A_MODEL)), std::string::npos) << refused.err;
    EXPECT_EQ(refused.out, "");
  }

  TestFolder folder_;
  std::filesystem::path library_;
};

TEST_F(PbgenBuilt, AProgramInCDrawsTheSameImage) {
  std::vector<std::string> words = runner_words();
  words.push_back(*tool_path("pbgen_example"));
  expect_example(words.front(), {words.begin() + 1, words.end()});
}

// Three ways of waiting, by turning, by sleeping and by both, on one thread and on four.
TEST_F(PbgenBuilt, ThreadsDrawTheSameImagesHoweverTheyWait) {
  if (!tool_path("pbgen_latency")) GTEST_SKIP() << "PBGEN_TOOLS names no folder that holds pbgen_latency; `make test` sets it";
  write_bytes(folder_ / "model", model_of(some_configs()[3], kHalf));
  std::vector<std::string> words = runner_words();
  words.push_back(*tool_path("pbgen_latency"));
  std::set<std::string> checksums;
  for (const char* const threads : {"1", "4"}) {
    std::vector<std::string> arguments(words.begin() + 1, words.end());
    arguments.insert(arguments.end(), {folder_ / "model", threads, "5"});
    const ToolRun result = run(words.front(), arguments);
    ASSERT_EQ(result.exit_code, 0) << result.err;
    std::istringstream lines(result.out);
    std::string line;
    std::getline(lines, line);  // the heading
    int count = 0;
    for (; std::getline(lines, line); ++count) checksums.insert(line.substr(line.size() - 8));
    EXPECT_EQ(count, 3) << result.out;
  }
  EXPECT_EQ(checksums.size(), 1u);
}

TEST_F(PbgenBuilt, PythonDrawsTheSameImage) {
  if (!plain()) GTEST_SKIP() << "a sanitizer's runtime cannot be loaded into Python";
  if (!runner_words().empty()) GTEST_SKIP() << "the library is of another machine than Python";
  if (!present("python3")) GTEST_SKIP() << "there is no python3 to run gan/edge/examples/generate.py";
  expect_example("python3", {"gan/edge/examples/generate.py", library_.string()});
}

// A library that is built here loads where the C library is as old as Debian 11's, 2.31.
TEST_F(PbgenBuilt, TheSharedLibraryAsksForNothingNewerThanGlibc2_31) {
  if (!plain()) GTEST_SKIP() << "a sanitizer brings a runtime of its own";
  if (!present("readelf")) GTEST_SKIP() << "there is no readelf to read the library's versions";
  const ToolRun read = run("readelf", {"-W", "--version-info", library_.string()});
  ASSERT_EQ(read.exit_code, 0) << read.err;
  const std::regex version("GLIBC_([0-9]+)\\.([0-9]+)");
  int versions = 0;
  for (std::sregex_iterator found(read.out.begin(), read.out.end(), version), end; found != end; ++found, ++versions)
    EXPECT_LE(std::make_pair(std::stoi(found->str(1)), std::stoi(found->str(2))), std::make_pair(2, 31)) << found->str();
  EXPECT_GT(versions, 0) << read.out;
}

// Nothing is shown but the C functions, and nothing is asked for that allocates, prints, throws or starts threads.
TEST_F(PbgenBuilt, TheSharedLibraryIsSmallAndStandsOnTheCLibraryAlone) {
  if (!plain()) GTEST_SKIP() << "a sanitizer brings a runtime of its own";
  EXPECT_LT(std::filesystem::file_size(library_), 200'000u);
  if (!present("nm")) GTEST_SKIP() << "there is no nm to list the library's symbols";
  const auto names = [&](const std::vector<std::string>& which) {
    std::vector<std::string> arguments = {"-P"};
    arguments.insert(arguments.end(), which.begin(), which.end());
    const ToolRun listed = run("nm", arguments);
    EXPECT_EQ(listed.exit_code, 0) << listed.err;
    std::set<std::string> found;
    std::istringstream lines(listed.out);
    for (std::string line; std::getline(lines, line);)
      if (line.find(' ') != line.npos) found.insert(line.substr(0, line.find_first_of(" @")));  // others name members of an archive
    return found;
  };
  EXPECT_EQ(names({"-D", "--defined-only", library_.string()}),
            (std::set<std::string>{"pbgen_draw", "pbgen_draw_batch", "pbgen_draw_rows", "pbgen_error_text", "pbgen_generate",
                                   "pbgen_generate_seed", "pbgen_latent", "pbgen_map_file", "pbgen_open", "pbgen_query",
                                   "pbgen_unmap_file", "pbgen_version", "pbgen_walk"}));
  const std::set<std::string> allowed = {"open", "open64", "close", "lseek", "lseek64", "mmap", "mmap64", "munmap", "memset", "memcpy",
                                         "memmove", "__stack_chk_fail",
                                         // of every shared library
                                         "__cxa_finalize", "__gmon_start__", "_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable"};
  for (const std::string& name : names({"-D", "--undefined-only", library_.string()})) EXPECT_TRUE(allowed.contains(name)) << name;
  const std::set<std::string> of_the_compiler = {"_GLOBAL_OFFSET_TABLE_", "__cpu_model", "__cpu_indicator_init"};
  const std::string archive = (library_.parent_path() / "libpbgen.a").string();
  const std::set<std::string> own = names({"--defined-only", archive});
  for (const std::string& name : names({"--undefined-only", archive}))
    EXPECT_TRUE(own.contains(name) || allowed.contains(name) || of_the_compiler.contains(name)) << name;
}

}  // namespace
}  // namespace pbgen
