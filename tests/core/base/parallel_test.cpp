// Who gets which piece: all of the work once, and threads only where there is work for them.
#include "core/base/parallel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <new>
#include <set>
#include <thread>
#include <vector>

#include "core/base/cpu.h"

namespace pbgen {
namespace {

class Parallel : public testing::Test {
 protected:
  void TearDown() override { set_thread_count(threads_before_); }

 private:
  const int threads_before_ = thread_count();
};

TEST_F(Parallel, EveryItemIsTakenOnce) {
  for (const int threads : {1, 2, 3, 7})
    for (const std::int64_t count : {0, 1, 2, 6, 100})
      for (const std::int64_t min_piece : {1, 3, 1000}) {
        set_thread_count(threads);
        std::vector<int> taken(static_cast<std::size_t>(count), 0);
        parallel_for(count, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t i = begin; i < end; ++i) ++taken[static_cast<std::size_t>(i)];
        }, min_piece);
        parallel_items(count, [&](std::int64_t i) { ++taken[static_cast<std::size_t>(i)]; }, min_piece);
        deal_items(static_cast<int>(min_piece), count, [&](std::int64_t i) { ++taken[static_cast<std::size_t>(i)]; });
        EXPECT_EQ(std::count(taken.begin(), taken.end(), 3), count) << threads << " threads, min_piece " << min_piece;
      }
}

TEST_F(Parallel, NoThreadIsWokenForLessThanAPiece) {
  set_thread_count(4);
  const int all = thread_count();
  EXPECT_EQ(all, built_with_openmp() ? 4 : 1);
  EXPECT_EQ(threads_worth_waking(0, 10), 1);
  EXPECT_EQ(threads_worth_waking(19, 10), 1);
  EXPECT_EQ(threads_worth_waking(20, 10), std::min(2, all));
  EXPECT_EQ(threads_worth_waking(39, 10), std::min(4, all));
  EXPECT_EQ(threads_worth_waking(1000, 10), all);
  const std::thread::id self = std::this_thread::get_id();
  parallel_for(19, [&](std::int64_t begin, std::int64_t end) {
    EXPECT_EQ(begin, 0);
    EXPECT_EQ(end, 19);
    EXPECT_EQ(std::this_thread::get_id(), self);
  }, 10);
  parallel_items(19, [&](std::int64_t) { EXPECT_EQ(std::this_thread::get_id(), self); }, 10);
}

TEST_F(Parallel, ItemsAreDealtToNoMoreThreadsThanTheyWereCutFor) {
  set_thread_count(4);
  for (const int threads : {1, 2, 3, 100}) {
    std::mutex mutex;
    std::set<std::thread::id> seen;
    deal_items(threads, 50, [&](std::int64_t) {
      const std::lock_guard lock(mutex);
      seen.insert(std::this_thread::get_id());
    });
    EXPECT_LE(seen.size(), static_cast<std::size_t>(std::min(threads, thread_count())));
  }
}

TEST_F(Parallel, AThreadBeginsEveryCallWithTheSameItem) {
  set_thread_count(3);
  const auto threads = static_cast<std::size_t>(thread_count());
  std::vector<std::thread::id> first;
  for (int call = 0; call < 20; ++call) {
    std::vector<std::thread::id> takers(threads);
    deal_items(thread_count(), thread_count(), [&](std::int64_t i) { takers[static_cast<std::size_t>(i)] = std::this_thread::get_id(); });
    if (call == 0) first = takers;
    EXPECT_EQ(takers, first);
  }
  EXPECT_EQ(std::set(first.begin(), first.end()).size(), threads);
}

TEST_F(Parallel, AnEagerScopeCutsWhateverThereIs) {
  if (!built_with_openmp()) GTEST_SKIP() << "without OpenMP there is one thread";
  set_thread_count(3);
  std::atomic<int> pieces = 0;
  const auto count_pieces = [&] {
    pieces = 0;
    parallel_for(8, [&](std::int64_t, std::int64_t) { ++pieces; }, 1000);
    return pieces.load();
  };
  EXPECT_EQ(count_pieces(), 1);
  {
    const EagerScope eager;
    EXPECT_EQ(threads_worth_waking(8, 1000), 3);
    EXPECT_GT(count_pieces(), 1);
    const SerialScope serial;  // is the stronger
    EXPECT_EQ(count_pieces(), 1);
  }
  EXPECT_EQ(count_pieces(), 1);
}

TEST_F(Parallel, TheEndOfAnInnerSerialScopeDoesNotEndTheOuterOne) {
  set_thread_count(3);
  {
    const SerialScope outer;
    { const SerialScope inner; }
    EXPECT_EQ(threads_worth_waking(1000, 10), 1);
  }
  EXPECT_EQ(threads_worth_waking(1000, 10), thread_count());
}

TEST_F(Parallel, WhatAThreadThrowsIsThrownOnToTheCaller) {
  for (const int threads : {1, 2, 3}) {
    set_thread_count(threads);
    for (const std::int64_t culprit : {0, 5, 99}) {
      const auto throw_at = [&](std::int64_t i) {
        if (i == culprit) throw std::bad_alloc();
      };
      EXPECT_THROW(parallel_for(100, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) throw_at(i);
      }), std::bad_alloc);
      EXPECT_THROW(parallel_items(100, throw_at), std::bad_alloc);
    }
    std::atomic<int> done = 0;
    parallel_items(100, [&](std::int64_t) { ++done; });
    EXPECT_EQ(done, 100) << "work behind a failure";
  }
}

TEST_F(Parallel, BehindAFailureNoItemIsBegun) {
  set_thread_count(2);
  std::atomic<int> begun = 0;
  EXPECT_THROW(parallel_items(1'000'000, [&](std::int64_t) {
    ++begun;
    throw std::bad_alloc();
  }), std::bad_alloc);
  EXPECT_LE(begun, thread_count());
}

TEST_F(Parallel, APieceIsSomeMicrosecondsOfACheapLoop) {
  EXPECT_EQ(min_piece_of(1), 65536);
  EXPECT_EQ(min_piece_of(8), 8192);
  EXPECT_EQ(min_piece_of(65536), 1);
  EXPECT_EQ(min_piece_of(std::int64_t{1} << 40), 1);
  EXPECT_EQ(min_piece_of(0), 1);  // items without floats
}

}  // namespace
}  // namespace pbgen
