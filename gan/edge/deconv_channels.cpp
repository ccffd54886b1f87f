// Float deconvolutions with output channels in the lanes: every tap meets just the pixels whose output exists.
#include "gan/edge/run.h"

namespace pbgen::edge {
namespace {

// Adds the product of one tap and block of input channels to the sums, [output pixel][32].
void multiply_tap(const DeconvRun& deconv, int ky, int kx, int first_channel, int channels, const float* w, float* sums) {
  const int side = deconv.layer.side;
  const int left = valid_begin(kx);
  const int right = valid_end(kx, side);
  int i = valid_begin(ky);
  int j = left;
  int pixels = (valid_end(ky, side) - i) * (right - left);
  while (pixels > 0) {
    ChannelTask task;
    task.w = w;
    task.c_in = channels;
    task.x_stride = kLanes;
    task.accumulate = true;
    task.pixels = ceil_div(pixels, ceil_div(pixels, deconv.run.leaves.channel_pixels));  // evenly: a lone pixel would wait for its own sums
    for (int p = 0; p < task.pixels; ++p) {
      const std::ptrdiff_t from = static_cast<std::ptrdiff_t>(i) * side + j;
      const std::ptrdiff_t to = (2 * i + ky - 1) * 2 * static_cast<std::ptrdiff_t>(side) + 2 * j + kx - 1;
      task.x[p] = deconv.input_vector(from / kLanes) + first_channel * kLanes + from % kLanes;
      task.y[p] = sums + to * kChannelLanes;
      if (++j == right) {
        j = left;
        ++i;
      }
    }
    deconv.run.leaves.multiply_channels(task);
    pixels -= task.pixels;
  }
}

}  // namespace

void finish_vector(const DeconvRun& deconv, int first, std::ptrdiff_t vector, const float* sums) {
  const DeconvLayer& layer = deconv.layer;
  FinishTask task;
  task.channels = smaller(layer.c_out - first, kChannelLanes);
  task.sums = sums;
  task.scale = layer.scale + first;
  task.shift = layer.shift + first;
  task.activation = layer.activation;
  task.out_channel_stride = deconv.to_image ? pixel_vectors(2 * layer.side) * kLanes : kLanes;
  const std::ptrdiff_t vector_stride = deconv.to_image ? kLanes : static_cast<std::ptrdiff_t>(layer.c_out) * kLanes;
  task.out = deconv.y + first * task.out_channel_stride + vector * vector_stride;
  deconv.run.leaves.finish_channels(task);
}

std::ptrdiff_t channel_deconv_floats(const DeconvLayer& layer) { return pixel_vectors(2 * layer.side) * kLanes * kChannelLanes; }

// Parts take tiles of output channels.
void run_channel_deconv(const DeconvRun& deconv) {
  const DeconvLayer& layer = deconv.layer;
  for_each_part(deconv.run, [&](int part) {
    float* const sums = deconv.run.scratch_of(part);
    const Share tiles = share_of(channel_tiles(layer.c_out), part, deconv.run.parts);
    for (std::ptrdiff_t tile = tiles.first; tile < tiles.last; ++tile) {
      const float* w = layer.weights + tile * kTaps * layer.c_in * kChannelLanes;
      for (std::ptrdiff_t i = 0; i < channel_deconv_floats(layer); ++i) sums[i] = 0.0f;
      for (int first = 0; first < layer.c_in; first += kChannelBlock) {
        const int channels = smaller(layer.c_in - first, kChannelBlock);
        for (int tap = 0; tap < kTaps; ++tap, w += channels * kChannelLanes)
          multiply_tap(deconv, tap / kKernel, tap % kKernel, first, channels, w, sums);
      }
      for (std::ptrdiff_t vector = 0; vector < pixel_vectors(2 * layer.side); ++vector)
        finish_vector(deconv, static_cast<int>(tile) * kChannelLanes, vector, sums + vector * kLanes * kChannelLanes);
    }
  });
}

}  // namespace pbgen::edge
