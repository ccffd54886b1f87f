#include "core/conv/conv_algorithm.h"

#include <atomic>

#include "core/base/option_error.h"

namespace pbgen {
namespace {

std::atomic<ConvAlgorithm> current{ConvAlgorithm::direct};

}  // namespace

const char* name(ConvAlgorithm algorithm) { return algorithm == ConvAlgorithm::direct ? "direct" : "im2col"; }

ConvAlgorithm conv_algorithm_named(std::string_view text) {
  for (const ConvAlgorithm algorithm : {ConvAlgorithm::direct, ConvAlgorithm::im2col})
    if (text == name(algorithm)) return algorithm;
  throw InvalidOption("conv", text, "direct or im2col");
}

ConvAlgorithm conv_algorithm() { return current; }

void set_conv_algorithm(ConvAlgorithm algorithm) { current = algorithm; }

}  // namespace pbgen
