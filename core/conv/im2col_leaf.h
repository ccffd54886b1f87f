// Between im2col.cpp and its leaves.  Not for anybody else.
#pragma once

#include <cstdint>

namespace pbgen::im2col_leaf {

inline constexpr std::int64_t kAlignment = 32;  // of `to`, in bytes

struct Leaves {
  // to := count vectors of eight floats, stride vectors apart, written past the caches.
  void (*stream_vectors)(const float* from, std::int64_t stride, std::int64_t count, float* to);
  // Once behind all of a thread's: makes them visible to others.
  void (*finish_streaming)();
};
extern const Leaves kAvx2;  // x86-64 alone

}  // namespace pbgen::im2col_leaf
