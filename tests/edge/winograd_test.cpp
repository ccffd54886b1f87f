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

namespace pbgen {
namespace {

using edge::kAxisPoints;
using edge::kKernel;
using edge::kPhasePoints;
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

// The algorithm with the magnitudes of all values and matrices.
std::vector<double> magnitudes(const Shape& shape, const std::vector<float>& x, const std::vector<float>& w) {
  const int side = shape.side;
  const auto size = [](float value) { return std::fabs(static_cast<double>(value)); };
  std::vector<double> y(static_cast<std::size_t>(4 * side * side) * shape.c_out, 0.0);
  for (int c = 0; c < shape.c_in; ++c) {
    std::vector<double> weights(static_cast<std::size_t>(shape.c_out) * edge::kPoints, 0.0);
    for (int o = 0; o < shape.c_out; ++o)
      for (int point = 0; point < edge::kPoints; ++point)
        for (int tap = 0; tap < kTaps; ++tap)
          weights[o * edge::kPoints + point] += size(edge::kPointOfWeights[point / kAxisPoints][tap / kKernel]) *
                                                size(edge::kPointOfWeights[point % kAxisPoints][tap % kKernel]) *
                                                size(w[(c * shape.c_out + o) * kTaps + tap]);
    for (int ty = 0; ty < side / 2; ++ty)
      for (int tx = 0; tx < side / 2; ++tx)
        for (int i = 0; i < kAxisPoints; ++i)
          for (int j = 0; j < kAxisPoints; ++j) {
            double value = 0.0;
            for (int a = 0; a < edge::kTileInputs; ++a)
              for (int b = 0; b < edge::kTileInputs; ++b) {
                const int row = 2 * ty - 1 + a;
                const int column = 2 * tx - 1 + b;
                if (row < 0 || column < 0 || row >= side || column >= side) continue;
                value += size(edge::kPointOfInputs[i][a]) * size(edge::kPointOfInputs[j][b]) * size(x[(c * side + row) * side + column]);
              }
            for (int s = 0; s < 2; ++s)
              for (int t = 0; t < 2; ++t) {
                const double factor = size(edge::kOutputOfPoints[i][s]) * size(edge::kOutputOfPoints[j][t]);
                const int row = 4 * ty + 2 * s + (i >= kPhasePoints[1]);
                const int column = 4 * tx + 2 * t + (j >= kPhasePoints[1]);
                for (int o = 0; o < shape.c_out; ++o)
                  y[(o * 2 * side + row) * 2 * side + column] += factor * value * weights[o * edge::kPoints + i * kAxisPoints + j];
              }
          }
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

// Roundings behind one another: 8 of the weights' sum, 3 of the inputs', one for each input channel, 8 of the outputs', scale and shift.
TEST(EdgeWinograd, RoundsWithinItsBound) {
  for (const Shape& shape : {Shape{40, 32, 8}, Shape{131, 59, 8}}) {
    const CounterRng rng(6, Stream::test);
    std::vector<float> x(static_cast<std::size_t>(shape.c_in * shape.side * shape.side));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(rng.uniform(i, -1.0, 1.0));
    std::vector<float> w(static_cast<std::size_t>(shape.c_in) * shape.c_out * kTaps);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(rng.uniform(x.size() + i, -1.0, 1.0));
    const std::vector<double> expected = direct_sums(shape, x, w);
    const std::vector<double> sizes = magnitudes(shape, x, w);
    OneDeconv deconv(shape, x, w);
    for (const edge::Path path : edge_paths_here()) {
      const std::vector<float> image = deconv.image(path, 1);
      for (std::size_t i = 0; i < image.size(); ++i)
        ASSERT_LE(std::fabs(static_cast<double>(image[i]) - expected[i]), (shape.c_in + 21) * 0x1p-24 * sizes[i])
            << label(shape) << ", " << name(path) << ", " << i;
    }
  }
}

}  // namespace
}  // namespace pbgen
