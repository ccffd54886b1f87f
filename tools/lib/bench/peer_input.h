// What peers are given and held to: our weights, and what we make of them, in files that the scripts under tools/peers read.
#pragma once

#include <string>

#include "tools/lib/bench/case.h"
#include "tools/lib/bench/run.h"

namespace pbgen {

// Writes into the folder, of what the filter wants, Setting A:
//
//   edge.npz, network.npz                the generator, everything folded in, as ./tools/export --to npz writes it
//   edge_images.npz, network_images.npz  z [n][z_dim], and images [n][channels][size][size] of it: of edge one by one as a device draws
//                                        them, of network as a batch
//   training.npz                         weights before training, named as in checkpoints; real [n][channels][size][size] and z of the
//                                        first iteration; losses [3] of it: D, G, G
//
// Error(input_output) where it cannot.
void write_peer_input(const std::string& folder, const BenchFilter& filter, const BenchSizes& sizes);

}  // namespace pbgen
