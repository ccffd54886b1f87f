#include <immintrin.h>

#include "core/conv/im2col_leaf.h"

namespace pbgen::im2col_leaf {
namespace {

void stream_vectors(const float* from, std::int64_t stride, std::int64_t count, float* to) {
  for (std::int64_t i = 0; i < count; ++i) _mm256_stream_ps(to + i * 8, _mm256_loadu_ps(from + i * stride * 8));
}

void finish_streaming() { _mm_sfence(); }

}  // namespace

const Leaves kAvx2 = {.stream_vectors = stream_vectors, .finish_streaming = finish_streaming};

}  // namespace pbgen::im2col_leaf
