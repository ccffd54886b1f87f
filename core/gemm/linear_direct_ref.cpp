#include "core/gemm/linear_direct.h"

namespace pbgen {
namespace {

std::int64_t features(const LaneShape& shape) { return shape.pixels() * shape.channels; }

// Where an image's feature lies.
std::int64_t index(const LaneShape& shape, std::int64_t image, std::int64_t feature) {
  const std::int64_t pixel = feature % shape.pixels();
  return shape.index(image, pixel / shape.width, pixel % shape.width, feature / shape.pixels());
}

}  // namespace

void linear_forward_ref(const float* w, const float* bias, ConstTensorView x, TensorView y) {
  for (std::int64_t image = 0; image < x.shape.batch; ++image)
    for (std::int64_t o = 0; o < features(y.shape); ++o) {
      double sum = bias == nullptr ? 0.0 : bias[o];
      for (std::int64_t i = 0; i < features(x.shape); ++i)
        sum += static_cast<double>(w[o * features(x.shape) + i]) * x.data[index(x.shape, image, i)];
      y.data[index(y.shape, image, o)] = static_cast<float>(sum);
    }
}

void linear_input_gradient_ref(const float* w, ConstTensorView dy, TensorView dx) {
  for (std::int64_t image = 0; image < dx.shape.batch; ++image)
    for (std::int64_t i = 0; i < features(dx.shape); ++i) {
      double sum = 0.0;
      for (std::int64_t o = 0; o < features(dy.shape); ++o)
        sum += static_cast<double>(w[o * features(dx.shape) + i]) * dy.data[index(dy.shape, image, o)];
      dx.data[index(dx.shape, image, i)] = static_cast<float>(sum);
    }
}

void linear_parameter_gradients_ref(ConstTensorView x, ConstTensorView dy, float beta, float* dw, float* db) {
  for (std::int64_t o = 0; o < features(dy.shape); ++o) {
    double bias_sum = db[o];
    for (std::int64_t image = 0; image < dy.shape.batch; ++image) bias_sum += dy.data[index(dy.shape, image, o)];
    db[o] = static_cast<float>(bias_sum);
    for (std::int64_t i = 0; i < features(x.shape); ++i) {
      float& result = dw[o * features(x.shape) + i];
      double sum = beta == 0.0f ? 0.0 : result;
      for (std::int64_t image = 0; image < x.shape.batch; ++image)
        sum += static_cast<double>(dy.data[index(dy.shape, image, o)]) * x.data[index(x.shape, image, i)];
      result = static_cast<float>(sum);
    }
  }
}

}  // namespace pbgen
