// Float deconvolutions of the one-image runtime by Winograd's algorithm: the algebra exactly, the rounding within its bound.
#include "gan/edge/winograd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/base/rng.h"
#include "gan/edge/float_deconv.h"
#include "gan/edge/generator.h"
#include "gan/edge/pack.h"
#include "tests/support/edge_paths.h"
#include "tools/lib/bench/winograd_magnitude.h"

namespace pbgen {
namespace {

using edge::kAxisPoints;
using edge::kKernel;
using edge::kTaps;

struct Shape {
  int c_in;
  int c_out;
  int side;
};

// Channels that fill no tile of lanes and no block of inputs, one block of pairs of tiles and several, parts without a pair.
const Shape kShapes[] = {{131, 59, 8}, {33, 70, 16}, {40, 32, 32}, {64, 96, 8}};

std::string label(const Shape& shape) { return concat(shape.c_in, " to ", shape.c_out, " at ", shape.side); }

// A deconvolution of x [c_in][side][side] straight to an image, without activation.
class OneDeconv {
 public:
  OneDeconv(const Shape& shape, const std::vector<float>& x, const std::vector<float>& w)
      : shape_(shape),
        ones_(static_cast<std::size_t>(shape.c_in + shape.c_out), 1.0f),
        zeros_(edge::linear_shift_size(shape.c_in + shape.c_out, shape.side), 0.0f),
        linear_(edge::linear_floats_size(1, shape.c_in, shape.side)),
        packed_(edge::deconv_floats_size(shape.c_in, shape.c_out, shape.side)) {
    edge::pack_linear_floats(x.data(), 1, shape.c_in, shape.side, linear_.data());
    edge::pack_deconv_floats(w.data(), shape.c_in, shape.c_out, shape.side, packed_.data());
    generator_.linear = {1, shape.c_in, shape.side, linear_.data(), nullptr, ones_.data(), zeros_.data(), edge::Activation::none};
    generator_.deconvs[0] = {shape.c_in, shape.c_out,  shape.side,    packed_.data(),
                             nullptr,    ones_.data(), zeros_.data(), edge::Activation::none};
    generator_.deconv_count = 1;
  }
  OneDeconv(const OneDeconv&) = delete;
  OneDeconv& operator=(const OneDeconv&) = delete;

  std::vector<float> image(edge::Path path, int parts) {
    generator_.path = path;
    EXPECT_EQ(edge::fault_of(generator_), nullptr);
    std::vector<unsigned char> scratch(edge::scratch_bytes(generator_, parts));
    std::vector<float> image(static_cast<std::size_t>(4 * shape_.side * shape_.side) * shape_.c_out,
                             std::numeric_limits<float>::quiet_NaN());
    edge::ParallelFor serially;
    serially.run = [](void*, int count, void (*body)(void*, int), void* context) {
      for (int i = count - 1; i >= 0; --i) body(context, i);
    };
    serially.parts = parts;
    const float one = 1.0f;
    edge::generate_one(generator_, &one, image.data(), scratch.data(), &serially);
    return image;
  }

 private:
  Shape shape_;
  std::vector<float> ones_, zeros_, linear_, packed_;
  edge::Generator generator_;
};

// y[o][2i + k - 1] = sum over c, k of x[c][i] w[c][o][k], in double.
std::vector<double> direct_sums(const Shape& shape, const std::vector<float>& x, const std::vector<float>& w) {
  const int side = shape.side;
  std::vector<double> y(static_cast<std::size_t>(4 * side * side) * shape.c_out, 0.0);
  for (int c = 0; c < shape.c_in; ++c)
    for (int o = 0; o < shape.c_out; ++o)
      for (int tap = 0; tap < kTaps; ++tap)
        for (int pixel = 0; pixel < side * side; ++pixel) {
          const int row = 2 * (pixel / side) + tap / kKernel - 1;
          const int column = 2 * (pixel % side) + tap % kKernel - 1;
          if (row < 0 || column < 0 || row >= 2 * side || column >= 2 * side) continue;
          y[(o * 2 * side + row) * 2 * side + column] +=
              static_cast<double>(x[c * side * side + pixel]) * static_cast<double>(w[(c * shape.c_out + o) * kTaps + tap]);
        }
  return y;
}

// Whole numbers below 2^24 in all steps, the weights' halves and quarters included: nothing is rounded.
TEST(EdgeWinograd, IsTheDeconvolutionExactly) {
  for (const Shape& shape : kShapes) {
    ASSERT_EQ(edge::float_deconv(shape.c_in, shape.c_out, shape.side), edge::FloatDeconv::winograd) << label(shape);
    const CounterRng rng(5, Stream::test);
    const auto whole = [&](std::uint64_t i, double most) { return static_cast<float>(std::floor(rng.uniform(i, -most, most + 1.0))); };
    std::vector<float> x(static_cast<std::size_t>(shape.c_in * shape.side * shape.side));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = whole(i, 3.0);
    std::vector<float> w(static_cast<std::size_t>(shape.c_in) * shape.c_out * kTaps);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = 4.0f * whole(x.size() + i, 2.0);
    const std::vector<double> expected = direct_sums(shape, x, w);
    OneDeconv deconv(shape, x, w);
    for (const edge::Path path : edge_paths_here())
      for (const int parts : {1, 2, 3, 70}) {
        const std::vector<float> image = deconv.image(path, parts);
        for (std::size_t i = 0; i < image.size(); ++i)
          ASSERT_EQ(static_cast<double>(image[i]), expected[i]) << label(shape) << ", " << name(path) << ", parts " << parts << ", " << i;
      }
  }
}

// Every output within its bound (tools/lib/bench/winograd_magnitude.h).
TEST(EdgeWinograd, RoundsWithinItsBound) {
  for (const Shape& shape : {Shape{40, 32, 8}, Shape{131, 59, 8}}) {
    const int side = shape.side;
    const CounterRng rng(6, Stream::test);
    std::vector<float> x(static_cast<std::size_t>(shape.c_in * side * side));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
    std::vector<float> w(static_cast<std::size_t>(shape.c_in) * shape.c_out * kTaps);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(rng.uniform(x.size() + i, -1.0, 1.0));
    const std::vector<double> expected = direct_sums(shape, x, w);
    std::vector<double> bounds;
    for (int o = 0; o < shape.c_out; ++o) {
      std::vector<double> weights;
      for (int c = 0; c < shape.c_in; ++c)
        for (int point = 0; point < edge::kPoints; ++point)
          weights.push_back(point_weight_magnitude(point / kAxisPoints, point % kAxisPoints,
                                                   [&](int tap) { return w[(c * shape.c_out + o) * kTaps + tap]; }));
      for (int pixel = 0; pixel < 4 * side * side; ++pixel)
        bounds.push_back(winograd_roundings(shape.c_in) * 0x1p-24 *
                         winograd_magnitude(
                             shape.c_in, side, pixel / (2 * side), pixel % (2 * side),
                             [&](int c, int row, int column) { return x[(c * side + row) * side + column]; },
                             [&](int c, int i, int j) { return weights[c * edge::kPoints + i * kAxisPoints + j]; }));
    }
    OneDeconv deconv(shape, x, w);
    for (const edge::Path path : edge_paths_here()) {
      const std::vector<float> image = deconv.image(path, 1);
      for (std::size_t i = 0; i < image.size(); ++i)
        ASSERT_LE(std::fabs(static_cast<double>(image[i]) - expected[i]), bounds[i]) << label(shape) << ", " << name(path) << ", " << i;
    }
  }
}

}  // namespace
}  // namespace pbgen
