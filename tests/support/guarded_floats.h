// Floats that end where memory ends: whoever reads or writes behind them ends the program.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <span>

namespace pbgen {

class GuardedFloats {
 public:
  explicit GuardedFloats(std::int64_t count) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t used = (static_cast<std::size_t>(count) * sizeof(float) + page - 1) / page * page;
    bytes_ = used + page;
    void* const memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<std::uint8_t*>(memory);
    ::mprotect(memory_ + used, page, PROT_NONE);
    data_ = reinterpret_cast<float*>(memory_ + used) - count;
  }
  explicit GuardedFloats(std::span<const float> values) : GuardedFloats(std::ssize(values)) {
    std::copy(values.begin(), values.end(), data_);
  }
  ~GuardedFloats() { ::munmap(memory_, bytes_); }
  GuardedFloats(const GuardedFloats&) = delete;
  GuardedFloats& operator=(const GuardedFloats&) = delete;

  float* data() { return data_; }

 private:
  std::uint8_t* memory_ = nullptr;
  std::size_t bytes_ = 0;
  float* data_ = nullptr;
};

}  // namespace pbgen
