// Exported models for the tests of libpbgen.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "gan/edge/pbgen.h"
#include "gan/folded_generator.h"
#include "gan/packed_model.h"
#include "tests/support/image_files.h"
#include "tests/support/some_generator.h"

namespace pbgen {

inline constexpr PackedModelOptions kFloat{};
inline constexpr PackedModelOptions kHalf{LinearPrecision::half};
inline constexpr PackedModelOptions kPrepacked{LinearPrecision::single, true};

inline NetworkConfig config_of(int size, int channels, int z_dim, std::array<int, 4> widths, LayerSet binarized) {
  NetworkConfig config;
  config.size = size;
  config.channels = channels;
  config.z_dim = z_dim;
  config.g_widths = widths;
  config.binarized.generator = binarized;
  return config;
}

// Base maps from one pixel on; widths and z that fill no byte, word, group or vector; each kind of layer in each place.
inline std::vector<NetworkConfig> some_configs() {
  return {config_of(16, 3, 3, {4, 3, 2, 1}, {0, 2}),      config_of(16, 1, 33, {5, 3, 7, 9}, {}),
          config_of(32, 1, 61, {3, 5, 1, 3}, {0, 1, 2, 3, 4}), config_of(32, 3, 10, {16, 8, 70, 2}, {1, 2, 3}),
          config_of(64, 3, 100, {72, 67, 16, 4}, {0, 1, 2, 3}), config_of(64, 3, 100, {8, 40, 24, 8}, {4}),
          config_of(64, 1, 7, {5, 3, 2, 6}, {2})};
}

inline Bytes model_of(const NetworkConfig& config, const PackedModelOptions& options) {
  return encode_packed_model(fold_generator(some_generator(config), config), options);
}
inline Bytes tiny_model() { return model_of(some_configs().front(), kFloat); }

// An opened model with memory around it that must stay as it was.
class Opened {
 public:
  static constexpr std::size_t kFence = 64;

  explicit Opened(const Bytes& file, const pbgen_options* options = nullptr, std::size_t offset = 0, std::size_t missing = 0)
      : Opened(file.data(), file.size(), options, offset, missing) {}
  // offset: of the arena, from a multiple of 16; missing: bytes that it is too small by.
  Opened(const std::uint8_t* file, std::size_t size, const pbgen_options* options = nullptr, std::size_t offset = 0,
         std::size_t missing = 0) {
    code = pbgen_query(file, size, options, &info);
    if (code != PBGEN_OK) return;
    offset_ = kFence + offset;
    memory_.assign(offset_ + info.arena_bytes - missing + kFence, 0xa5);
    code = pbgen_open(file, size, options, memory_.data() + offset_, info.arena_bytes - missing, &model);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

  bool fences_stand() const {
    const auto offset = static_cast<std::ptrdiff_t>(offset_);
    return std::count(memory_.begin(), memory_.begin() + offset, 0xa5) == offset &&
           std::count(memory_.end() - kFence, memory_.end(), 0xa5) == kFence;
  }
  bool untouched() const { return std::count(memory_.begin(), memory_.end(), 0xa5) == std::ssize(memory_); }

  Bytes image(std::uint64_t seed, std::uint64_t number) {
    Bytes pixels(info.image_bytes + 1, 0x5a);
    EXPECT_EQ(pbgen_generate_seed(model, seed, number, pixels.data()), PBGEN_OK);
    EXPECT_EQ(pixels.back(), 0x5a);
    pixels.pop_back();
    return pixels;
  }

  int code = PBGEN_OK;
  pbgen_info info{};
  pbgen_model* model = nullptr;

 private:
  std::size_t offset_ = 0;
  Bytes memory_;
};

// As pbgen_parallel_for's run: the last piece first.
inline void run_backwards(void*, int count, void (*body)(void* body_context, int index), void* body_context) {
  for (int i = count - 1; i >= 0; --i) body(body_context, i);
}

}  // namespace pbgen
