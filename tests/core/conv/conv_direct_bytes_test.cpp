// The float products give the same bytes on every path but the definition's: the tiles differ, the sums and their order do not.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <ostream>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/rng.h"
#include "core/base/workspace.h"
#include "core/conv/conv_direct.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

struct Case {
  std::int64_t slices;
  std::int64_t big_height, big_width;
  std::int64_t c_small, c_big;
  std::int64_t kernel = 5;
  std::int64_t stride = 2;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.slices << " slices, " << c.big_height << "x" << c.big_width << "x" << c.c_big << " against " << c.c_small << ", kernel "
       << c.kernel << ", stride " << c.stride;
}

Tensor random_tensor(const LaneShape& shape, std::uint64_t seed) {
  const CounterRng rng(seed, Stream::test);
  Tensor tensor(shape);
  for (std::int64_t i = 0; i < tensor.floats(); ++i) tensor.data()[i] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
  return tensor;
}

std::vector<float> to_vector(const Tensor& tensor) { return {tensor.data(), tensor.data() + tensor.floats()}; }

// to_big, to_small, the weight gradient, and it added to what was there.
std::vector<std::vector<float>> products(const Case& c) {
  const ConvGeometry g = same_padding(c.big_height, c.big_width, c.kernel, c.stride);
  const Tensor small = random_tensor({c.slices * 8, g.small_height, g.small_width, c.c_small}, 1);
  const Tensor big = random_tensor({c.slices * 8, g.big_height, g.big_width, c.c_big}, 2);
  const Tensor w = random_tensor({8, c.c_small, c.c_big, g.taps()}, 3);  // eight times what is needed
  const Tensor bias = random_tensor({8, 1, 1, std::max(c.c_small, c.c_big)}, 4);
  DirectWeights weights({c.c_small, c.c_big, c.kernel});
  weights.pack(w.data());

  std::vector<std::vector<float>> results;
  for (const float* const from : {bias.data(), static_cast<const float*>(nullptr)}) {
    Tensor to_big(big.shape());
    conv_to_big(g, weights, from, small.view(), to_big.view());
    results.push_back(to_vector(to_big));
    Tensor to_small(small.shape());
    conv_to_small(g, weights, from, big.view(), to_small.view());
    results.push_back(to_vector(to_small));
  }
  for (const float beta : {0.0f, 1.0f}) {
    std::vector<float> dw(w.data(), w.data() + c.c_small * c.c_big * g.taps());
    Workspace workspace(conv_weight_gradient_floats(g, small.shape(), big.shape()));
    conv_weight_gradient(g, small.view(), big.view(), beta, dw.data(), workspace);
    results.push_back(dw);
  }
  return results;
}

void expect_same_bytes(const Case& c) {
  const Isa before = isa();
  const std::vector<Isa> paths = fast_paths();
  std::vector<std::vector<float>> first;
  for (const Isa path : paths) {
    set_isa(path);
    const std::vector<std::vector<float>> results = products(c);
    if (first.empty()) first = results;
    for (std::size_t i = 0; i < results.size(); ++i)
      EXPECT_EQ(std::memcmp(results[i].data(), first[i].data(), first[i].size() * sizeof(float)), 0)
          << "product " << i << " of " << name(path) << " and of " << name(paths.front()) << ", " << testing::PrintToString(c);
  }
  set_isa(before);
}

TEST(ConvDirectBytes, WideLayersAreTheSameOnEveryPath) {
  if (fast_paths().size() < 2) GTEST_SKIP() << "one path alone";
  for (std::int64_t slices = 1; slices <= 9; ++slices) expect_same_bytes({slices, 8, 6, 70, 21});
  for (std::int64_t channels = 5; channels <= 40; ++channels) {
    expect_same_bytes({3, 4, 6, channels, 45 - channels});
    expect_same_bytes({5, 5, 3, 66, channels, 3, 1});
  }
  for (const std::int64_t kernel : {1, 2, 4, 5, 7})
    for (const std::int64_t stride : {1, 2, 3}) expect_same_bytes({6, 9, 7, 17, 12, kernel, stride});
  expect_same_bytes({7, 20, 33, 66, 20});     // bands of rows
  expect_same_bytes({2, 40, 33, 8, 70, 3});
  expect_same_bytes({3, 64, 64, 37, 17, 3});  // groups of slices of the gradient
  expect_same_bytes({70, 2, 2, 16, 12});
  expect_same_bytes({2, 3, 300, 9, 5});
}

TEST(ConvDirectBytes, NarrowLayersAreTheSameOnEveryPath) {
  if (fast_paths().size() < 2) GTEST_SKIP() << "one path alone";
  for (std::int64_t c_big = 1; c_big <= 4; ++c_big) {
    for (const std::int64_t c_small : {1, 7, 13, 16, 17, 33, 50, 64}) expect_same_bytes({3, 10, 14, c_small, c_big});
    for (std::int64_t slices = 1; slices <= 5; ++slices) expect_same_bytes({slices, 7, 36, 20, c_big});
    for (const std::int64_t kernel : {1, 2, 3, 4, 7})
      for (const std::int64_t stride : {1, 2, 3, 5}) expect_same_bytes({3, 9, 11, 18, c_big, kernel, stride});
  }
}

TEST(ConvDirectBytes, ThePapersLayersAreTheSameOnEveryPath) {
  if (fast_paths().size() < 2) GTEST_SKIP() << "one path alone";
  for (const std::int64_t slices : {5, 8}) {
    expect_same_bytes({slices, 8, 8, 512, 256});
    expect_same_bytes({slices, 16, 16, 256, 128});
    expect_same_bytes({slices, 32, 32, 128, 64});
    expect_same_bytes({slices, 64, 64, 64, 3});
  }
}

}  // namespace
}  // namespace pbgen
