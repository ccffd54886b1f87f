#include "metrics/lattice.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/base/check.h"

namespace pbgen {
namespace {

constexpr std::int64_t kPieceImages = 256;

// w[x] (-1)^x, and the sum of the squares.
struct AlternatingWindow {
  explicit AlternatingWindow(int size) {
    for (int x = 0; x < size; ++x) {
      const double sine = std::sin(std::numbers::pi * (x + 0.5) / size);
      const double weight = sine * sine;
      factors.push_back(x % 2 == 0 ? weight : -weight);
      squares += weight * weight;
    }
  }
  std::vector<double> factors;
  double squares = 0.0;
};

// Sum over channels, rows and columns of the squares.
double energy_of(const std::uint8_t* image, int size, int channels, const AlternatingWindow& window, std::vector<double>& columns) {
  const int line = size * channels;
  columns.assign(static_cast<std::size_t>(line), 0.0);
  double energy = 0.0;
  for (int y = 0; y < size; ++y) {
    const std::uint8_t* const row = image + static_cast<std::ptrdiff_t>(y) * line;
    for (int i = 0; i < line; ++i) columns[i] += window.factors[y] * row[i];
    for (int channel = 0; channel < channels; ++channel) {
      double sum = 0.0;
      for (int x = 0; x < size; ++x) sum += window.factors[x] * row[x * channels + channel];
      energy += sum * sum;
    }
  }
  for (const double sum : columns) energy += sum * sum;
  return energy;
}

}  // namespace

double nyquist_energy(const ImageSource& images, std::int64_t count) {
  check(count >= 1 && count <= images.count, "the energy of ", count, " of ", images.count, " images");
  const AlternatingWindow window(images.size);
  const std::int64_t piece = std::min(count, kPieceImages);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(piece * images.bytes_per_image()));
  std::vector<double> columns;
  double energy = 0.0;
  for (std::int64_t first = 0; first < count; first += piece) {
    const std::int64_t n = std::min(piece, count - first);
    images.read(first, n, pixels.data());
    for (std::int64_t i = 0; i < n; ++i)
      energy += energy_of(pixels.data() + i * images.bytes_per_image(), images.size, images.channels, window, columns);
  }
  const double lines = 2.0 * static_cast<double>(count) * images.size * images.channels;
  return energy / (lines * window.squares);
}

}  // namespace pbgen
