// Bound by memory, which whole cache lines use better: a vector is two channels.  Else as batchnorm_avx2.cpp.
#include <immintrin.h>

#include "layers/batchnorm_leaf.h"

namespace pbgen::batchnorm_leaf {
namespace {

struct Identity {
  __m512 value(__m512 v) const { return v; }
  __m512 gradient(__m512, __m512 dy) const { return dy; }
};

struct Relu {
  // vmaxps returns its second operand where they are equal or one is NaN.
  __m512 value(__m512 v) const { return _mm512_max_ps(_mm512_setzero_ps(), v); }
  __m512 gradient(__m512 v, __m512 dy) const {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ), dy);
  }
};

struct LeakyRelu {
  __m512 slope;
  __m512 value(__m512 v) const { return _mm512_max_ps(_mm512_mul_ps(slope, v), v); }
  __m512 gradient(__m512 v, __m512 dy) const {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ), _mm512_mul_ps(slope, dy), dy);
  }
};

template <class Body>
void with_activation(float slope, Body body) {
  if (slope == 1.0f) body(Identity{});
  else if (slope == 0.0f) body(Relu{});
  else body(LeakyRelu{_mm512_set1_ps(slope)});
}

constexpr __mmask16 kFirst = 0x00ff;
constexpr __mmask16 kSecond = 0xff00;

// Two neighbouring channels.
struct Pair {
  __m512 load(const float* from) const { return _mm512_loadu_ps(from); }
  void store(float* to, __m512 v) const { _mm512_storeu_ps(to, v); }
  // A number of each channel.
  __m512 of_channels(const float* numbers) const {
    return _mm512_mask_broadcastss_ps(_mm512_set1_ps(numbers[0]), kSecond, _mm_load_ss(numbers + 1));
  }
};

// The last channel of an odd number of them.
struct Single {
  __m512 load(const float* from) const { return _mm512_maskz_loadu_ps(kFirst, from); }
  void store(float* to, __m512 v) const { _mm512_mask_storeu_ps(to, kFirst, v); }
  __m512 of_channels(const float* numbers) const { return _mm512_set1_ps(numbers[0]); }
};

// Calls body(index of the first lane, channel, Pair or Single) row by row.
template <class Body>
void for_each_vector(const Block& block, Body body) {
  for (std::int64_t r = 0; r < block.rows; ++r) {
    std::int64_t c = 0;
    for (; c + 2 <= block.channels; c += 2) body(r * block.stride + c * kWidth, c, Pair{});
    if (c < block.channels) body(r * block.stride + c * kWidth, c, Single{});
  }
}

// The channels' part of a Map.
struct Channels {
  __m512 mean, scale, shift;
  template <class Vector>
  Channels(const Map& map, std::int64_t c, Vector vector)
      : mean(vector.of_channels(map.mean + c)), scale(vector.of_channels(map.scale + c)), shift(vector.of_channels(map.shift + c)) {}
  __m512 distance(__m512 x) const { return _mm512_sub_ps(x, mean); }
  __m512 normalised(__m512 distance) const { return _mm512_add_ps(_mm512_mul_ps(distance, scale), shift); }
};

void add_sums(const Block& block, const float* x, float* sums) {
  for_each_vector(block, [=](std::int64_t at, std::int64_t c, auto vector) {
    float* const sum = sums + c * kWidth;
    vector.store(sum, _mm512_add_ps(vector.load(sum), vector.load(x + at)));
  });
}

void add_squares(const Block& block, const float* x, const float* centre, float* sums) {
  for_each_vector(block, [=](std::int64_t at, std::int64_t c, auto vector) {
    float* const sum = sums + c * kWidth;
    const __m512 distance = _mm512_sub_ps(vector.load(x + at), vector.of_channels(centre + c));
    vector.store(sum, _mm512_add_ps(vector.load(sum), _mm512_mul_ps(distance, distance)));
  });
}

void apply(const Block& block, const Map& map, const float* x, float* y) {
  with_activation(map.slope, [&](auto activation) {
    for_each_vector(block, [=](std::int64_t at, std::int64_t c, auto vector) {
      const Channels channels(map, c, vector);
      vector.store(y + at, activation.value(channels.normalised(channels.distance(vector.load(x + at)))));
    });
  });
}

void add_gradient_sums(const Block& block, const Map& map, const float* x, const float* dy, float* sums_g, float* sums_gx) {
  with_activation(map.slope, [&](auto activation) {
    for_each_vector(block, [=](std::int64_t at, std::int64_t c, auto vector) {
      const Channels channels(map, c, vector);
      float* const sum_g = sums_g + c * kWidth;
      float* const sum_gx = sums_gx + c * kWidth;
      const __m512 distance = channels.distance(vector.load(x + at));
      const __m512 g = activation.gradient(channels.normalised(distance), vector.load(dy + at));
      vector.store(sum_g, _mm512_add_ps(vector.load(sum_g), g));
      vector.store(sum_gx, _mm512_add_ps(vector.load(sum_gx), _mm512_mul_ps(g, distance)));
    });
  });
}

void input_gradient(const Block& block, const Map& map, const float* tilt, const float* offset, const float* x, const float* dy,
                    float* dx) {
  with_activation(map.slope, [&](auto activation) {
    for_each_vector(block, [=](std::int64_t at, std::int64_t c, auto vector) {
      const Channels channels(map, c, vector);
      const __m512 distance = channels.distance(vector.load(x + at));
      const __m512 g = activation.gradient(channels.normalised(distance), vector.load(dy + at));
      const __m512 level = _mm512_sub_ps(_mm512_mul_ps(channels.scale, g), vector.of_channels(offset + c));
      vector.store(dx + at, _mm512_sub_ps(level, _mm512_mul_ps(vector.of_channels(tilt + c), distance)));
    });
  });
}

}  // namespace

const Leaves kAvx512 = {
    .add_sums = add_sums,
    .add_squares = add_squares,
    .apply = apply,
    .add_gradient_sums = add_gradient_sums,
    .input_gradient = input_gradient,
};

}  // namespace pbgen::batchnorm_leaf
