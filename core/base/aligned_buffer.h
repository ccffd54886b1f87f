// Owning, 64-byte aligned storage of plain numbers: whole cache lines, whole vectors.
//
// What is large (1 MB) is mapped: zero pages, which take no memory until they are written and go back to the system when they are
// released.  The gradients of a network that is only run cost nothing.
#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace pbgen {

template <class T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  static constexpr std::size_t kAlignment = 64;
  static constexpr std::size_t kMappedBytes = 1 << 20;

  AlignedBuffer() = default;
  // count zeros.  Throws std::bad_alloc where the bytes cannot be had, a negative or overflowing count included.
  explicit AlignedBuffer(std::int64_t count) : data_(allocate(count)), size_(count) {}
  AlignedBuffer(AlignedBuffer&& other) noexcept : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::int64_t i) { return data_.get()[i]; }
  const T& operator[](std::int64_t i) const { return data_.get()[i]; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  std::span<T> span() { return {data(), static_cast<std::size_t>(size_)}; }
  std::span<const T> span() const { return {data(), static_cast<std::size_t>(size_)}; }

 private:
  struct Release {
    std::size_t mapped_bytes = 0;
    void operator()(T* p) const {
      if (mapped_bytes > 0) ::munmap(p, mapped_bytes);
      else std::free(p);
    }
  };
  using Storage = std::unique_ptr<T[], Release>;

  static Storage allocate(std::int64_t count) {
    if (count < 0 || count > std::numeric_limits<std::int64_t>::max() / static_cast<std::int64_t>(sizeof(T)))
      throw std::bad_array_new_length();
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
    if (bytes == 0) return {};
    if (bytes >= kMappedBytes) {
      void* const pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (pages == MAP_FAILED) throw std::bad_alloc();
      return Storage(static_cast<T*>(pages), Release{bytes});
    }
    void* block = nullptr;
    if (::posix_memalign(&block, kAlignment, bytes) != 0) throw std::bad_alloc();
    std::memset(block, 0, bytes);
    return Storage(static_cast<T*>(block), Release{});
  }

  Storage data_;
  std::int64_t size_ = 0;
};

}  // namespace pbgen
