#include "core/conv/im2col.h"

#include <algorithm>
#include <cstring>

#include "core/base/check.h"
#include "core/base/parallel.h"
#include "core/base/thread_scratch.h"
#include "core/conv/conv_kernels.h"
#include "core/conv/im2col_leaf.h"
#include "core/freestanding/ints.h"

namespace pbgen {
namespace {

// Two channels at a time: a pixel then gives or takes one whole cache line.
constexpr std::int64_t kChannelBlock = 2;
// The planes of a block stay in the L2 cache with room for the rows that stream past.
constexpr std::int64_t kPlaneFloats = 64 * 1024;

// A matrix beyond this (16 MB) is gone from the caches before anybody reads it, so it is written past them.
constexpr std::int64_t kStreamedFloats = 4 * 1024 * 1024;

constexpr std::int64_t kLaneBytes = kLanes * sizeof(float);

// First o with stride*o + offset >= bound.
std::int64_t first_reaching(std::int64_t bound, std::int64_t offset, std::int64_t stride) {
  return bound <= offset ? 0 : ceil_div(bound - offset, stride);
}

// One channel's rows [begin, begin + rows) of the big side, widened so that every tap of every window lies inside:
// [rows][width][8], column 0 being x = -pad_left.
struct PlaneSize {
  std::int64_t width;
  std::int64_t left;
  explicit PlaneSize(const ConvGeometry& g)
      : width(std::max((g.small_width - 1) * g.stride + g.kernel, g.pad_left + g.big_width)), left(g.pad_left) {}
  std::int64_t floats(std::int64_t rows) const { return rows * width * kLanes; }
};

// to := count vectors of eight lanes, every stride-th of from.
void copy_vectors(const float* from, std::int64_t stride, std::int64_t count, float* to) {
  for (std::int64_t i = 0; i < count; ++i) std::memcpy(to + i * kLanes, from + i * stride * kLanes, kLaneBytes);
}

void check_sides(const LaneShape& big, const ConvGeometry& g) {
  check(big.height == g.big_height && big.width == g.big_width, "im2col: the tensor is ", big, ", the geometry's big side ",
        g.big_height, "x", g.big_width);
  check(g.kernel > 0 && g.stride > 0 && g.pad_top >= 0 && g.pad_left >= 0 && g.small_height > 0 && g.small_width > 0,
        "im2col: kernel ", g.kernel, ", stride ", g.stride, ", padding ", g.pad_top, ", ", g.pad_left, ", small side ", g.small_height, "x",
        g.small_width, " is no convolution");
}

}  // namespace

void im2col(ConstTensorView big, const ConvGeometry& g, float* columns) {
  check_sides(big.shape, g);
  const std::int64_t channels = big.shape.channels;
  const std::int64_t row_stride = im2col_columns(g, big.shape.batch);
  const PlaneSize plane(g);
  // A band is some rows of the small side with all the rows of the big side that they read.
  const std::int64_t rows_that_fit = kPlaneFloats / (kChannelBlock * plane.floats(1));
  const std::int64_t band = std::clamp<std::int64_t>((rows_that_fit - g.kernel) / g.stride + 1, 1, g.small_height);
  const std::int64_t bands = ceil_div(g.small_height, band);
  const std::int64_t blocks = ceil_div(channels, kChannelBlock);
  const im2col_leaf::Leaves* const streaming = conv_kernels().streaming;
  const bool stream = streaming != nullptr && im2col_rows(g, channels) * row_stride >= kStreamedFloats &&
                      reinterpret_cast<std::uintptr_t>(columns) % im2col_leaf::kAlignment == 0;
  const auto write_vectors = stream ? streaming->stream_vectors : copy_vectors;

  parallel_items(big.shape.slices() * blocks * bands, [&](std::int64_t item) {
    const std::int64_t slice = item / (blocks * bands);
    const std::int64_t c_begin = item / bands % blocks * kChannelBlock;
    const std::int64_t c_count = std::min(kChannelBlock, channels - c_begin);
    const std::int64_t o_begin = item % bands * band;
    const std::int64_t o_end = std::min(o_begin + band, g.small_height);
    const std::int64_t y_begin = o_begin * g.stride - g.pad_top;
    const std::int64_t rows = (o_end - o_begin - 1) * g.stride + g.kernel;
    const std::int64_t plane_floats = plane.floats(rows);
    const ThreadScratch scratch = ThreadScratch::of_floats(kChannelBlock * plane_floats);
    float* const planes = scratch.floats();

    std::memset(planes, 0, static_cast<std::size_t>(c_count * plane_floats) * sizeof(float));
    for (std::int64_t y = std::max<std::int64_t>(y_begin, 0); y < std::min(y_begin + rows, g.big_height); ++y) {
      for (std::int64_t x = 0; x < g.big_width; ++x) {
        const float* const from = big.data + big.shape.offset(slice, y, x, c_begin);
        float* const to = planes + ((y - y_begin) * plane.width + x + plane.left) * kLanes;
        for (std::int64_t c = 0; c < c_count; ++c) std::memcpy(to + c * plane_floats, from + c * kLanes, kLaneBytes);
      }
    }

    float* const out = columns + (slice * g.small_height + o_begin) * g.small_width * kLanes;
    for (std::int64_t c = 0; c < c_count; ++c) {
      for (std::int64_t tap = 0; tap < g.taps(); ++tap) {
        const std::int64_t ky = tap / g.kernel;
        const std::int64_t kx = tap % g.kernel;
        float* const to = out + ((c_begin + c) * g.taps() + tap) * row_stride;
        for (std::int64_t o = 0; o < o_end - o_begin; ++o) {
          const float* const from = planes + c * plane_floats + ((o * g.stride + ky) * plane.width + kx) * kLanes;
          write_vectors(from, g.stride, g.small_width, to + o * g.small_width * kLanes);
        }
      }
    }
    if (stream) streaming->finish_streaming();
  }, min_piece_of(kChannelBlock * g.taps() * band * g.small_width * kLanes));
}

void col2im(const float* columns, const ConvGeometry& g, TensorView big) {
  check_sides(big.shape, g);
  const std::int64_t channels = big.shape.channels;
  const std::int64_t row_stride = im2col_columns(g, big.shape.batch);
  const PlaneSize plane(g);
  // A band is some rows of the big side; it gathers every tap that falls on them.
  const std::int64_t band = std::clamp<std::int64_t>(kPlaneFloats / (kChannelBlock * plane.floats(1)), 1, g.big_height);
  const std::int64_t bands = ceil_div(g.big_height, band);
  const std::int64_t blocks = ceil_div(channels, kChannelBlock);

  parallel_items(big.shape.slices() * blocks * bands, [&](std::int64_t item) {
    const std::int64_t slice = item / (blocks * bands);
    const std::int64_t c_begin = item / bands % blocks * kChannelBlock;
    const std::int64_t c_count = std::min(kChannelBlock, channels - c_begin);
    const std::int64_t y_begin = item % bands * band;
    const std::int64_t y_end = std::min(y_begin + band, g.big_height);
    const std::int64_t plane_floats = plane.floats(y_end - y_begin);
    const ThreadScratch scratch = ThreadScratch::of_floats(kChannelBlock * plane_floats);
    float* const planes = scratch.floats();

    std::memset(planes, 0, static_cast<std::size_t>(c_count * plane_floats) * sizeof(float));
    for (std::int64_t c = 0; c < c_count; ++c) {
      for (std::int64_t tap = 0; tap < g.taps(); ++tap) {
        const std::int64_t ky = tap / g.kernel;
        const std::int64_t kx = tap % g.kernel;
        const std::int64_t o_begin = first_reaching(y_begin, ky - g.pad_top, g.stride);
        const std::int64_t o_end = std::min(first_reaching(y_end, ky - g.pad_top, g.stride), g.small_height);
        const std::int64_t row_number = (c_begin + c) * g.taps() + tap;
        const float* const row = columns + row_number * row_stride;
        // The next tap's vectors lie too far off for the hardware to see them coming.
        const std::int64_t ahead = row_number + 1 < im2col_rows(g, channels) ? row_stride : 0;
        for (std::int64_t o = o_begin; o < o_end; ++o) {
          const float* from = row + (slice * g.small_height + o) * g.small_width * kLanes;
          float* to = planes + c * plane_floats + ((o * g.stride + ky - g.pad_top - y_begin) * plane.width + kx) * kLanes;
          for (std::int64_t x = 0; x < g.small_width; ++x, from += kLanes, to += g.stride * kLanes) {
            __builtin_prefetch(from + ahead);
            for (std::int64_t lane = 0; lane < kLanes; ++lane) to[lane] += from[lane];
          }
        }
      }
    }

    for (std::int64_t y = y_begin; y < y_end; ++y) {
      for (std::int64_t x = 0; x < g.big_width; ++x) {
        float* const to = big.data + big.shape.offset(slice, y, x, c_begin);
        const float* const from = planes + ((y - y_begin) * plane.width + x + plane.left) * kLanes;
        for (std::int64_t c = 0; c < c_count; ++c) std::memcpy(to + c * kLanes, from + c * plane_floats, kLaneBytes);
      }
    }
  }, min_piece_of(kChannelBlock * g.taps() * ceil_div(band, g.stride) * g.small_width * kLanes));
}

}  // namespace pbgen
