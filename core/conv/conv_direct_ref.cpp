#include <algorithm>
#include <vector>

#include "core/conv/conv_direct.h"

namespace pbgen {
namespace {

// Calls body(small y, small x, big y, big x, tap) for every tap that meets the big side.
template <class Body>
void for_each_tap(const ConvGeometry& g, Body body) {
  for (std::int64_t sy = 0; sy < g.small_height; ++sy)
    for (std::int64_t sx = 0; sx < g.small_width; ++sx)
      for (std::int64_t ky = 0; ky < g.kernel; ++ky)
        for (std::int64_t kx = 0; kx < g.kernel; ++kx) {
          const std::int64_t by = g.stride * sy + ky - g.pad_top;
          const std::int64_t bx = g.stride * sx + kx - g.pad_left;
          if (by >= 0 && by < g.big_height && bx >= 0 && bx < g.big_width) body(sy, sx, by, bx, ky * g.kernel + kx);
        }
}

// Images one by one, so that the sums in double of one image's output are all that is kept.
template <class Accumulate>
void accumulate_images(TensorView out, const float* bias, Accumulate accumulate) {
  const LaneShape& shape = out.shape;
  std::vector<double> sums(static_cast<std::size_t>(shape.floats_per_image()));
  for (std::int64_t image = 0; image < shape.batch; ++image) {
    for (std::size_t i = 0; i < sums.size(); ++i)
      sums[i] = bias ? bias[i % static_cast<std::size_t>(shape.channels)] : 0.0;
    accumulate(image, sums.data());
    for (std::int64_t y = 0; y < shape.height; ++y)
      for (std::int64_t x = 0; x < shape.width; ++x)
        for (std::int64_t c = 0; c < shape.channels; ++c)
          out.data[shape.index(image, y, x, c)] =
              static_cast<float>(sums[static_cast<std::size_t>((y * shape.width + x) * shape.channels + c)]);
  }
}

}  // namespace

void conv_to_small_ref(const ConvGeometry& g, const ConvWeightShape& shape, const float* w, const float* bias, ConstTensorView big,
                       TensorView small) {
  accumulate_images(small, bias, [&](std::int64_t image, double* sums) {
    for_each_tap(g, [&](std::int64_t sy, std::int64_t sx, std::int64_t by, std::int64_t bx, std::int64_t tap) {
      for (std::int64_t s = 0; s < shape.c_small; ++s)
        for (std::int64_t b = 0; b < shape.c_big; ++b)
          sums[(sy * g.small_width + sx) * shape.c_small + s] +=
              static_cast<double>(big.data[big.shape.index(image, by, bx, b)]) * w[(s * shape.c_big + b) * shape.taps() + tap];
    });
  });
}

void conv_to_big_ref(const ConvGeometry& g, const ConvWeightShape& shape, const float* w, const float* bias, ConstTensorView small,
                     TensorView big) {
  accumulate_images(big, bias, [&](std::int64_t image, double* sums) {
    for_each_tap(g, [&](std::int64_t sy, std::int64_t sx, std::int64_t by, std::int64_t bx, std::int64_t tap) {
      for (std::int64_t s = 0; s < shape.c_small; ++s)
        for (std::int64_t b = 0; b < shape.c_big; ++b)
          sums[(by * g.big_width + bx) * shape.c_big + b] +=
              static_cast<double>(small.data[small.shape.index(image, sy, sx, s)]) * w[(s * shape.c_big + b) * shape.taps() + tap];
    });
  });
}

void conv_weight_gradient_ref(const ConvGeometry& g, ConstTensorView small, ConstTensorView big, float beta, float* dw) {
  const std::int64_t c_small = small.shape.channels;
  const std::int64_t c_big = big.shape.channels;
  std::vector<double> sums(static_cast<std::size_t>(c_small * c_big * g.taps()));
  for_each_tap(g, [&](std::int64_t sy, std::int64_t sx, std::int64_t by, std::int64_t bx, std::int64_t tap) {
    for (std::int64_t image = 0; image < small.shape.batch; ++image)
      for (std::int64_t s = 0; s < c_small; ++s)
        for (std::int64_t b = 0; b < c_big; ++b)
          sums[static_cast<std::size_t>((s * c_big + b) * g.taps() + tap)] +=
              static_cast<double>(small.data[small.shape.index(image, sy, sx, s)]) * big.data[big.shape.index(image, by, bx, b)];
  });
  for (std::size_t i = 0; i < sums.size(); ++i) dw[i] = static_cast<float>(beta == 0.0f ? sums[i] : dw[i] + sums[i]);
}

}  // namespace pbgen
