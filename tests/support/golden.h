// Reads the golden vectors of tests/golden (see its README.md); the tests run in the repository's root.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/files/safetensors.h"
#include "core/tensor/param.h"
#include "core/tensor/tensor.h"

namespace pbgen {

class Golden {
 public:
  explicit Golden(const std::string& file)
      : file_(SafetensorsFile::load("tests/golden/" + file, SafetensorsFile::Checksum::optional)) {}

  const std::vector<std::int64_t>& dims(const std::string& name) const {
    const SafetensorsFile::Tensor* const tensor = file_.find(name);
    check(tensor != nullptr, file_.path(), " holds no ", name);
    return tensor->dims;
  }

  std::vector<double> values(const std::string& name) const {
    const auto floats = file_.values<float>(name, dims(name));
    return {floats.begin(), floats.end()};
  }

  void fill(NamedArray& array, const std::string& name) const {
    const auto floats = file_.values<float>(name, array.dims);
    std::copy(floats.begin(), floats.end(), array.value.begin());
  }

  // Activations are stored [batch][channels][height][width]; trailing dimensions that are missing are 1.
  Tensor activation(const std::string& name) const {
    std::vector<std::int64_t> shape = dims(name);
    shape.resize(4, 1);
    Tensor tensor({shape[0], shape[2], shape[3], shape[1]});
    fill_lanes(tensor.view(), values(name).data());
    return tensor;
  }

  static void fill_lanes(TensorView lanes, const double* nchw) {
    const LaneShape& s = lanes.shape;
    for (std::int64_t n = 0; n < s.batch; ++n)
      for (std::int64_t c = 0; c < s.channels; ++c)
        for (std::int64_t y = 0; y < s.height; ++y)
          for (std::int64_t x = 0; x < s.width; ++x) lanes.data[s.index(n, y, x, c)] = static_cast<float>(*nchw++);
  }

 private:
  SafetensorsFile file_;
};

}  // namespace pbgen
