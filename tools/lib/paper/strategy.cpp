#include "tools/lib/paper/strategy.h"

#include <cmath>

#include "core/check.h"

namespace pbgen {
namespace {

constexpr int kDeconvs = 4;

// What its text says, for LayerSet is made of lists.
LayerSet layer_set(const std::vector<int>& layers) {
  std::string list;
  for (const int layer : layers) list += concat(list.empty() ? "" : ",", layer);
  return LayerSet::parse(list.empty() ? "none" : list, 0, "layers");
}

}  // namespace

std::vector<LayerSet> all_generator_settings() {
  std::vector<LayerSet> settings;
  for (unsigned bits = 0; bits < 1u << kDeconvs; ++bits) {
    std::vector<int> layers;
    for (int layer = 1; layer <= kDeconvs; ++layer)
      if ((bits >> (layer - 1) & 1u) != 0) layers.push_back(layer);
    settings.push_back(layer_set(layers));
  }
  return settings;
}

double degradation(const ScoreOf& swd, LayerSet layers) { return swd(layers) / swd({}) - 1.0; }

Strategy algorithm_1(const ScoreOf& swd, const std::vector<int>& order, double threshold) {
  std::vector<int> kept;
  Strategy strategy{.trials = 1};
  for (const int layer : order) {
    ++strategy.trials;
    if (!(degradation(swd, layer_set({layer})) <= threshold)) break;
    kept.push_back(layer);
  }
  if (kept.size() > 1) ++strategy.trials;
  strategy.layers = layer_set(kept);
  strategy.degradation = degradation(swd, strategy.layers);
  return strategy;
}

Strategy exhaustive_search(const ScoreOf& swd, const std::function<double(LayerSet)>& bytes, double threshold) {
  const std::vector<LayerSet> settings = all_generator_settings();
  Strategy best{.trials = static_cast<int>(settings.size())};
  for (const LayerSet layers : settings) {
    if (!(degradation(swd, layers) <= threshold)) continue;
    const bool smaller = bytes(layers) < bytes(best.layers);
    if (smaller || (bytes(layers) == bytes(best.layers) && swd(layers) < swd(best.layers))) best.layers = layers;
  }
  best.degradation = degradation(swd, best.layers);
  return best;
}

std::vector<bool> pareto_front(const std::vector<double>& x, const std::vector<double>& y) {
  check_equal(y.size(), x.size(), "the count of y");
  std::vector<bool> front(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    front[i] = !std::isnan(x[i]) && !std::isnan(y[i]);
    for (std::size_t k = 0; k < x.size() && front[i]; ++k) {
      const bool dominates = x[k] <= x[i] && y[k] <= y[i] && (x[k] < x[i] || y[k] < y[i]);
      if (dominates) front[i] = false;
    }
  }
  return front;
}

}  // namespace pbgen
