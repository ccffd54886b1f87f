#include "core/base/thread_scratch.h"

#include "core/base/aligned_buffer.h"
#include "core/base/check.h"

namespace pbgen {
namespace {

struct Scratch {
  AlignedBuffer<std::uint8_t> buffer;
  bool taken = false;
};

thread_local Scratch scratch;

}  // namespace

ThreadScratch::ThreadScratch(std::int64_t bytes) {
  check(!scratch.taken, "the thread's scratch memory is taken twice");
  if (scratch.buffer.size() < bytes) {
    scratch.buffer = {};  // never two of them
    scratch.buffer = AlignedBuffer<std::uint8_t>(bytes);
  }
  scratch.taken = true;
  data_ = scratch.buffer.data();
}

ThreadScratch::~ThreadScratch() { scratch.taken = false; }

}  // namespace pbgen
