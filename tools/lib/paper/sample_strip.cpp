#include "tools/lib/paper/sample_strip.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/files/file.h"
#include "data/formats/image_io.h"
#include "data/image_grid.h"

namespace pbgen {
namespace {

constexpr int kBetween = 12;  // white pixels
constexpr int kQuality = 90;
// Faces are looked at, not guessed: images of 32 pixels twice as large, smaller ones more.
constexpr int kLeastHeight = 256;
constexpr int kMostTimes = 4;

// Half of a grid's cells along a side, with the gaps around them.
int half_of(int side) { return (side + kGridGap) / 2; }

}  // namespace

void save_sample_strip(const std::string& path, const std::vector<std::string>& grids) {
  check(!grids.empty(), "a strip of no samples");
  const Image first = read_image(grids.front()).image;
  const int width = half_of(first.width);
  const int height = half_of(first.height);
  const int count = static_cast<int>(grids.size());
  Image strip = Image::black(count * (width + kBetween) - kBetween, height, first.channels);
  std::fill(strip.pixels.begin(), strip.pixels.end(), std::uint8_t{255});
  for (int i = 0; i < count; ++i) {
    const std::string& grid = grids[static_cast<std::size_t>(i)];
    const Image image = read_image(grid).image;
    if (image.width != first.width || image.height != first.height || image.channels != first.channels)
      fail(ErrorKind::data, grid, ": ", image.width, "x", image.height, " where ", grids.front(), " has ", first.width, "x", first.height);
    const std::int64_t bytes = std::int64_t{width} * image.channels;
    const std::int64_t offset = std::int64_t{i} * (width + kBetween) * image.channels;
    for (int y = 0; y < height; ++y) std::copy_n(image.row(y), bytes, strip.row(y) + offset);
  }
  write_file_atomically(path, encode_jpeg(enlarged(strip, std::min(kMostTimes, (kLeastHeight + height - 1) / height)), kQuality));
}

}  // namespace pbgen
