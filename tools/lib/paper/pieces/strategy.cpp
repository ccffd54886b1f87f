#include "tools/lib/paper/pieces/strategy.h"

#include <cmath>

#include "core/base/check.h"
#include "tools/lib/trials/search_decision.h"

namespace pbgen {
namespace {

constexpr int kDeconvs = 4;

}  // namespace

std::vector<LayerSet> all_generator_settings() {
  std::vector<LayerSet> settings;
  for (unsigned bits = 0; bits < 1u << kDeconvs; ++bits) {
    LayerSet layers;
    for (int layer = 1; layer <= kDeconvs; ++layer)
      if ((bits >> (layer - 1) & 1u) != 0) layers = layers.with(layer);
    settings.push_back(layers);
  }
  return settings;
}

double degradation(const ScoreOf& swd, LayerSet layers) { return swd(layers) / swd({}) - 1.0; }

Strategy algorithm_1(const ScoreOf& swd, const std::vector<int>& order, double threshold) {
  int singles = 0;
  const LayerChoice choice = choose_layers(order, [&](int layer) {
    ++singles;
    return !exceeds(degradation(swd, {layer}), threshold);
  });
  // The float generator, the singles and, where it is none of these, the strategy itself.
  const bool is_a_single = choice.layers.empty() || choice.layers == LayerSet{order.front()};
  return {choice.layers, 1 + singles + (is_a_single ? 0 : 1), degradation(swd, choice.layers)};
}

Strategy exhaustive_search(const ScoreOf& swd, const std::function<double(LayerSet)>& bytes, double threshold) {
  const std::vector<LayerSet> settings = all_generator_settings();
  Strategy best{.trials = static_cast<int>(settings.size())};
  for (const LayerSet layers : settings) {
    if (exceeds(degradation(swd, layers), threshold)) continue;
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
