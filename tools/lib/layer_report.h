// The layers of a run's networks, for people: a table, the memory they take, and how they differ from the paper's.
#pragma once

#include <string>
#include <vector>

#include "gan/networks.h"
#include "tools/lib/text_table.h"

namespace pbgen {

// network, layer, in, out, s_i (pixels in), redundancy, bits, parameters, bytes; a row a layer and one for each network's sum.
Table layer_report(const NetworkConfig& config);

// One sentence for each layer whose redundancy has another sign than the paper's, and one that sums up.
std::vector<std::string> redundancy_remarks(const NetworkConfig& config);

}  // namespace pbgen
