// Every layer with weights once more, as its definition reads: double precision, NCHW, direct indices, no shared code.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/tensor/tensor.h"

namespace pbgen {

// [batch][channels][height][width]
struct NaiveTensor {
  NaiveTensor(std::int64_t batch_, std::int64_t channels_, std::int64_t height_, std::int64_t width_)
      : batch(batch_), channels(channels_), height(height_), width(width_),
        values(static_cast<std::size_t>(batch_ * channels_ * height_ * width_)) {}

  double& at(std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) {
    return values[static_cast<std::size_t>(((n * channels + c) * height + y) * width + x)];
  }
  double at(std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) const { return const_cast<NaiveTensor&>(*this).at(n, c, y, x); }

  std::int64_t batch, channels, height, width;
  std::vector<double> values;
};

inline NaiveTensor to_naive(ConstTensorView lanes) {
  const LaneShape& s = lanes.shape;
  NaiveTensor naive(s.batch, s.channels, s.height, s.width);
  for (std::int64_t n = 0; n < s.batch; ++n)
    for (std::int64_t c = 0; c < s.channels; ++c)
      for (std::int64_t y = 0; y < s.height; ++y)
        for (std::int64_t x = 0; x < s.width; ++x) naive.at(n, c, y, x) = static_cast<double>(lanes.data[s.index(n, y, x, c)]);
  return naive;
}

// weight [out][in], features in NCHW order on both sides.
inline NaiveTensor naive_linear(const NaiveTensor& in, const std::vector<double>& weight, const std::vector<double>& bias,
                                std::int64_t c_out, std::int64_t h_out, std::int64_t w_out) {
  NaiveTensor out(in.batch, c_out, h_out, w_out);
  const std::size_t features_in = static_cast<std::size_t>(in.channels * in.height * in.width);
  const std::size_t features_out = bias.size();
  for (std::size_t n = 0; n < static_cast<std::size_t>(in.batch); ++n)
    for (std::size_t o = 0; o < features_out; ++o) {
      double sum = bias[o];
      for (std::size_t i = 0; i < features_in; ++i) sum += weight[o * features_in + i] * in.values[n * features_in + i];
      out.values[n * features_out + o] = sum;
    }
  return out;
}

// TensorFlow's SAME: what is missing for ceil(big / stride) windows, the smaller half before.
inline std::int64_t naive_pad_before(std::int64_t big, std::int64_t kernel, std::int64_t stride) {
  const std::int64_t windows = big / stride + (big % stride != 0 ? 1 : 0);
  return std::max<std::int64_t>(stride * (windows - 1) + kernel - big, 0) / 2;
}

// weight [c_out][c_in][kernel][kernel]
inline NaiveTensor naive_conv2d(const NaiveTensor& in, const std::vector<double>& weight, const std::vector<double>& bias,
                                std::int64_t kernel, std::int64_t stride) {
  const std::int64_t c_out = static_cast<std::int64_t>(bias.size());
  NaiveTensor out(in.batch, c_out, (in.height + stride - 1) / stride, (in.width + stride - 1) / stride);
  const std::int64_t top = naive_pad_before(in.height, kernel, stride);
  const std::int64_t left = naive_pad_before(in.width, kernel, stride);
  for (std::int64_t n = 0; n < out.batch; ++n)
    for (std::int64_t o = 0; o < c_out; ++o)
      for (std::int64_t y = 0; y < out.height; ++y)
        for (std::int64_t x = 0; x < out.width; ++x) {
          double sum = bias[static_cast<std::size_t>(o)];
          for (std::int64_t c = 0; c < in.channels; ++c)
            for (std::int64_t ky = 0; ky < kernel; ++ky)
              for (std::int64_t kx = 0; kx < kernel; ++kx) {
                const std::int64_t from_y = stride * y + ky - top;
                const std::int64_t from_x = stride * x + kx - left;
                if (from_y < 0 || from_y >= in.height || from_x < 0 || from_x >= in.width) continue;
                const std::int64_t tap = ((o * in.channels + c) * kernel + ky) * kernel + kx;
                sum += in.at(n, c, from_y, from_x) * weight[static_cast<std::size_t>(tap)];
              }
          out.at(n, o, y, x) = sum;
        }
  return out;
}

// weight [c_in][c_out][kernel][kernel]
inline NaiveTensor naive_deconv2d(const NaiveTensor& in, const std::vector<double>& weight, const std::vector<double>& bias,
                                  std::int64_t kernel, std::int64_t stride) {
  const std::int64_t c_out = static_cast<std::int64_t>(bias.size());
  NaiveTensor out(in.batch, c_out, in.height * stride, in.width * stride);
  const std::int64_t top = naive_pad_before(out.height, kernel, stride);
  const std::int64_t left = naive_pad_before(out.width, kernel, stride);
  for (std::int64_t n = 0; n < out.batch; ++n)
    for (std::int64_t o = 0; o < c_out; ++o) {
      for (std::int64_t y = 0; y < out.height; ++y)
        for (std::int64_t x = 0; x < out.width; ++x) out.at(n, o, y, x) = bias[static_cast<std::size_t>(o)];
      for (std::int64_t c = 0; c < in.channels; ++c)
        for (std::int64_t y = 0; y < in.height; ++y)
          for (std::int64_t x = 0; x < in.width; ++x)
            for (std::int64_t ky = 0; ky < kernel; ++ky)
              for (std::int64_t kx = 0; kx < kernel; ++kx) {
                const std::int64_t to_y = stride * y + ky - top;
                const std::int64_t to_x = stride * x + kx - left;
                if (to_y < 0 || to_y >= out.height || to_x < 0 || to_x >= out.width) continue;
                const std::int64_t tap = ((c * c_out + o) * kernel + ky) * kernel + kx;
                out.at(n, o, to_y, to_x) += in.at(n, c, y, x) * weight[static_cast<std::size_t>(tap)];
              }
    }
  return out;
}

// mean |W| of every channel; channel_of[i] is the output channel of weight i.
inline std::vector<double> naive_scale(const std::vector<double>& weight, const std::vector<std::size_t>& channel_of) {
  std::vector<double> sums(1 + *std::max_element(channel_of.begin(), channel_of.end()));
  std::vector<double> counts(sums.size());
  for (std::size_t i = 0; i < weight.size(); ++i) {
    sums[channel_of[i]] += std::fabs(weight[i]);
    counts[channel_of[i]] += 1.0;
  }
  for (std::size_t c = 0; c < sums.size(); ++c) sums[c] /= counts[c];
  return sums;
}

inline double naive_sign(double value) { return value < 0.0 ? -1.0 : 1.0; }

// W_b = alpha * sign(W)
inline std::vector<double> naive_binarize(const std::vector<double>& weight, const std::vector<std::size_t>& channel_of) {
  const std::vector<double> alpha = naive_scale(weight, channel_of);
  std::vector<double> binary(weight.size());
  for (std::size_t i = 0; i < weight.size(); ++i) binary[i] = alpha[channel_of[i]] * naive_sign(weight[i]);
  return binary;
}

// The output channel of every weight: of [c_out][rest], and of [c_in][c_out][taps].
inline std::vector<std::size_t> channels_of_rows(std::size_t c_out, std::size_t weights_per_channel) {
  std::vector<std::size_t> channel_of;
  for (std::size_t o = 0; o < c_out; ++o) channel_of.insert(channel_of.end(), weights_per_channel, o);
  return channel_of;
}

inline std::vector<std::size_t> channels_of_deconv(std::size_t c_in, std::size_t c_out, std::size_t taps) {
  std::vector<std::size_t> channel_of;
  for (std::size_t i = 0; i < c_in; ++i)
    for (std::size_t o = 0; o < c_out; ++o) channel_of.insert(channel_of.end(), taps, o);
  return channel_of;
}

}  // namespace pbgen
