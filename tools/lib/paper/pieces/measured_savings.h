// What binarizing saves on this machine, measured: time and memory of drawing an image, time of a training iteration.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gan/networks.h"
#include "tools/lib/cli/text_table.h"

namespace pbgen {

inline constexpr int kMeasuredBatch = 64;  // the paper's

enum class Quantity {
  batch_image,  // seconds an image, kMeasuredBatch of them drawn at once
  single_image, // seconds, one image at a time through gan/edge
  iteration,    // seconds, a training iteration on kMeasuredBatch images
  weights,      // bytes that gan/edge holds of packed weights, scales and shifts
  activations,  // bytes of its scratch
  resident,     // bytes that the process grew by to hold a generator in gan/edge and to draw an image; 0 where that cannot be told
};
std::string_view name(Quantity quantity);

struct Measurement {
  std::string network;  // network_key()
  Quantity quantity = Quantity::batch_image;
  std::string setting;  // a letter of Table II: A, F; H for iteration alone
  double value = 0.0;
};

// "64x64, c_1..c_4 512 256 128 64, d 64 128 256 512": which networks a measurement is of.
std::string network_key(const NetworkConfig& config);

// All quantities.  `repeats` >= 1 runs of each, after one that does not count, the fastest wins.
std::vector<Measurement> measure_savings(const NetworkConfig& config, int repeats);

// As CSV holds them, with the machine beside each.
Table measurement_table(const std::vector<Measurement>& measurements);
// The inverse; nothing where it is not such a table.
std::optional<std::vector<Measurement>> read_measurements(const Table& table);

// NaN where there is none.
double measured(const std::vector<Measurement>& all, const std::string& network, Quantity quantity, std::string_view setting);

}  // namespace pbgen
