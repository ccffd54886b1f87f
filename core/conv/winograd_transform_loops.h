// winograd_transform.h's transforms as leaves, for the vectors V of each instruction set.  Unnamed: each leaf has a copy of its own,
// compiled for its set.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "core/conv/winograd_transform.h"
#include "core/conv/winograd_transform_leaf.h"

namespace pbgen::winograd_transform_leaf {
namespace {

template <class V, int py, int px>
void points_to_taps(std::int64_t width, const float* points, std::int64_t point_step, float* taps, std::int64_t tap_step) {
  using namespace winograd_transform;
  constexpr int count = points_of(py) * points_of(px);
  for (std::int64_t k = 0; k < width; k += V::kLanes) {
    typename V::Value v[count];
    typename V::Value tap[25];
#pragma GCC unroll 36
    for (int q = 0; q < count; ++q) v[q] = V::load(points + q * point_step + k);
    winograd_transform::points_to_taps<V, py, px>(v, tap);
    for (int i = 0; i < taps_of(py); ++i)
      for (int j = 0; j < taps_of(px); ++j) {
        const int t = tap_of(py, i) * 5 + tap_of(px, j);
        V::store(taps + t * tap_step + k, tap[t]);
      }
  }
}

template <class V>
constexpr Leaves leaves_of(decltype(Leaves::taps_to_points) taps_to_points, decltype(Leaves::transpose) transpose) {
  using namespace winograd_transform;
  return {
      .lanes = V::kLanes,
      .small_to_points = [](const SmallTile& tile) { small_to_points<V>(tile); },
      .points_to_small = [](const SmallTileGradient& tile) { points_to_small<V>(tile); },
      .points_to_phase = {[](const PhaseOutput& tile) { points_to_phase<V, 0, 0>(tile); },
                          [](const PhaseOutput& tile) { points_to_phase<V, 0, 1>(tile); },
                          [](const PhaseOutput& tile) { points_to_phase<V, 1, 0>(tile); },
                          [](const PhaseOutput& tile) { points_to_phase<V, 1, 1>(tile); }},
      .phase_to_points = {[](const PhaseGradient& tile) { phase_to_points<V, 0, 0>(tile); },
                          [](const PhaseGradient& tile) { phase_to_points<V, 0, 1>(tile); },
                          [](const PhaseGradient& tile) { phase_to_points<V, 1, 0>(tile); },
                          [](const PhaseGradient& tile) { phase_to_points<V, 1, 1>(tile); }},
      .taps_to_points = taps_to_points,
      .stores_done = [] { _mm_sfence(); },
      .points_to_taps = {winograd_transform_leaf::points_to_taps<V, 0, 0>, winograd_transform_leaf::points_to_taps<V, 0, 1>,
                         winograd_transform_leaf::points_to_taps<V, 1, 0>, winograd_transform_leaf::points_to_taps<V, 1, 1>},
      .transpose = transpose,
  };
}

}  // namespace
}  // namespace pbgen::winograd_transform_leaf
