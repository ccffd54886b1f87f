#include "tools/lib/trials/search_decision.h"

namespace pbgen {

LayerChoice choose_layers(const std::vector<int>& order, const std::function<std::optional<bool>(int layer)>& passes) {
  LayerChoice choice;
  for (const int layer : order) {
    const std::optional<bool> passed = passes(layer);
    if (!passed) return choice;
    if (!*passed) break;
    choice.layers = choice.layers.with(layer);
  }
  choice.complete = true;
  return choice;
}

}  // namespace pbgen
