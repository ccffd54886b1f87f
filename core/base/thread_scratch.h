// Scratch memory of the calling thread, for what a kernel's piece of work packs: it outlives the call and only grows, so that the steady
// state allocates nothing.  What a whole call needs is declared beforehand and comes from Workspace.
#pragma once

#include <cstdint>

namespace pbgen {

// One user at a time in a thread: a second one while the first lives is std::logic_error.
class ThreadScratch {
 public:
  // Uninitialised, 64-byte aligned.  std::bad_alloc where it cannot be had.
  explicit ThreadScratch(std::int64_t bytes);
  ~ThreadScratch();
  ThreadScratch(const ThreadScratch&) = delete;
  ThreadScratch& operator=(const ThreadScratch&) = delete;

  static ThreadScratch of_floats(std::int64_t floats) { return ThreadScratch(floats * static_cast<std::int64_t>(sizeof(float))); }

  std::uint8_t* bytes() const { return data_; }
  float* floats() const { return reinterpret_cast<float*>(data_); }

 private:
  std::uint8_t* data_;
};

}  // namespace pbgen
