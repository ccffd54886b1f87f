#include "tests/support/allocations.h"

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

// ThreadSanitizer keeps operator new to itself, but tells of what is allocated.
#if defined(__SANITIZE_THREAD__)
#define PBGEN_TOLD_BY_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PBGEN_TOLD_BY_SANITIZER 1
#endif
#endif

namespace pbgen {
namespace {

std::atomic<std::int64_t> live{0};
std::atomic<std::int64_t> peak{0};
std::atomic<std::int64_t> blocks{0};

void count(std::int64_t bytes) {
  if (bytes > 0) blocks.fetch_add(1, std::memory_order_relaxed);
  const std::int64_t now = live.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  std::int64_t before = peak.load(std::memory_order_relaxed);
  while (now > before && !peak.compare_exchange_weak(before, now, std::memory_order_relaxed)) {
  }
}

// A block's bytes, 0 of none.
std::int64_t bytes_of(void* block) { return static_cast<std::int64_t>(::malloc_usable_size(block)); }

#ifdef PBGEN_TOLD_BY_SANITIZER
constexpr bool kTold = true;
#else
constexpr bool kTold = false;
#endif

void* counted(void* block) {
  if (!kTold) count(bytes_of(block));
  return block;
}

#ifdef PBGEN_TOLD_BY_SANITIZER
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void*, std::size_t),
                                                         void (*released)(const volatile void*));
extern "C" std::size_t __sanitizer_get_allocated_size(const volatile void* block);

[[maybe_unused]] const int hooks = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void* block, std::size_t) { count(static_cast<std::int64_t>(__sanitizer_get_allocated_size(block))); },
    [](const volatile void* block) { count(-static_cast<std::int64_t>(__sanitizer_get_allocated_size(block))); });
#else
void* aligned(std::size_t bytes, std::align_val_t alignment) {
  void* block = nullptr;
  return ::posix_memalign(&block, static_cast<std::size_t>(alignment), bytes) == 0 ? block : nullptr;
}

void* or_throw(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
#endif

}  // namespace

std::int64_t allocated_bytes() { return live.load(); }
std::int64_t peak_bytes() { return peak.load(); }
void begin_peak() { peak.store(live.load()); }
std::int64_t allocation_count() { return blocks.load(); }

}  // namespace pbgen

// The linker sends the program's own calls to these (--wrap), the calls below among them.
extern "C" {
void* __real_malloc(std::size_t bytes);
void* __real_calloc(std::size_t count, std::size_t bytes);
void* __real_realloc(void* block, std::size_t bytes);
int __real_posix_memalign(void** block, std::size_t alignment, std::size_t bytes);
void __real_free(void* block);
void* __real_mmap(void* address, std::size_t length, int protection, int flags, int descriptor, off_t offset);
int __real_munmap(void* address, std::size_t length);

void* __wrap_malloc(std::size_t bytes) { return pbgen::counted(__real_malloc(bytes)); }
void* __wrap_calloc(std::size_t count, std::size_t bytes) { return pbgen::counted(__real_calloc(count, bytes)); }
void* __wrap_realloc(void* block, std::size_t bytes) {
  const std::int64_t before = pbgen::bytes_of(block);
  void* const moved = __real_realloc(block, bytes);
  if (!pbgen::kTold && (moved != nullptr || bytes == 0)) pbgen::count(pbgen::bytes_of(moved) - before);
  return moved;
}
int __wrap_posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
  const int error = __real_posix_memalign(block, alignment, bytes);
  if (error == 0) pbgen::count(pbgen::bytes_of(*block));  // of which ThreadSanitizer does not tell
  return error;
}
void __wrap_free(void* block) {
  if (!pbgen::kTold) pbgen::count(-pbgen::bytes_of(block));
  __real_free(block);
}
void* __wrap_mmap(void* address, std::size_t length, int protection, int flags, int descriptor, off_t offset) {
  void* const pages = __real_mmap(address, length, protection, flags, descriptor, offset);
  if (pages != MAP_FAILED) pbgen::count(static_cast<std::int64_t>(length));
  return pages;
}
int __wrap_munmap(void* address, std::size_t length) {
  const int error = __real_munmap(address, length);
  if (error == 0) pbgen::count(-static_cast<std::int64_t>(length));
  return error;
}
}

#ifndef PBGEN_TOLD_BY_SANITIZER
// Those of the C++ library call its own malloc.  Here the other forms end in these.
void* operator new(std::size_t bytes) { return pbgen::or_throw(std::malloc(std::max<std::size_t>(bytes, 1))); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return std::malloc(std::max<std::size_t>(bytes, 1)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) { return pbgen::or_throw(pbgen::aligned(bytes, alignment)); }
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
#endif
