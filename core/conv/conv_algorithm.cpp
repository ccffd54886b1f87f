#include "core/conv/conv_algorithm.h"

#include <atomic>

#include "core/base/option_error.h"

namespace pbgen {
namespace {

std::atomic<ConvAlgorithm> current{ConvAlgorithm::direct};

}  // namespace

const char* name(ConvAlgorithm algorithm) {
  switch (algorithm) {
    case ConvAlgorithm::direct: return "direct";
    case ConvAlgorithm::winograd: return "winograd";
    case ConvAlgorithm::im2col: return "im2col";
    case ConvAlgorithm::automatic: break;
  }
  return "auto";
}

ConvAlgorithm conv_algorithm_named(std::string_view text) {
  for (const ConvAlgorithm algorithm : kConvAlgorithms)
    if (text == name(algorithm)) return algorithm;
  throw InvalidOption("conv", text, "direct, winograd, im2col or auto");
}

ConvAlgorithm conv_algorithm() { return current; }

void set_conv_algorithm(ConvAlgorithm algorithm) { current = algorithm; }

}  // namespace pbgen
