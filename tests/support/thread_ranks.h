// Ranks that are threads of the test: what several processes do, without any.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/parallel.h"
#include "core/base/ranks.h"

namespace pbgen {

// What all of them share.
class ThreadHub {
 public:
  using Message = std::vector<std::byte>;

  explicit ThreadHub(int count) : given_(static_cast<std::size_t>(count)) {}
  int count() const { return static_cast<int>(given_.size()); }

  // Everybody's `mine`.
  std::vector<Message> all_gather(int rank, Message mine) {
    std::unique_lock lock(mutex_);
    wait(lock, [this] { return leaving_ == 0; });
    given_[static_cast<std::size_t>(rank)] = std::move(mine);
    if (++arrived_ == count()) {
      arrived_ = 0;
      leaving_ = count();
      changed_.notify_all();
    }
    wait(lock, [this] { return leaving_ > 0; });
    std::vector<Message> all = given_;
    if (--leaving_ == 0) changed_.notify_all();
    else wait(lock, [this] { return leaving_ == 0; });
    return all;
  }

  void send(int from, int to, Message message) {
    const std::lock_guard lock(mutex_);
    underway_[{from, to}].push_back(std::move(message));
    changed_.notify_all();
  }
  Message receive(int from, int to) {
    std::unique_lock lock(mutex_);
    std::deque<Message>& queue = underway_[{from, to}];
    wait(lock, [&queue] { return !queue.empty(); });
    Message message = std::move(queue.front());
    queue.pop_front();
    return message;
  }

  // Ends every wait.
  void fail() {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    changed_.notify_all();
  }

 private:
  template <class Ready>
  void wait(std::unique_lock<std::mutex>& lock, Ready ready) {
    changed_.wait(lock, [&] { return failed_ || ready(); });
    if (failed_) throw std::runtime_error("another rank failed");
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Message> given_;
  int arrived_ = 0;
  int leaving_ = 0;
  bool failed_ = false;
  std::map<std::pair<int, int>, std::deque<Message>> underway_;
};

class ThreadRanks final : public Ranks {
 public:
  ThreadRanks(ThreadHub& hub, int rank) : hub_(hub), rank_(rank) {}

  int rank() const override { return rank_; }
  int count() const override { return hub_.count(); }
  void all_gather(std::span<const std::byte> mine, std::span<const std::int64_t> bytes, std::span<std::byte> all) override {
    ++waits_;
    std::byte* to = all.data();
    const std::vector<ThreadHub::Message> messages = hub_.all_gather(rank_, {mine.begin(), mine.end()});
    for (std::size_t r = 0; r < messages.size(); ++r) {
      if (std::ssize(messages[r]) != bytes[r]) throw std::logic_error("a rank gave another size");
      to = std::copy(messages[r].begin(), messages[r].end(), to);
    }
    sent_ += std::ssize(mine) * (count() - 1);
  }
  void gather(std::span<const std::byte> mine, std::span<const std::int64_t> bytes, std::span<std::byte> all) override {
    std::vector<std::byte> everything;
    for (const std::int64_t n : bytes) everything.resize(everything.size() + static_cast<std::size_t>(n));
    all_gather(mine, bytes, everything);
    if (rank_ == 0) std::copy(everything.begin(), everything.end(), all.begin());
  }
  void broadcast(std::span<std::byte> values) override {
    const ThreadHub::Message message = hub_.all_gather(rank_, {values.begin(), values.end()}).front();
    std::copy(message.begin(), message.end(), values.begin());
  }
  void begin_exchange(std::span<const std::span<const std::byte>> outgoing, std::span<const std::span<std::byte>> incoming) override {
    for (int r = 0; r < count(); ++r) {
      if (r == rank_) continue;
      const auto i = static_cast<std::size_t>(r);
      hub_.send(rank_, r, {outgoing[i].begin(), outgoing[i].end()});
      expected_.emplace_back(r, incoming[i]);
      sent_ += std::ssize(outgoing[i]);
    }
  }
  void progress() override {}
  void finish() override {
    ++waits_;
    for (const auto& [from, to] : expected_) {
      const ThreadHub::Message message = hub_.receive(from, rank_);
      if (message.size() != to.size()) throw std::logic_error("a message of another size");
      std::copy(message.begin(), message.end(), to.begin());
    }
    expected_.clear();
  }
  void meet() override { hub_.all_gather(rank_, {}); }
  void give_up(int) override { hub_.fail(); }
  std::int64_t bytes_sent() const override { return sent_; }
  // How often this rank waited for all.
  std::int64_t waits() const { return waits_; }

 private:
  ThreadHub& hub_;
  const int rank_;
  std::vector<std::pair<int, std::span<std::byte>>> expected_;
  std::int64_t sent_ = 0;
  std::int64_t waits_ = 0;
};

// Calls body(ranks) for `count` ranks at once, each in a thread of its own that computes alone; throws on what the first of them threw.
inline void on_ranks(int count, FunctionRef<void(Ranks& ranks)> body) {
  ThreadHub hub(count);
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < count; ++rank)
    threads.emplace_back([&, rank] {
      try {
        const SerialScope serial;
        ThreadRanks ranks(hub, rank);
        body(ranks);
      } catch (...) {
        errors[static_cast<std::size_t>(rank)] = std::current_exception();
        hub.fail();
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace pbgen
