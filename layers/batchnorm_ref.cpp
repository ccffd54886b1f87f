#include "core/base/math.h"
#include "layers/batchnorm_leaf.h"

namespace pbgen::batchnorm_leaf {
namespace {

struct Identity {
  float value(float v) const { return v; }
  float gradient(float, float dy) const { return dy; }
};

struct Relu {
  float value(float v) const { return v < 0.0f ? 0.0f : v; }
  float gradient(float v, float dy) const { return choose(v > 0.0f, dy, 0.0f); }
};

struct LeakyRelu {
  float slope;
  float value(float v) const {
    const float leak = slope * v;
    return v < leak ? leak : v;
  }
  float gradient(float v, float dy) const { return choose(v > 0.0f, dy, slope * dy); }
};

template <class Body>
void with_activation(float slope, Body body) {
  if (slope == 1.0f) body(Identity{});
  else if (slope == 0.0f) body(Relu{});
  else body(LeakyRelu{slope});
}

// Calls body(index of the first lane, channel) for every vector, row by row.
template <class Body>
void for_each_vector(const Block& block, Body body) {
  for (std::int64_t r = 0; r < block.rows; ++r)
    for (std::int64_t c = 0; c < block.channels; ++c) body(r * block.stride + c * kWidth, c);
}

void add_sums(const Block& block, const float* x, float* sums) {
  for_each_vector(block, [=](std::int64_t at, std::int64_t c) {
    for (std::int64_t lane = 0; lane < kWidth; ++lane) sums[c * kWidth + lane] += x[at + lane];
  });
}

void add_squares(const Block& block, const float* x, const float* centre, float* sums) {
  for_each_vector(block, [=](std::int64_t at, std::int64_t c) {
    const float m = centre[c];
    for (std::int64_t lane = 0; lane < kWidth; ++lane) {
      const float distance = x[at + lane] - m;
      sums[c * kWidth + lane] += distance * distance;
    }
  });
}

void apply(const Block& block, const Map& map, const float* x, float* y) {
  with_activation(map.slope, [&](auto activation) {
    for_each_vector(block, [=, mean = map.mean, scale = map.scale, shift = map.shift](std::int64_t at, std::int64_t c) {
      // Copies, because y might be any of them for all that the compiler knows.
      const float m = mean[c], s = scale[c], b = shift[c];
      for (std::int64_t lane = 0; lane < kWidth; ++lane) y[at + lane] = activation.value((x[at + lane] - m) * s + b);
    });
  });
}

void add_gradient_sums(const Block& block, const Map& map, const float* x, const float* dy, float* sums_g, float* sums_gx) {
  with_activation(map.slope, [&](auto activation) {
    for_each_vector(block, [=, mean = map.mean, scale = map.scale, shift = map.shift](std::int64_t at, std::int64_t c) {
      const float m = mean[c], s = scale[c], b = shift[c];
      for (std::int64_t lane = 0; lane < kWidth; ++lane) {
        const float distance = x[at + lane] - m;
        const float g = activation.gradient(distance * s + b, dy[at + lane]);
        sums_g[c * kWidth + lane] += g;
        sums_gx[c * kWidth + lane] += g * distance;
      }
    });
  });
}

void input_gradient(const Block& block, const Map& map, const float* tilt, const float* offset, const float* x, const float* dy,
                        float* dx) {
  with_activation(map.slope, [&](auto activation) {
    for_each_vector(block, [=, mean = map.mean, scale = map.scale, shift = map.shift](std::int64_t at, std::int64_t c) {
      const float m = mean[c], s = scale[c], b = shift[c], t = tilt[c], d = offset[c];
      for (std::int64_t lane = 0; lane < kWidth; ++lane) {
        const float distance = x[at + lane] - m;
        const float g = activation.gradient(distance * s + b, dy[at + lane]);
        dx[at + lane] = (s * g - d) - t * distance;
      }
    });
  });
}

}  // namespace

const Leaves kRef = {
    .add_sums = add_sums,
    .add_squares = add_squares,
    .apply = apply,
    .add_gradient_sums = add_gradient_sums,
    .input_gradient = input_gradient,
};

}  // namespace pbgen::batchnorm_leaf
