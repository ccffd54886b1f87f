// The stack that libpbgen takes, as pbgen.h states it: a thread's stack is painted, and what lost its colour was used.
#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "gan/edge/pbgen.h"
#include "tests/support/edge_paths.h"
#include "tests/support/opened_model.h"

namespace pbgen {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
constexpr bool kStackIsOurs = false;
#else
constexpr bool kStackIsOurs = true;
#endif

constexpr std::int64_t kStackBytes = 256 << 10;  // enough for a thread to begin in, on every machine
constexpr std::uint8_t kPaint = 0xa5;

template <class Body>
struct Call {
  Body* body;
  const std::uint8_t* frame;  // of the function that calls the body
};

// Bytes of stack from the caller's frame to the lowest byte that was written.  Stacks grow downwards on all of our machines.
template <class Body>
std::int64_t stack_bytes(Body body) {
  Call<Body> call{&body, nullptr};
  const auto run = [](void* context) -> void* {
    auto& own = *static_cast<Call<Body>*>(context);
    own.frame = static_cast<const std::uint8_t*>(__builtin_frame_address(0));
    (*own.body)();
    return nullptr;
  };
  AlignedBuffer<std::uint8_t> stack(kStackBytes);
  std::fill(stack.begin(), stack.end(), kPaint);
  pthread_attr_t attributes;
  pthread_t thread;
  EXPECT_EQ(pthread_attr_init(&attributes), 0);
  EXPECT_EQ(pthread_attr_setstack(&attributes, stack.data(), kStackBytes), 0);
  EXPECT_EQ(pthread_create(&thread, &attributes, run, &call), 0);
  EXPECT_EQ(pthread_join(thread, nullptr), 0);
  pthread_attr_destroy(&attributes);
  return call.frame - std::find_if(stack.begin(), stack.end(), [](std::uint8_t byte) { return byte != kPaint; });
}

TEST(PbgenStack, IsWhatTheHeaderSays) {
  if (!kStackIsOurs) GTEST_SKIP() << "a sanitizer, or no optimisation, makes other frames";
  std::vector<NetworkConfig> configs = some_configs();
  for (const LayerSet& layers : {LayerSet{}, LayerSet{1, 2, 3}, LayerSet{0, 1, 2, 3}})
    configs.push_back(config_of(64, 3, 100, {128, 64, 64, 64}, layers));  // Winograd's algorithm and channels in the lanes, too
  std::int64_t most_to_open = 0;
  std::int64_t most_to_draw = 0;
  for (const NetworkConfig& config : configs)
    for (const PackedModelOptions& packing : {kFloat, kHalf, kPrepacked})
      for (const edge::Path path : edge_paths_here()) {
        const Bytes file = model_of(config, packing);
        pbgen_options options{};
        options.path = code_of(path);
        pbgen_info info{};
        pbgen_model* model = nullptr;
        int code = PBGEN_OK;
        const auto measured = [&](auto&& body) {
          const std::int64_t bytes = stack_bytes(body);
          EXPECT_EQ(code, PBGEN_OK);
          return bytes;
        };
        const std::int64_t to_query = measured([&] { code = pbgen_query(file.data(), file.size(), &options, &info); });
        Bytes arena(info.arena_bytes);
        const std::int64_t to_open =
            measured([&] { code = pbgen_open(file.data(), file.size(), &options, arena.data(), arena.size(), &model); });
        most_to_open = std::max({most_to_open, to_query, to_open});
        Bytes image(info.image_bytes);
        std::vector<float> z(static_cast<std::size_t>(info.z_dim));
        std::vector<float> other(z.size(), 0.5f);
        pbgen_target target{};
        target.pixels = image.data();
        const auto take_row = [](void*, int, const void*) { return 0; };
        most_to_draw = std::max({most_to_draw, measured([&] { code = pbgen_generate_seed(model, 1, 0, image.data()); }),
                                 measured([&] { code = pbgen_draw(model, z.data(), &target); }),
                                 measured([&] { code = pbgen_draw_rows(model, z.data(), PBGEN_RGB565, take_row, nullptr); }),
                                 measured([&] { code = pbgen_latent(1, 0, info.z_dim, z.data()); }),
                                 measured([&] {
                                   code = pbgen_walk(PBGEN_WALK_SPHERICAL, z.data(), other.data(), 0.5f, info.z_dim, z.data());
                                 })});
      }
  EXPECT_LE(most_to_open, 6 << 10);
  EXPECT_LE(most_to_draw, 4 << 10);
  // What it measures is there: a model's description alone takes more.
  EXPECT_GE(most_to_open, 1 << 10);
  EXPECT_GE(most_to_draw, 256);
  RecordProperty("bytes to open", static_cast<int>(most_to_open));
  RecordProperty("bytes to draw", static_cast<int>(most_to_draw));
}

}  // namespace
}  // namespace pbgen
