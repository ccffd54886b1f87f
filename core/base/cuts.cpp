#include "core/base/cuts.h"

#include <algorithm>

#include "core/freestanding/ints.h"

namespace pbgen {
namespace {

// The threads of a simulation stand on the stack: beyond so many it counts as if there were no more.
constexpr int kMostThreads = 256;
// Items a thread: more even nothing out that is worth their overhead.  A tail's are small, and fewer do.
constexpr std::int64_t kItemsOfThread = 8;
constexpr std::int64_t kTailItemsOfThread = 4;
// A cut is good enough where so small a share of the threads' time is idle, or spent on what another item does as well: 1/256.
constexpr std::int64_t kGoodEnough = 256;

// Threads to which items are dealt.
class Dealing {
 public:
  Dealing(int threads, std::int64_t items) : count_(static_cast<std::size_t>(std::min<std::int64_t>({threads, items, kMostThreads}))) {}

  void deal(std::int64_t cost) {
    const std::int64_t done = free_[0] + cost;
    last_ = std::max(last_, done);
    std::size_t at = 0;
    for (;;) {
      std::size_t child = 2 * at + 1;
      if (child >= count_) break;
      if (child + 1 < count_ && free_[child + 1] < free_[child]) ++child;
      if (free_[child] >= done) break;
      free_[at] = free_[child];
      at = child;
    }
    free_[at] = done;
  }
  std::int64_t last() const { return last_; }

 private:
  std::array<std::int64_t, kMostThreads> free_{};  // a heap of the times at which threads are free, the first on top
  std::size_t count_;
  std::int64_t last_ = 0;
};

// The next number of pieces whose largest is smaller.
std::int64_t next_count(std::int64_t extent, std::int64_t pieces) {
  const std::int64_t largest = ceil_div(extent, pieces);
  return largest == 1 ? extent + 1 : ceil_div(extent, largest - 1);
}

// Calls body for all grids worth trying that have so many items at most: of two as good the first is taken, the one of fewer strips.
template <class Body>
void for_each_grid(const Grid& most, std::int64_t most_items, Body body) {
  for (std::int64_t units = 1; units <= most.units && units <= most_items; units = next_count(most.units, units))
    for (std::int64_t strips = 1; strips <= most.strips && units * strips <= most_items; strips = next_count(most.strips, strips))
      for (std::int64_t bands = 1; bands <= most.bands && units * strips * bands <= most_items; bands = next_count(most.bands, bands))
        for (std::int64_t parts = 1; parts <= most.parts && units * strips * bands * parts <= most_items;
             parts = next_count(most.parts, parts))
          body(Grid{units, bands, parts, strips});
}

class Search {
 public:
  Search(int threads, const Grid& most, ItemCost cost)
      : threads_(threads), most_(most), cost_(cost), best_(Cut::none(most)), whole_(cost(best_.item(0))), least_(whole_),
        enough_(whole_ / threads + whole_ / threads / kGoodEnough) {}

  Cut result() {
    for_each_grid(most_, kItemsOfThread * threads_, [&](const Grid& grid) { try_grid(grid); });
    if (least_ > enough_) for_each_grid(most_, 2 * threads_, [&](const Grid& grid) { try_head(grid); });
    return best_;
  }

 private:
  void try_grid(const Grid& grid) {
    const Cut cut{.most = most_, .head = grid, .split = most_.parts, .tail = {}};
    if (least_ <= enough_ && cut.items() >= best_.items()) return;
    // Few items cannot be done sooner than that.
    if (whole_ / std::min<std::int64_t>(threads_, cut.items()) > least_) return;
    Dealing dealing(threads_, cut.items());
    for (std::int64_t i = 0; i < cut.items(); ++i) dealing.deal(cost_(cut.item(i)));
    keep_better(cut, dealing.last());
  }

  // One item or two of equal size for each thread, then a tail.
  void try_head(const Grid& grid) {
    if (grid.items() % threads_ != 0) return;
    const std::int64_t most_size = most_.parts / grid.parts;
    for (std::int64_t size = most_size; size > 0 && size > most_size - 3; --size) {
      Cut cut{.most = most_, .head = grid, .split = size * grid.parts, .tail = {}};
      if (cut.split == most_.parts) continue;
      Dealing head(threads_, threads_);
      for (std::int64_t i = 0; i < grid.items(); ++i) head.deal(cost_(cut.item(i)));
      const Grid rest{most_.units, most_.bands, most_.parts - cut.split, most_.strips};
      for_each_grid(rest, kTailItemsOfThread * threads_, [&](const Grid& tail) {
        cut.tail = tail;
        Dealing dealing = head;
        for (std::int64_t i = grid.items(); i < cut.items() && dealing.last() <= least_; ++i) dealing.deal(cost_(cut.item(i)));
        keep_better(cut, dealing.last());
      });
    }
  }

  void keep_better(const Cut& cut, std::int64_t time) {
    const bool as_good = time == least_ || (time <= enough_ && least_ <= enough_);
    if (as_good ? cut.items() >= best_.items() : time > least_) return;
    best_ = cut;
    least_ = time;
  }

  int threads_;
  Grid most_;
  ItemCost cost_;
  Cut best_;
  std::int64_t whole_;
  std::int64_t least_;
  std::int64_t enough_;
};

}  // namespace

std::int64_t makespan(int threads, std::int64_t items, FunctionRef<std::int64_t(std::int64_t)> cost) {
  Dealing dealing(threads, items);
  for (std::int64_t i = 0; i < items; ++i) dealing.deal(cost(i));
  return dealing.last();
}

Cut least_makespan(int threads, const Grid& most, ItemCost cost) { return Search(threads, most, cost).result(); }

std::int64_t further_parts(int threads, std::int64_t pieces, std::int64_t most) {
  std::int64_t best = 1;
  const auto time = [&](std::int64_t parts) { return ceil_div(pieces * parts, threads) * ceil_div(most, parts); };
  for (std::int64_t parts = 2; parts <= most && parts <= kItemsOfThread * threads; ++parts)
    if (25 * time(parts) <= 24 * time(best)) best = parts;
  return best;
}

std::int64_t DealtWork::makespan(int threads) const {
  std::int64_t time = 0;
  for (const std::vector<std::int64_t>& items : regions)
    time += pbgen::makespan(threads, static_cast<std::int64_t>(items.size()),
                            [&](std::int64_t i) { return items[static_cast<std::size_t>(i)]; });
  return time;
}

double DealtWork::busy_share(int threads) const {
  return static_cast<double>(whole) / (static_cast<double>(makespan(threads)) * threads);
}

std::vector<std::int64_t> evenly_dealt(std::int64_t count, std::int64_t min_piece, std::int64_t cost) {
  const std::int64_t threads = std::min<std::int64_t>(threads_worth_waking(count, min_piece), count);
  std::vector<std::int64_t> items;
  for (std::int64_t thread = 0; thread < threads; ++thread) items.push_back(piece_of(count, thread, threads).size() * cost);
  return items;
}

}  // namespace pbgen
