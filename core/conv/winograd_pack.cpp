// The transformed weights.
#include "core/base/parallel.h"
#include "core/conv/winograd_blocked.h"
#include "core/conv/winograd_layout.h"

namespace pbgen::winograd_blocked {

std::int64_t weight_floats(const ConvWeightShape& shape) { return WeightLayout(shape).floats(); }

// A block and a panel after the other, so that each of the 121 streams past the caches runs on line by line.
void pack(const Leaves& leaves, const ConvWeightShape& shape, const float* w, float* points) {
  const WeightLayout layout(shape);
  const std::int64_t panels = shape.c_big / kPanel;
  const std::int64_t blocks = ceil_div(shape.c_small, kDepth);
  parallel_for(blocks * panels, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i / panels * kDepth;
      const std::int64_t panel = i % panels;
      float* const to = points + layout.offset(0, first, panel);
      for (std::int64_t k = 0; k < layout.depth(first); ++k) {
        const float* const taps = w + ((first + k) * shape.c_big + panel * kPanel) * shape.taps();
        leaves.transforms.taps_to_points(taps, to + k * kPanel, layout.point_step());
      }
    }
    leaves.transforms.stores_done();
  });
}

}  // namespace pbgen::winograd_blocked
