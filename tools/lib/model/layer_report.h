// The layers of a run's networks, for people: a table, the memory they take, and how they differ from the paper's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gan/accounting.h"
#include "tools/lib/cli/text_table.h"

namespace pbgen {

// A row a layer and one for each network's sum: its shapes, s_i (pixels in), c_i (channels in), redundancy, rank in redundancy_order(),
// multiply-adds of an image, parameters, bits a weight, bytes.  The network's name is left out where all rows have none.
Table layer_report(const std::vector<LayerRow>& rows, bool with_linear = false);

// The order of redundancy and its signs, as a sentence for each network.
std::vector<std::string> order_remarks(const std::vector<LayerRow>& rows, bool with_linear = false);

// One sentence for each layer whose redundancy has another sign than the paper's, and one that sums up.
std::vector<std::string> redundancy_remarks(const NetworkConfig& config);

}  // namespace pbgen
