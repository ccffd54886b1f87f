#include "tools/lib/paper/pieces/conv4_width.h"

#include <cstdint>

#include "gan/accounting.h"
#include "gan/packed_model.h"

namespace pbgen {
namespace {

struct DeconvolutionSums {
  double weights = 0.0;
  double operations = 0.0;
};

DeconvolutionSums deconvolution_sums(const NetworkConfig& config) {
  DeconvolutionSums sums;
  for (const LayerRow& row : layer_table(config)) {
    if (row.kind != LayerKind::deconv) continue;
    sums.weights += static_cast<double>(row.weights());
    sums.operations += static_cast<double>(row.multiply_adds());
  }
  return sums;
}

double file_bytes(NetworkConfig config, LayerSet binarized) {
  config.binarized = {binarized, {}};
  return static_cast<double>(packed_model_bytes(config));
}

}  // namespace

int redundant_width(const NetworkConfig& original) { return original.size / 2 * (original.size / 2); }

WidthCost width_cost(const NetworkConfig& original, int c_4) {
  NetworkConfig config = original;
  config.g_widths[3] = c_4;
  WidthCost cost;
  cost.c_4 = c_4;
  cost.all_binarized = c_4 >= redundant_width(original);
  config.binarized = parse_setting(cost.all_binarized ? "G" : "F");

  const Saving own = generator_countings(config).front().saving;
  const DeconvolutionSums wide = deconvolution_sums(config);
  const DeconvolutionSums narrow = deconvolution_sums(original);
  cost.counted_same = 1.0 / own.memory;
  cost.counted = cost.counted_same * wide.weights / narrow.weights;
  cost.operations = wide.operations / narrow.operations / own.inference;

  const double bytes = file_bytes(config, config.binarized.generator);
  cost.file = bytes / file_bytes(original, {});
  cost.file_same = bytes / file_bytes(config, {});
  return cost;
}

std::vector<WidthCost> width_costs(const NetworkConfig& original) {
  const int step = original.g_widths[3];
  const int enough = redundant_width(original);
  std::vector<WidthCost> costs;
  for (int c_4 = step; c_4 < enough - 1; c_4 += step) costs.push_back(width_cost(original, c_4));
  for (const int c_4 : {enough - 1, enough, enough + step}) costs.push_back(width_cost(original, c_4));
  return costs;
}

}  // namespace pbgen
