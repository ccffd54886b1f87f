// A generator for tests: every array has values of its own.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "core/base/rng.h"
#include "core/tensor/param.h"
#include "gan/networks.h"
#include "layers/sequential.h"

namespace pbgen {

inline void fill(NamedArray& array, std::uint32_t number, double low, double high) {
  const CounterRng rng(1, Stream::test, number);
  for (std::int64_t i = 0; i < array.value.size(); ++i) array.value[i] = static_cast<float>(rng.uniform(i, low, high));
}

// A generator whose every array differs from its initial values and whose layers keep what they make of the order of 1;
// some weights are zeros, whose sign is +1.
inline Sequential some_generator(const NetworkConfig& config) {
  Sequential network = make_generator(config);
  std::uint32_t number = 0;
  for (Param* const param : network.params()) {
    const bool weight = param->name.ends_with(".weight");
    const double terms = param->dims.size() == 4 ? 6.25 * static_cast<double>(param->dims[0]) : static_cast<double>(param->dims.back());
    if (weight) fill(*param, number++, -2.0 / std::sqrt(terms), 2.0 / std::sqrt(terms));
    else if (param->name.ends_with(".gamma")) fill(*param, number++, 0.5, 1.5);
    else fill(*param, number++, -0.3, 0.3);
    for (std::int64_t i = 0; weight && i < param->value.size(); i += 17) param->value[i] = 0.0f;
  }
  for (NamedArray* const buffer : network.buffers()) {
    if (buffer->name.ends_with("_var")) fill(*buffer, number++, 0.2, 0.6);
    else fill(*buffer, number++, -0.2, 0.2);
  }
  network.weights_loaded();
  return network;
}

}  // namespace pbgen
