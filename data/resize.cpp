#include "data/resize.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/check.h"

namespace pbgen {
namespace {

// The inputs of one output: in[first], in[first + 1], ... with these weights.
struct Taps {
  int first = 0;
  std::vector<float> weights;
};

std::vector<Taps> triangle_taps(int n_in, int n_out) {
  const double ratio = static_cast<double>(n_in) / n_out;
  const double support = std::max(1.0, ratio);
  std::vector<Taps> all(static_cast<std::size_t>(n_out));
  for (int o = 0; o < n_out; ++o) {
    const double centre = (o + 0.5) * ratio;
    // Pixel i counts where |i + 1/2 - centre| < support.
    const int first = std::max(0, static_cast<int>(std::floor(centre - support - 0.5)) + 1);
    const int end = std::min(n_in, static_cast<int>(std::ceil(centre + support - 0.5)));
    std::vector<double> weights;
    double sum = 0.0;
    for (int i = first; i < end; ++i) {
      weights.push_back(1.0 - std::fabs(i + 0.5 - centre) / support);
      sum += weights.back();
    }
    Taps& taps = all[static_cast<std::size_t>(o)];
    taps.first = first;
    for (const double weight : weights) taps.weights.push_back(static_cast<float>(weight / sum));
  }
  return all;
}

}  // namespace

Image resize_triangle(const Image& source, int width, int height) {
  check(source.width >= 1 && source.height >= 1 && width >= 1 && height >= 1, "resize from ", source.width, "x", source.height, " to ",
        width, "x", height, ": all must be positive");
  if (source.width == width && source.height == height) return source;
  const int channels = source.channels;
  const std::int64_t row_floats = static_cast<std::int64_t>(width) * channels;
  const std::vector<Taps> columns = triangle_taps(source.width, width);
  const std::vector<Taps> rows = triangle_taps(source.height, height);

  std::vector<float> narrowed(static_cast<std::size_t>(source.height) * row_floats);
  for (int y = 0; y < source.height; ++y) {
    const std::uint8_t* const from = source.row(y);
    float* to = narrowed.data() + y * row_floats;
    for (const Taps& taps : columns)
      for (int c = 0; c < channels; ++c) {
        float sum = 0.0f;
        const std::uint8_t* pixel = from + static_cast<std::int64_t>(taps.first) * channels + c;
        for (const float weight : taps.weights) {
          sum += weight * *pixel;
          pixel += channels;
        }
        *to++ = sum;
      }
  }

  Image result = Image::black(width, height, channels);
  std::vector<float> sums(static_cast<std::size_t>(row_floats));
  for (int y = 0; y < height; ++y) {
    const Taps& taps = rows[static_cast<std::size_t>(y)];
    std::fill(sums.begin(), sums.end(), 0.0f);
    const float* from = narrowed.data() + taps.first * row_floats;
    for (const float weight : taps.weights)
      for (float& sum : sums) sum += weight * *from++;
    // Weights are positive and sum to 1, so that only rounding can leave 0..255.
    std::uint8_t* const to = result.row(y);
    for (std::size_t i = 0; i < sums.size(); ++i) to[i] = static_cast<std::uint8_t>(std::min(sums[i] + 0.5f, 255.0f));
  }
  return result;
}

}  // namespace pbgen
