// The layers of a run's networks, for people: a table, the memory they take, and how they differ from the paper's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gan/accounting.h"
#include "tools/lib/cli/text_table.h"

namespace pbgen {

// What the tables' words mean, for who sees one for the first time.
inline constexpr const char* kRedundancyMeaning =
    "Redundancy: input channels c_i less input pixels s_i (of a convolution: weights\n"
    "of an output less outputs). The higher it is, the less should one bit cost.";

// A row a layer and one for each network's sum: bits a weight, bytes, redundancy, rank in redundancy_order(), parameters, shapes, s_i
// (pixels in), c_i (channels in), multiply-adds of an image.  The network's name is left out where all rows have none.
Table layer_report(const std::vector<LayerRow>& rows, bool with_linear = false);

// The same, a table for each network.
struct NetworkLayers {
  std::string network;
  Table layers;
};
std::vector<NetworkLayers> layers_by_network(const std::vector<LayerRow>& rows);

// The order of redundancy and its signs, as a sentence for each network.
std::vector<std::string> order_remarks(const std::vector<LayerRow>& rows, bool with_linear = false);

// One sentence for each layer whose redundancy has another sign than the paper's, and one that sums up.
std::vector<std::string> redundancy_remarks(const NetworkConfig& config);

}  // namespace pbgen
