// What an exported model takes, for people.
#pragma once

#include "gan/networks.h"
#include "gan/packed_model.h"
#include "tools/lib/text_table.h"

namespace pbgen {

// part, bytes, in float (the same generator exported with 32 bits a weight), ratio: the parts of the file, whose sum is its size,
// the whole file, and the paper's ratio.
Table export_table(const NetworkConfig& config, const PackedModelOptions& options);

}  // namespace pbgen
