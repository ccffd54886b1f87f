// How the products of winograd_blocked.h cut their columns into passes, and passes among threads.
//
// A pass takes some columns through its stages, in memory of its own.  Where there are passes enough each thread takes whole ones alone,
// without a wait; else all threads share the stages of a pass over several times as many columns.  No column's result depends on which
// others pass with it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/cuts.h"
#include "core/base/parallel.h"
#include "core/base/range.h"
#include "core/conv/winograd_blocked.h"
#include "core/conv/winograd_layout.h"
#include "core/freestanding/ints.h"

namespace pbgen::winograd_blocked {

// What a product in passes reads and writes: one side is a ConstTensorView, the other a TensorView.
template <class Small, class Big>
struct PassOperands {
  PassOperands(const Leaves& leaves_, const float* weights_, const float* bias_, Small small_, Big big_)
      : leaves(leaves_),
        weights(weights_),
        bias(bias_),
        small(small_),
        big(big_),
        layout({.c_small = small_.shape.channels, .c_big = big_.shape.channels}),
        columns(leaves_.transforms.lanes, small_.shape) {}
  // Multiply-adds.
  std::int64_t work() const { return columns.count() * multiply_adds_of_column(leaves.transforms.lanes, small.shape, big.shape); }

  const Leaves& leaves;
  const float* weights;
  const float* bias;
  Small small;
  Big big;
  WeightLayout layout;
  Columns columns;
};

// The stages of a pass are items; each says how many it has, and what one costs (winograd_layout.h).
class Stages {
 public:
  static Stages alone() { return Stages(1, 0, nullptr); }
  // columns: that a thread's pass would have.
  static Stages shared(int threads, std::int64_t columns) { return Stages(threads, columns, nullptr); }
  // The same, which run nothing and count: shared, each is a region of its own; else all of them belong to the last region's last item.
  Stages counting(DealtWork& counted) const { return Stages(threads_, columns_, &counted); }

  // Into how many blocks products cut their columns, and into how many parts, at most `most`, each of so many pieces: as threads want it.
  std::int64_t column_blocks(std::int64_t count) const { return threads_ > 1 ? ceil_div(count, columns_) : 1; }
  std::int64_t parts(std::int64_t pieces, std::int64_t most) const { return threads_ > 1 ? further_parts(threads_, pieces, most) : 1; }

  template <class Cost, class Item>
  void run(std::int64_t items, const Cost& cost, const Item& item) const {
    if (counted_) return count(items, cost);
    if (threads_ > 1) return parallel_items(items, item);
    for (std::int64_t i = 0; i < items; ++i) item(i);
  }

 private:
  Stages(int threads, std::int64_t columns, DealtWork* counted) : threads_(threads), columns_(columns), counted_(counted) {}

  template <class Cost>
  void count(std::int64_t items, const Cost& cost) const {
    if (threads_ > 1) counted_->regions.emplace_back();
    for (std::int64_t i = 0; i < items; ++i) {
      counted_->whole += cost(i);
      if (threads_ > 1) counted_->regions.back().push_back(cost(i));
      else counted_->regions.back().back() += cost(i);
    }
  }

  int threads_;
  std::int64_t columns_;
  DealtWork* counted_;
};

// Into how many parts, of whole units, a stage cuts channels: of so many at most, and as threads want it that share so many pieces.
struct ChannelParts {
  ChannelParts(std::int64_t channels, std::int64_t unit_, std::int64_t most, const Stages& stages, std::int64_t pieces)
      : unit(unit_), units(channels / unit_), parts(std::max(ceil_div(channels, most), stages.parts(pieces, units))) {}
  Range at(std::int64_t part) const {
    const Range some = piece_of(units, part, parts);
    return {some.begin * unit, some.end * unit};
  }

  std::int64_t unit;
  std::int64_t units;
  std::int64_t parts;
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
        slots_(std::clamp<std::int64_t>(kMostFloats / pass_floats_, 1, ceil_div(count, columns_))),
        shared_passes_(ceil_div(count, columns_ * std::clamp<std::int64_t>(kMostSharedFloats / pass_floats_, 1, slots_))) {}

  std::int64_t floats() const { return slots_ * pass_floats_; }

  // pass(columns, memory, stages) for all columns.  work: multiply-adds of them all.
  template <class Pass>
  void run(float* memory, std::int64_t work, const Pass& pass) const {
    const int threads = threads_worth_waking(work, kWorkOfAThread);
    if (!each_alone(threads)) return for_each_shared([&](Range columns) { pass(columns, memory, Stages::shared(threads, columns_)); });
    parallel_items(threads, [&](std::int64_t slot) {
      for_each_of(slot, threads, [&](Range columns) { pass(columns, memory + slot * pass_floats_, Stages::alone()); });
    });
  }

  // How thread_count() threads would share that.
  template <class Pass>
  DealtWork dealt(std::int64_t work, const Pass& pass) const {
    const int threads = threads_worth_waking(work, kWorkOfAThread);
    DealtWork counted;
    if (!each_alone(threads)) {
      for_each_shared([&](Range columns) { pass(columns, Stages::shared(threads, columns_).counting(counted)); });
      return counted;
    }
    counted.regions.emplace_back();
    for (std::int64_t slot = 0; slot < threads; ++slot) {
      counted.regions.back().push_back(0);
      for_each_of(slot, threads, [&](Range columns) { pass(columns, Stages::alone().counting(counted)); });
    }
    return counted;
  }

 private:
  bool each_alone(std::int64_t threads) const {
    return threads == 1 || (threads <= slots_ && count_ / unit_ % threads == 0 && count_ / threads >= columns_);
  }
  // The passes of one of the threads that each take their own.
  template <class Body>
  void for_each_of(std::int64_t slot, std::int64_t threads, const Body& body) const {
    const std::int64_t units = count_ / unit_;
    const std::int64_t end = units * (slot + 1) / threads * unit_;
    for (std::int64_t first = units * slot / threads * unit_; first < end; first += columns_)
      body(Range{first, std::min(first + columns_, end)});
  }
  template <class Body>
  void for_each_shared(const Body& body) const {
    for (std::int64_t i = 0; i < shared_passes_; ++i) body(piece_of(count_, i, shared_passes_));
  }

  static constexpr std::int64_t kVectorsOfPass = 64;  // columns times lanes
  // All passes together take so much at most, one that is shared so much, which caches are to hold; but for the least that one takes.
  static constexpr std::int64_t kMostFloats = 29 * 1024 * 1024 / 4;
  static constexpr std::int64_t kMostSharedFloats = 14 * 1024 * 1024 / 4;
  static constexpr std::int64_t kWorkOfAThread = std::int64_t{1} << 19;

  std::int64_t count_;
  std::int64_t unit_;
  std::int64_t columns_;
  std::int64_t pass_floats_;
  std::int64_t slots_;
  std::int64_t shared_passes_;
};

}  // namespace pbgen::winograd_blocked
