// Storage of hundreds of megabytes, reused.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace pbgen {

// Uninitialised numbers.  On Linux in huge pages where the system grants them: 288 MB take 70,000 page faults of small pages.
class LargeBuffer {
 public:
  // At least count numbers; what was there is lost.  Throws std::bad_alloc.
  std::int32_t* reserve(std::int64_t count) {
    if (count <= count_) return data_.get();
    data_.reset();
    count_ = 0;
    const std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(std::int32_t) + kHugePage - 1) / kHugePage * kHugePage;
    data_.reset(static_cast<std::int32_t*>(std::aligned_alloc(kHugePage, bytes)));
    if (!data_) throw std::bad_alloc();
#ifdef __linux__
    ::madvise(data_.get(), bytes, MADV_HUGEPAGE);  // advice: whether it is taken does not matter
#endif
    count_ = count;
    return data_.get();
  }

 private:
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;
  struct Release {
    void operator()(std::int32_t* p) const { std::free(p); }
  };
  std::unique_ptr<std::int32_t, Release> data_;
  std::int64_t count_ = 0;
};

}  // namespace pbgen
