// The leaves' definition: scalar, double accumulators.
#include "core/freestanding/tanh.h"
#include "gan/edge/generator_leaf.h"

namespace pbgen::edge {
namespace {

float activate(float x, Activation activation) {
  if (activation == Activation::relu) return x < 0.0f ? 0.0f : x;
  if (activation == Activation::tanh) return tanh_of(x);
  return x;
}

void finish_linear(const LinearTask& task, std::ptrdiff_t vector, int lane, double sum) {
  const std::ptrdiff_t at = vector * kLanes + lane;
  const double y = static_cast<double>(task.scale[vector % task.channels]) * sum + static_cast<double>(task.shift[at]);
  task.out[at] = activate(static_cast<float>(y), task.activation);
}

void linear_floats(const float* w, const LinearTask& task) {
  for (std::ptrdiff_t vector = task.first * kLinearVectors; vector < task.last * kLinearVectors; ++vector)
    for (int lane = 0; lane < kLanes; ++lane) {
      const float* const tile = w + (vector / kLinearVectors - task.weights_first) * kLinearVectors * kLanes * task.z_dim;
      double sum = 0.0;
      for (int i = 0; i < task.z_dim; ++i)
        sum += static_cast<double>(tile[(i * kLinearVectors + vector % kLinearVectors) * kLanes + lane]) * static_cast<double>(task.z[i]);
      finish_linear(task, vector, lane, sum);
    }
}

void linear_signs(const std::uint32_t* words, const LinearTask& task) {
  constexpr int kWordBits = kWordInputs * kWordGroups;
  const std::ptrdiff_t count = (task.z_dim + kWordBits - 1) / kWordBits;
  for (std::ptrdiff_t vector = task.first * kLinearVectors; vector < task.last * kLinearVectors; ++vector)
    for (int lane = 0; lane < kLanes; ++lane) {
      double sum = 0.0;
      for (int i = 0; i < task.z_dim; ++i) {
        const std::ptrdiff_t word = vector / kWordVectors * count + i / kWordBits;
        const std::uint32_t bits = words[(word * kWordVectors + vector % kWordVectors) * kLanes + lane];
        const double z = static_cast<double>(task.z[i]);
        sum += (bits >> i % kWordBits & 1) != 0 ? z : -z;
      }
      finish_linear(task, vector, lane, sum);
    }
}

void multiply_floats(const float* w, int c_in, const float* x0, const float* x1, float* p0, float* p1) {
  for (int kx = 0; kx < kKernel; ++kx)
    for (int lane = 0; lane < kLanes; ++lane) {
      double sum0 = 0.0;
      double sum1 = 0.0;
      for (int c = 0; c < c_in; ++c) {
        const double weight = static_cast<double>(w[c * kKernel + kx]);
        sum0 += weight * static_cast<double>(x0[c * kLanes + lane]);
        sum1 += weight * static_cast<double>(x1[c * kLanes + lane]);
      }
      p0[kx * kLanes + lane] = static_cast<float>(sum0);
      p1[kx * kLanes + lane] = static_cast<float>(sum1);
    }
}

void multiply_signs(const SignTask& task) {
  for (std::ptrdiff_t row = 0; row < task.row_blocks * kRowBlock; ++row) {
    const std::uint8_t* const numbers = task.numbers + row / kRowBlock * task.groups * kRowBlock + row % kRowBlock;
    double sum[kLanes] = {};
    for (int group = 0; group < task.groups; ++group) {
      const unsigned number = numbers[group * kRowBlock] / 4;
      const int begin = group_begin(task.c_in, task.first_group + group);
      const int end = group_begin(task.c_in, task.first_group + group + 1);
      for (int c = begin; c < end; ++c) {
        const double sign = (number >> (c - begin) & 1) != 0 ? 1.0 : -1.0;
        for (int lane = 0; lane < kLanes; ++lane) sum[lane] += sign * static_cast<double>(task.x[c * kLanes + lane]);
      }
    }
    float* const p = task.p + row * kLanes;
    for (int lane = 0; lane < kLanes; ++lane)
      p[lane] = static_cast<float>(sum[lane] + (task.accumulate ? static_cast<double>(p[lane]) : 0.0));
  }
}

void assemble(const AssembleTask& task) {
  // The sum over the phase's ky of the product at kernel column kx and input column x.
  const auto column = [&](int o, int phase, int kx, int x) {
    double sum = 0.0;
    for (int ky = 1 - phase; ky < kKernel; ky += 2)
      if (task.row[ky] != nullptr && x >= 0 && x < task.side)
        sum += static_cast<double>(
            task.row[ky][o * task.channel_stride + x / kLanes * task.vector_stride + kx * kLanes + x % kLanes]);
    return sum;
  };
  for (int o = 0; o < task.channels; ++o)
    for (int phase = 0; phase < 2; ++phase) {
      float* const out = (phase == 0 ? task.even : task.odd) + o * task.out_channel_stride;
      for (int j = 0; j < 2 * task.side; ++j) {
        double sum = 0.0;
        for (int kx = 1 - j % 2; kx < kKernel; kx += 2) sum += column(o, phase, kx, j / 2 + kRowOffset[kx]);
        const double y = static_cast<double>(task.scale[o]) * sum + static_cast<double>(task.shift[o]);
        out[j / kLanes * task.out_vector_stride + j % kLanes] = activate(static_cast<float>(y), task.activation);
      }
    }
}

void multiply_channels(const ChannelTask& task) {
  for (int pixel = 0; pixel < task.pixels; ++pixel)
    for (int o = 0; o < kChannelLanes; ++o) {
      double sum = task.accumulate ? static_cast<double>(task.y[pixel][o]) : 0.0;
      for (int c = 0; c < task.c_in; ++c)
        sum += static_cast<double>(task.w[c * kChannelLanes + o]) * static_cast<double>(task.x[pixel][c * task.x_stride]);
      task.y[pixel][o] = static_cast<float>(sum);
    }
}

void finish_channels(const FinishTask& task) {
  for (int o = 0; o < task.channels; ++o)
    for (int pixel = 0; pixel < kLanes; ++pixel) {
      const double sum = static_cast<double>(task.sums[pixel * kChannelLanes + o]);
      const double y = static_cast<double>(task.scale[o]) * sum + static_cast<double>(task.shift[o]);
      task.out[o * task.out_channel_stride + pixel] = activate(static_cast<float>(y), task.activation);
    }
}

void combine(const CombineTask& task) {
  for (int n = 0; n < task.count; ++n)
    for (int lane = 0; lane < task.lanes; ++lane) {
      double sum = 0.0;
      for (int term = 0; term < task.terms; ++term)
        sum += static_cast<double>(task.factor[term]) * static_cast<double>(task.from[term][n * task.from_stride + lane]);
      task.to[n * task.to_stride + lane] = static_cast<float>(sum);
    }
}

}  // namespace

const Leaves kReferenceLeaves = {linear_floats, linear_signs,      multiply_floats, multiply_signs,
                                 assemble,      multiply_channels, finish_channels, combine};

}  // namespace pbgen::edge
