#include "core/base/array_chunks.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/base/cpu.h"

namespace pbgen {
namespace {

TEST(ArrayChunks, EveryValueOfEveryArrayIsTakenOnce) {
  const EagerScope eager;
  const int threads_before = thread_count();
  const std::vector<std::int64_t> sizes{0, 1, 1023, 1024, 0, 1025, 5000, 3, 0};
  ArrayChunks chunks;
  for (const std::int64_t size : sizes) chunks.append(size);
  for (const int threads : {1, 2, 3, 16}) {
    set_thread_count(threads);
    std::vector<std::vector<int>> taken;
    for (const std::int64_t size : sizes) taken.emplace_back(static_cast<std::size_t>(size), 0);
    chunks.for_each([&](std::size_t array, std::int64_t begin, std::int64_t end) {
      ASSERT_LT(begin, end);
      ASSERT_LE(end - begin, ArrayChunks::kChunk);
      for (std::int64_t i = begin; i < end; ++i) ++taken[array][static_cast<std::size_t>(i)];
    });
    for (std::size_t array = 0; array < sizes.size(); ++array)
      EXPECT_EQ(taken[array], std::vector<int>(static_cast<std::size_t>(sizes[array]), 1))
          << "array " << array << ", " << threads << " threads";
  }
  set_thread_count(threads_before);
}

TEST(ArrayChunks, OfNoArraysAreNone) {
  ArrayChunks().for_each([](std::size_t, std::int64_t, std::int64_t) { FAIL(); });
}

TEST(ArrayChunks, SmallArraysShareOneRegion) {
  if (!built_with_openmp()) GTEST_SKIP() << "without OpenMP there is one thread";
  const int threads_before = thread_count();
  set_thread_count(2);
  ArrayChunks chunks;
  for (int i = 0; i < 128; ++i) chunks.append(ArrayChunks::kChunk);  // two threads' work, none of which is one array's
  std::atomic<int> halves = 0;
  const std::thread::id self = std::this_thread::get_id();
  chunks.for_each([&](std::size_t array, std::int64_t, std::int64_t) {
    if (array >= 64 && std::this_thread::get_id() != self) ++halves;
  });
  EXPECT_EQ(halves, 64);
  set_thread_count(threads_before);
}

}  // namespace
}  // namespace pbgen
