// How the products of winograd_blocked.h cut their columns into passes, and passes among threads.
//
// A pass takes some columns through its stages, in memory of its own.  With few threads each takes whole passes alone, without a wait;
// where there are not enough passes for that, all threads share the stages of one pass over as many columns as the memory holds.  No
// column's result depends on which others pass with it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/parallel.h"
#include "core/base/range.h"
#include "core/freestanding/ints.h"

namespace pbgen::winograd_blocked {

// The stages of a pass are items; each says how many it has.
class Stages {
 public:
  explicit Stages(bool together) : together_(together) {}
  template <class Item>
  void run(std::int64_t items, const Item& item) const {
    if (together_) return parallel_items(items, item);
    for (std::int64_t i = 0; i < items; ++i) item(i);
  }

 private:
  bool together_;
};

class PassPlan {
 public:
  // count columns, those of a unit in one thread's passes where it takes them alone; floats(columns): the memory of a pass of so many.
  template <class PassFloats>
  PassPlan(std::int64_t count, std::int64_t unit, std::int64_t lanes, const PassFloats& floats)
      : count_(count),
        unit_(unit),
        columns_(std::min(count, kVectorsOfPass / lanes)),
        pass_floats_(floats(columns_)),
        slots_(std::clamp<std::int64_t>(kMostFloats / pass_floats_, 1, ceil_div(count, columns_))) {}

  std::int64_t floats() const { return slots_ * pass_floats_; }

  // pass(columns, memory, stages) for all columns.  work: multiply-adds of them all.
  template <class Pass>
  void run(float* memory, std::int64_t work, const Pass& pass) const {
    const std::int64_t threads = threads_worth_waking(work, kWorkOfAThread);
    const std::int64_t units = count_ / unit_;
    if (threads == 1 || (threads <= slots_ && units % threads == 0 && count_ / threads >= columns_)) {
      parallel_items(threads, [&](std::int64_t slot) {
        const std::int64_t end = units * (slot + 1) / threads * unit_;
        for (std::int64_t first = units * slot / threads * unit_; first < end; first += columns_)
          pass(Range{first, std::min(first + columns_, end)}, memory + slot * pass_floats_, Stages(false));
      });
      return;
    }
    const std::int64_t most = slots_ * columns_;
    const std::int64_t passes = ceil_div(count_, most);
    for (std::int64_t i = 0; i < passes; ++i) pass(Range{count_ * i / passes, count_ * (i + 1) / passes}, memory, Stages(true));
  }

 private:
  static constexpr std::int64_t kVectorsOfPass = 64;                // columns times lanes
  static constexpr std::int64_t kMostFloats = 8 * 1024 * 1024 / 4;  // of all passes, but for the least that one takes
  static constexpr std::int64_t kWorkOfAThread = std::int64_t{1} << 19;

  std::int64_t count_;
  std::int64_t unit_;
  std::int64_t columns_;
  std::int64_t pass_floats_;
  std::int64_t slots_;
};

}  // namespace pbgen::winograd_blocked
