// The layers of the one-image runtime, each alone.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/aligned_buffer.h"
#include "core/base/check.h"
#include "core/freestanding/half.h"
#include "core/freestanding/ints.h"
#include "gan/accounting.h"
#include "gan/edge/float_deconv.h"
#include "gan/edge/pack.h"
#include "gan/edge/run.h"
#include "tools/lib/bench/case.h"
#include "tools/lib/bench/random_values.h"
#include "tools/lib/bench/winograd_magnitude.h"
#include "tools/lib/model/edge_generator.h"

namespace pbgen {
namespace {

enum class Precision { floats, laid_out, halves, signs };

const char* path_of(Precision precision) {
  switch (precision) {
    case Precision::floats: return "float";
    case Precision::laid_out: return "float, laid out";
    case Precision::halves: return "half";
    case Precision::signs: return "one bit";
  }
  return "";
}

struct Expected {
  double value = 0.0;
  double bound = 0.0;
};

// One layer with its weights, its input and its output.
class EdgeLayer {
 public:
  EdgeLayer(const LayerRow& row, Precision precision, bool to_image)
      : what_(concat(row.name, ", ", path_of(precision))),
        linear_(row.kind == LayerKind::linear),
        to_image_(to_image),
        c_in_(static_cast<int>(row.c_in)),
        c_out_(static_cast<int>(row.c_out)),
        side_in_(static_cast<int>(row.height_in)),
        side_out_(static_cast<int>(row.height_out)),
        threads_(threads_in_force()),
        weights_(random_values(row.weights(), 1)),
        scale_(random_values(c_out_, 2, 1.0 / std::sqrt(static_cast<double>(row.c_in)))),
        shift_(random_values(linear_ ? row.c_out * row.height_out * row.width_out : row.c_out, 3, 0.1)),
        x_(random_values(linear_ ? c_in_ : edge::activation_floats(c_in_, side_in_), 4)),
        y_(edge::activation_floats(c_out_, side_out_)) {
    const std::ptrdiff_t part_floats = linear_ ? place_linear(precision) : place_deconv(precision);
    part_floats_ = round_up(part_floats, AlignedBuffer<float>::kAlignment / sizeof(float));
    scratch_ = AlignedBuffer<float>(part_floats_ * threads_.parts);
  }

  void run() {
    const edge::Run run{generator_, *edge::leaves_of(edge_path()), &threads_, threads_.parts, x_.data(), scratch_.data(), part_floats_};
    if (linear_) edge::run_linear(run, y_.data());
    else edge::run_deconv({run, generator_.deconvs[0], x_.data(), y_.data(), to_image_, 0, side_in_});
  }

  // A hundred values, the corners among them, against the layer's definition in double.
  void check_values() const {
    constexpr std::int64_t kSamples = 100;
    const std::int64_t pixels = std::int64_t{side_out_} * side_out_;
    const std::int64_t count = pixels * c_out_;
    for (std::int64_t sample = 0; sample < kSamples; ++sample) {
      const std::int64_t at = sample * (count - 1) / (kSamples - 1);
      const int channel = static_cast<int>(at / pixels);
      const std::int64_t pixel = at % pixels;
      const Expected expected = linear_ ? linear_value(channel, pixel) : deconv_value(channel, pixel);
      const double got = static_cast<double>(y_[to_image_ ? at : place(channel, pixel, c_out_)]);
      check(std::fabs(got - expected.value) <= expected.bound, "bench: ", what_, ": channel ", channel, ", pixel ", pixel, " is ", got,
            ", expected ", expected.value, " within ", expected.bound);
    }
  }

 private:
  template <class T>
  T* keep(std::size_t count) {
    packed_ = AlignedBuffer<unsigned char>(static_cast<std::int64_t>(count * sizeof(T)));
    return reinterpret_cast<T*>(packed_.data());
  }

  // Both return the scratch of a part.
  std::ptrdiff_t place_linear(Precision precision) {
    edge::LinearLayer& layer = generator_.linear;
    layer.z_dim = c_in_;
    layer.channels = c_out_;
    layer.side = side_out_;
    layer.scale = scale_.data();
    packed_shift_ = AlignedBuffer<float>(static_cast<std::int64_t>(edge::linear_shift_size(c_out_, side_out_)));
    edge::pack_linear_shift(shift_.data(), c_out_, side_out_, packed_shift_.data());
    layer.shift = packed_shift_.data();
    if (precision == Precision::floats) {
      layer.rows = weights_.data();
    } else if (precision == Precision::laid_out) {
      float* const weights = keep<float>(edge::linear_floats_size(c_in_, c_out_, side_out_));
      edge::pack_linear_floats(weights_.data(), c_in_, c_out_, side_out_, weights);
      layer.weights = weights;
    } else if (precision == Precision::halves) {
      auto* const halves = keep<std::uint16_t>(static_cast<std::size_t>(weights_.size()));
      for (std::int64_t i = 0; i < weights_.size(); ++i) {
        halves[i] = half_of_float(weights_[i]).bits;
        weights_[i] = float_of_half({halves[i]});
      }
      layer.half_rows = halves;
    } else {
      auto* const words = keep<std::uint32_t>(edge::linear_signs_size(c_in_, c_out_, side_out_));
      edge::pack_linear_signs(weights_.data(), c_in_, c_out_, side_out_, words);
      layer.sign_words = words;
      take_signs();
    }
    return edge::linear_part_floats(layer);
  }

  std::ptrdiff_t place_deconv(Precision precision) {
    edge::DeconvLayer& layer = generator_.deconvs[0];
    layer.c_in = c_in_;
    layer.c_out = c_out_;
    layer.side = side_in_;
    layer.scale = scale_.data();
    layer.shift = shift_.data();
    if (to_image_) layer.activation = edge::Activation::tanh;
    if (precision == Precision::signs) {
      auto* const numbers = keep<std::uint8_t>(edge::deconv_signs_size(c_in_, c_out_));
      edge::pack_deconv_signs(weights_.data(), c_in_, c_out_, numbers);
      layer.row_numbers = numbers;
      take_signs();
    } else {
      float* const weights = keep<float>(edge::deconv_floats_size(c_in_, c_out_, side_in_));
      edge::pack_deconv_floats(weights_.data(), c_in_, c_out_, side_in_, weights);
      layer.weights = weights;
    }
    return edge::deconv_part_floats(layer, *edge::leaves_of(edge_path()));
  }

  void take_signs() {
    for (float& weight : weights_) weight = weight >= 0.0f ? 1.0f : -1.0f;
  }

  // Where a value lies in [pixels/8][channels][8].
  static std::int64_t place(std::int64_t channel, std::int64_t pixel, std::int64_t channels) {
    return (pixel / edge::kLanes * channels + channel) * edge::kLanes + pixel % edge::kLanes;
  }

  // gan/edge/generator.h: |error| <= (n + 8) * 2^-24 * (|scale| * sum |w||x| + |shift|), which no activation makes larger; tanh 3e-7.
  Expected finished(double sum, double magnitude, double roundings, int channel, std::int64_t shift_at) const {
    const double scale = static_cast<double>(scale_[channel]);
    const double shift = static_cast<double>(shift_[shift_at]);
    const double y = scale * sum + shift;
    const double bound = roundings * 0x1p-24 * (std::fabs(scale) * magnitude + std::fabs(shift));
    if (to_image_) return {std::tanh(y), bound + 3e-7};
    return {std::max(y, 0.0), bound};
  }

  Expected linear_value(int channel, std::int64_t pixel) const {
    const std::int64_t feature = std::int64_t{channel} * side_out_ * side_out_ + pixel;
    double sum = 0.0;
    double magnitude = 0.0;
    for (int i = 0; i < c_in_; ++i) {
      const double product = static_cast<double>(weights_[feature * c_in_ + i]) * static_cast<double>(x_[i]);
      sum += product;
      magnitude += std::fabs(product);
    }
    return finished(sum, magnitude, c_in_ + 8.0, channel, feature);
  }

  // y[2i + k - 1, o] = sum over c_in, i, k of x[i, c_in] * w[c_in, o, k].
  Expected deconv_value(int channel, std::int64_t pixel) const {
    double sum = 0.0;
    double magnitude = 0.0;
    int terms = 0;
    for (int tap = 0; tap < edge::kTaps; ++tap) {
      const std::int64_t twice_row = pixel / side_out_ + 1 - tap / edge::kKernel;
      const std::int64_t twice_column = pixel % side_out_ + 1 - tap % edge::kKernel;
      const bool meets = twice_row >= 0 && twice_row % 2 == 0 && twice_row / 2 < side_in_ && twice_column >= 0 && twice_column % 2 == 0 &&
                         twice_column / 2 < side_in_;
      if (!meets) continue;
      const std::int64_t from = twice_row / 2 * side_in_ + twice_column / 2;
      terms += c_in_;
      for (std::int64_t c = 0; c < c_in_; ++c) {
        const double product = static_cast<double>(weights_[(c * c_out_ + channel) * edge::kTaps + tap]) *
                               static_cast<double>(x_[place(c, from, c_in_)]);
        sum += product;
        magnitude += std::fabs(product);
      }
    }
    if (generator_.deconvs[0].weights == nullptr || edge::float_deconv(c_in_, c_out_, side_in_) != edge::FloatDeconv::winograd)
      return finished(sum, magnitude, terms + 8.0, channel, channel);
    magnitude = winograd_magnitude(
        c_in_, side_in_, static_cast<int>(pixel / side_out_), static_cast<int>(pixel % side_out_),
        [&](int c, int row, int column) { return x_[place(c, std::int64_t{row} * side_in_ + column, c_in_)]; },
        [&](int c, int i, int j) {
          return point_weight_magnitude(i, j, [&](int tap) { return weights_[(std::int64_t{c} * c_out_ + channel) * edge::kTaps + tap]; });
        });
    return finished(sum, magnitude, winograd_roundings(c_in_), channel, channel);
  }

  std::string what_;
  bool linear_;
  bool to_image_;
  int c_in_;
  int c_out_;
  int side_in_;
  int side_out_;
  edge::ParallelFor threads_;
  AlignedBuffer<float> weights_;  // as they are multiplied by
  AlignedBuffer<float> scale_;
  AlignedBuffer<float> shift_;
  AlignedBuffer<float> packed_shift_;
  AlignedBuffer<float> x_;  // z, or an activation of the runtime
  AlignedBuffer<float> y_;
  AlignedBuffer<unsigned char> packed_;
  AlignedBuffer<float> scratch_;
  std::ptrdiff_t part_floats_ = 0;
  edge::Generator generator_;
};

BenchCase layer_case(const LayerRow& row, Precision precision, bool to_image) {
  BenchCase one;
  one.section = "edge";
  one.layer = row.name;
  one.op = "forward";
  one.path = path_of(precision);
  if (precision == Precision::halves || precision == Precision::signs) one.float_path = kFastestFloat;
  one.shape = concat(row.c_in, "x", row.height_in, "x", row.width_in, " -> ", row.c_out, "x", row.height_out, "x", row.width_out);
  one.batch = 1;
  one.flops = 2.0 * static_cast<double>(row.multiply_adds());
  one.least_repeats = 50;
  one.prepare = [row, precision, to_image] {
    const auto layer = std::make_shared<EdgeLayer>(row, precision, to_image);
    return PreparedCase{[layer] { layer->run(); }, [layer] { layer->check_values(); }};
  };
  return one;
}

}  // namespace

std::vector<BenchCase> edge_layer_cases(const NetworkConfig& network) {
  std::vector<LayerRow> rows;
  for (const LayerRow& row : layer_table(network))
    if (row.network == "generator") rows.push_back(row);
  std::vector<BenchCase> cases;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool linear = rows[i].kind == LayerKind::linear;
    for (const Precision precision : {Precision::floats, Precision::laid_out, Precision::halves, Precision::signs})
      if (linear || precision == Precision::floats || precision == Precision::signs)
        cases.push_back(layer_case(rows[i], precision, i + 1 == rows.size()));
  }
  return cases;
}

}  // namespace pbgen
