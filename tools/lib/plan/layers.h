// A net described layer by layer in a JSON file: ./tools/plan --layers FILE.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gan/accounting.h"

namespace pbgen {

// What the file holds, for the help.
extern const char* const kLayersFormat;

// {"layers": [{"name": "up1", "kind": "deconv", "c_in": 512, "c_out": 256, "kernel": 5, "stride": 2, "height": 4, "width": 4,
// "binarized": true}, ...]}: 1 to 1,000 layers.
//   kind           deconv, conv or linear
//   c_in, c_out    channels, 1 .. 2^20
//   kernel         a number or [height, width], each 1 .. 1024; of a linear layer 1 or left out
//   stride         1 .. 1024; of a linear layer 1 or left out
//   height, width  of the input map, 1 .. 65536; of a linear layer 1 where left out (it reads c_in * height * width numbers)
//   binarized      false where left out
//   name           1 to 32 of letters, digits and _ - . /, each name once; where left out, the kind and the layer's index
// Padding is SAME (LayerRow).  Error(data) naming path, layer and key for anything else, keys that are not known included, and for
// a layer of more than 10^15 multiply-adds, so that no count of the net overflows.  Rows have no network and no other parameters.
std::vector<LayerRow> parse_layers(std::string_view text, const std::string& path);
// The net in a file of at most 1 MiB; Error(input_output) where it cannot be read or is larger.
std::vector<LayerRow> load_layers(const std::string& path);

}  // namespace pbgen
