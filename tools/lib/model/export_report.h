// What an exported model takes, for people.
#pragma once

#include <string>

#include "gan/networks.h"
#include "gan/packed_model.h"
#include "tools/lib/cli/text_table.h"

namespace pbgen {

// part, bytes, in float (the same generator exported with 32 bits a weight), ratio: the parts of the file, whose sum is its size,
// the whole file, and the paper's ratio.
Table export_table(const NetworkConfig& config, const PackedModelOptions& options);

// How the linear layer, where it is the greater part of the file, can be smaller, and at what cost: bytes, ratio to the file in float,
// and what was measured of the images' distance (gan/PAPER.md).  Empty where it is in one bit, or not the greater part.
std::string smaller_linear_layer(const NetworkConfig& config, const PackedModelOptions& options);

// What libpbgen wants of a device for the exported file, and how much of it --prepacked saves: a line or two.  Error(input_output) where it
// cannot be read.
std::string device_memory(const std::string& path);

}  // namespace pbgen
