// Bound by memory, so what counts is that memory is read in its own order, one row at a time; the channels' sums and
// constants wait in L1.  Taking 2 or 4 rows at once saves loads of them and is twice as slow: rows lie a power of two apart.
#include <immintrin.h>

#include "layers/batchnorm_leaf.h"

namespace pbgen::batchnorm_leaf {
namespace {

struct Identity {
  __m256 value(__m256 v) const { return v; }
  __m256 gradient(__m256, __m256 dy) const { return dy; }
};

struct Relu {
  // vmaxps returns its second operand where they are equal or one is NaN.
  __m256 value(__m256 v) const { return _mm256_max_ps(_mm256_setzero_ps(), v); }
  __m256 gradient(__m256 v, __m256 dy) const { return _mm256_and_ps(dy, _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_GT_OQ)); }
};

struct LeakyRelu {
  __m256 slope;
  __m256 value(__m256 v) const { return _mm256_max_ps(_mm256_mul_ps(slope, v), v); }
  __m256 gradient(__m256 v, __m256 dy) const {
    return _mm256_blendv_ps(_mm256_mul_ps(slope, dy), dy, _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_GT_OQ));
  }
};

template <class Body>
void with_activation(float slope, Body body) {
  if (slope == 1.0f) body(Identity{});
  else if (slope == 0.0f) body(Relu{});
  else body(LeakyRelu{_mm256_set1_ps(slope)});
}

// Calls body(index of the first lane, channel) for every vector, row by row.
template <class Body>
void for_each_vector(const Block& block, Body body) {
  for (std::int64_t r = 0; r < block.rows; ++r)
    for (std::int64_t c = 0; c < block.channels; ++c) body(r * block.stride + c * kWidth, c);
}

// A channel's part of a Map.
struct Channel {
  __m256 mean, scale, shift;
  Channel(const Map& map, std::int64_t c)
      : mean(_mm256_broadcast_ss(map.mean + c)), scale(_mm256_broadcast_ss(map.scale + c)), shift(_mm256_broadcast_ss(map.shift + c)) {}
  __m256 distance(const float* x) const { return _mm256_sub_ps(_mm256_loadu_ps(x), mean); }
  __m256 normalised(__m256 distance) const { return _mm256_add_ps(_mm256_mul_ps(distance, scale), shift); }
};

void add_sums(const Block& block, const float* x, float* sums) {
  for_each_vector(block, [=](std::int64_t at, std::int64_t c) {
    _mm256_storeu_ps(sums + c * kWidth, _mm256_add_ps(_mm256_loadu_ps(sums + c * kWidth), _mm256_loadu_ps(x + at)));
  });
}

void add_squares(const Block& block, const float* x, const float* centre, float* sums) {
  for_each_vector(block, [=](std::int64_t at, std::int64_t c) {
    const __m256 distance = _mm256_sub_ps(_mm256_loadu_ps(x + at), _mm256_broadcast_ss(centre + c));
    _mm256_storeu_ps(sums + c * kWidth, _mm256_add_ps(_mm256_loadu_ps(sums + c * kWidth), _mm256_mul_ps(distance, distance)));
  });
}

void apply(const Block& block, const Map& map, const float* x, float* y) {
  with_activation(map.slope, [&](auto activation) {
    for_each_vector(block, [=](std::int64_t at, std::int64_t c) {
      const Channel channel(map, c);
      _mm256_storeu_ps(y + at, activation.value(channel.normalised(channel.distance(x + at))));
    });
  });
}

void add_gradient_sums(const Block& block, const Map& map, const float* x, const float* dy, float* sums_g, float* sums_gx) {
  with_activation(map.slope, [&](auto activation) {
    for_each_vector(block, [=](std::int64_t at, std::int64_t c) {
      const Channel channel(map, c);
      const __m256 distance = channel.distance(x + at);
      const __m256 g = activation.gradient(channel.normalised(distance), _mm256_loadu_ps(dy + at));
      _mm256_storeu_ps(sums_g + c * kWidth, _mm256_add_ps(_mm256_loadu_ps(sums_g + c * kWidth), g));
      _mm256_storeu_ps(sums_gx + c * kWidth, _mm256_add_ps(_mm256_loadu_ps(sums_gx + c * kWidth), _mm256_mul_ps(g, distance)));
    });
  });
}

void input_gradient(const Block& block, const Map& map, const float* tilt, const float* offset, const float* x, const float* dy,
                         float* dx) {
  with_activation(map.slope, [&](auto activation) {
    for_each_vector(block, [=](std::int64_t at, std::int64_t c) {
      const Channel channel(map, c);
      const __m256 distance = channel.distance(x + at);
      const __m256 g = activation.gradient(channel.normalised(distance), _mm256_loadu_ps(dy + at));
      const __m256 level = _mm256_sub_ps(_mm256_mul_ps(channel.scale, g), _mm256_broadcast_ss(offset + c));
      _mm256_storeu_ps(dx + at, _mm256_sub_ps(level, _mm256_mul_ps(_mm256_broadcast_ss(tilt + c), distance)));
    });
  });
}

}  // namespace

const Leaves kAvx2 = {
    .add_sums = add_sums,
    .add_squares = add_squares,
    .apply = apply,
    .add_gradient_sums = add_gradient_sums,
    .input_gradient = input_gradient,
};

}  // namespace pbgen::batchnorm_leaf
