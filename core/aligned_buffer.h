// Owning, 64-byte aligned storage of plain numbers: whole cache lines, whole vectors.
//
// What is large (1 MB) comes as zero pages of the system, which take no memory until they are written: the gradients of a
// network that is only run cost nothing.  What is small has its exact size, so that AddressSanitizer sees its end.
#pragma once

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
  static constexpr std::size_t kLargeBytes = 1 << 20;

  AlignedBuffer() = default;
  // count zeros.  Throws std::bad_alloc where the bytes cannot be had, a negative or overflowing count included.
  explicit AlignedBuffer(std::int64_t count) : block_(allocate(count)), data_(align(block_.get())), size_(count) {}
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : block_(std::move(other.block_)), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    block_ = std::move(other.block_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::int64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::int64_t i) { return data_[i]; }
  const T& operator[](std::int64_t i) const { return data_[i]; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  std::span<T> span() { return {data(), static_cast<std::size_t>(size_)}; }
  std::span<const T> span() const { return {data(), static_cast<std::size_t>(size_)}; }

 private:
  struct Release {
    void operator()(void* block) const { std::free(block); }
  };
  static void* allocate(std::int64_t count) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / static_cast<std::int64_t>(sizeof(T));
    if (count < 0 || count > kMost - static_cast<std::int64_t>(kAlignment)) throw std::bad_array_new_length();
    if (count == 0) return nullptr;
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
    void* block = nullptr;
    if (bytes >= kLargeBytes) {
      block = std::calloc(bytes + kAlignment - 1, 1);
      if (block == nullptr) throw std::bad_alloc();
    } else {
      if (::posix_memalign(&block, kAlignment, bytes) != 0) throw std::bad_alloc();
      std::memset(block, 0, bytes);
    }
    return block;
  }
  static T* align(void* block) {
    const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(block);
    return reinterpret_cast<T*>((address + kAlignment - 1) / kAlignment * kAlignment);
  }

  std::unique_ptr<void, Release> block_;
  T* data_ = nullptr;
  std::int64_t size_ = 0;
};

}  // namespace pbgen
