// The one place where threads are made for computing.
//
// Threads split outputs, never sums: what a piece computes must not depend on where the pieces begin, so that results
// are the same for every thread count.  Sums that must be cut are cut by the shape alone and added in order.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

namespace pbgen {

template <class Signature>
class FunctionRef;

// A callable borrowed for the length of a call.
template <class Result, class... Args>
class FunctionRef<Result(Args...)> {
 public:
  template <class Callable>
    requires(!std::is_same_v<std::remove_cvref_t<Callable>, FunctionRef> && std::is_invocable_r_v<Result, Callable&, Args...>)
  FunctionRef(Callable&& callable)  // implicit: a lambda is passed where a FunctionRef is taken
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* object, Args... args) -> Result { return (*static_cast<std::remove_reference_t<Callable>*>(object))(args...); }) {}

  Result operator()(Args... args) const { return call_(object_, args...); }

 private:
  void* object_;
  Result (*call_)(void*, Args...);
};

// Calls body(begin, end) on contiguous pieces that cover [0, count), at most one a thread.  Where bodies throw, as for want of memory, the
// first exception is thrown on when all have ended, and what they were to write is not whole.
// Denormals are flushed to zero in every worker.  No thread is woken for fewer than min_piece items (threads_worth_waking): where there
// are more runnable threads than cores, a wait for a sleeping one takes milliseconds.
void parallel_for(std::int64_t count, FunctionRef<void(std::int64_t begin, std::int64_t end)> body, std::int64_t min_piece = 1);

// The min_piece of a cheap loop over items of so many floats: some 20 microseconds' work, so that waking a thread (5 to 50) pays, and
// so that few waits are left for a busy machine to lengthen.
constexpr std::int64_t min_piece_of(std::int64_t floats_per_item) {
  constexpr std::int64_t kFloats = 1 << 16;
  return floats_per_item >= kFloats || floats_per_item < 1 ? 1 : kFloats / floats_per_item;
}

// Calls body(i) for every i of [0, count), next free thread first: for items of uneven cost.  Exceptions and min_piece as above;
// behind a first exception no item is begun.
void parallel_items(std::int64_t count, FunctionRef<void(std::int64_t i)> body, std::int64_t min_piece = 1);

// The same for items that were cut for so many threads (threads_worth_waking): no more of them take any.  Thread t begins with item t, so
// that where there are about as many items as threads, each call gives a thread what it had in the last: memory that a thread was the first
// to touch lies near it on a machine of several memories.
void deal_items(int threads, std::int64_t count, FunctionRef<void(std::int64_t i)> body);

// Starts thread_count() threads, which the first call that shares work does otherwise.  Error(input_output) with the mend where the
// system refuses: whoever has work to lose calls it first.
void start_threads();

// The threads, 1 to thread_count(), that are worth waking for so much work, for callers that cut it themselves: none beside this one for
// less than two pieces; n*n/2 for n of them.  A region lasts as long as waking takes, which is much the same for all its threads, and its
// work divided by them, so that the more work there is the smaller a thread's share of it may be.
int threads_worth_waking(std::int64_t count, std::int64_t min_piece);

// While it lives, parallel_for and parallel_items of this thread run in this thread: for threads of our own (a loader)
// that must not take the compute threads' cores.
class SerialScope {
 public:
  SerialScope();
  ~SerialScope();
  SerialScope(const SerialScope&) = delete;
  SerialScope& operator=(const SerialScope&) = delete;

 private:
  bool outer_;
};

// For tests alone: while it lives, every min_piece is 1 in this thread, so that small arrays, too, are cut among threads.
class EagerScope {
 public:
  EagerScope();
  ~EagerScope();
  EagerScope(const EagerScope&) = delete;
  EagerScope& operator=(const EagerScope&) = delete;

 private:
  bool outer_;
};

}  // namespace pbgen
