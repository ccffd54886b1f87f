#include <algorithm>
#include <cmath>

#include "core/base/math.h"
#include "layers/binary_weight_leaf.h"

namespace pbgen::binary_weight_leaf {
namespace {

float sign(float value) { return choose(value >= 0.0f, 1.0f, -1.0f); }

// Calls body(index of the first element, channel) for every run.
template <class Body>
void for_each_run(const Runs& runs, Body body) {
  for (std::int64_t r = 0; r < runs.rows; ++r)
    for (std::int64_t c = 0; c < runs.channels; ++c) body(r * runs.stride + c * runs.length, c);
}

template <class Term>
void add_terms(const Runs& runs, double* sums, Term term) {
  for_each_run(runs, [&](std::int64_t first, std::int64_t c) {
    for (std::int64_t begin = 0; begin < runs.length; begin += kChunk * kWidth) {
      float chunk[kWidth] = {};
      const std::int64_t end = std::min(begin + kChunk * kWidth, runs.length);
      std::int64_t i = begin;
      for (; i + kWidth <= end; i += kWidth)
        for (std::int64_t lane = 0; lane < kWidth; ++lane) chunk[lane] += term(first + i + lane);
      for (std::int64_t lane = 0; i + lane < end; ++lane) chunk[lane] += term(first + i + lane);
      for (std::int64_t lane = 0; lane < kWidth; ++lane) sums[c * kWidth + lane] += static_cast<double>(chunk[lane]);
    }
  });
}

void add_magnitudes(const Runs& runs, const float* w, double* sums) {
  add_terms(runs, sums, [w](std::int64_t i) { return std::fabs(w[i]); });
}

void add_signed(const Runs& runs, const float* w, const float* g, double* sums) {
  add_terms(runs, sums, [w, g](std::int64_t i) { return g[i] * sign(w[i]); });
}

void expand(const Runs& runs, const float* w, const float* scale, float* out) {
  for_each_run(runs, [=, length = runs.length](std::int64_t first, std::int64_t c) {
    const float alpha = scale[c];
    for (std::int64_t i = first; i < first + length; ++i) out[i] = alpha * sign(w[i]);
  });
}

void add_gradient(const Runs& runs, const Gradient& gradient, const float* w, const float* g, float* dw) {
  for_each_run(runs, [=, length = runs.length](std::int64_t first, std::int64_t c) {
    const float inside = gradient.inside[c], outside = gradient.outside, through = gradient.through[c];
    for (std::int64_t i = first; i < first + length; ++i)
      dw[i] += choose(std::fabs(w[i]) < 1.0f, inside, outside) * g[i] + sign(w[i]) * through;
  });
}

}  // namespace

const Leaves kRef = {
    .add_magnitudes = add_magnitudes,
    .add_signed = add_signed,
    .expand = expand,
    .add_gradient = add_gradient,
};

}  // namespace pbgen::binary_weight_leaf
