#include <algorithm>

#include "metrics/level_planes_leaf.h"

namespace pbgen::level_planes_leaf {
namespace {

void split_rgb(const std::uint8_t* bytes, std::int64_t pixels, float* planes) {
  for (std::int64_t i = 0; i < pixels; ++i)
    for (std::int64_t c = 0; c < 3; ++c) planes[c * pixels + i] = bytes[3 * i + c];
}

}  // namespace

void add_plane_ref(const float* plane, std::int64_t side, const std::int32_t* weights, std::int64_t weight_stride, PlaneChains& chains) {
  PlaneChains local = chains;  // so that nothing else can lie there
  for (std::int64_t y = 0; y < side; ++y) {
    const float* const row = plane + y * side;
    const std::int32_t* const row_weights = weights + y * weight_stride;
    for (std::int64_t x = 0; x < side; x += kChains) {
      for (int i = 0; i < kChains; ++i) {
        const double value = row[x + i];
        const double weighted = row_weights[x + i] * value;
        local.sum[i] += weighted;
        local.squares[i] += weighted * value;
        local.low[i] = std::min(local.low[i], row[x + i]);
        local.high[i] = std::max(local.high[i], row[x + i]);
      }
    }
  }
  chains = local;
}

const Leaves kRef = {.split_rgb = split_rgb, .add_plane = add_plane_ref};

}  // namespace pbgen::level_planes_leaf
