#include "core/conv_algorithm.h"

#include <atomic>

namespace pbgen {
namespace {

std::atomic<ConvAlgorithm> current{ConvAlgorithm::direct};

}  // namespace

const char* name(ConvAlgorithm algorithm) { return algorithm == ConvAlgorithm::direct ? "direct" : "im2col"; }

ConvAlgorithm conv_algorithm() { return current; }

void set_conv_algorithm(ConvAlgorithm algorithm) { current = algorithm; }

}  // namespace pbgen
