#include "gan/rank_traffic.h"

#include <cmath>

#include "core/base/cuts.h"
#include "layers/batchnorm2d.h"
#include "layers/weighted_layer.h"

namespace pbgen {
namespace {

constexpr std::int64_t kFloat = sizeof(float);

// An update of one network alone.
RankTraffic update_traffic(Sequential& network, int ranks) {
  RankTraffic traffic;
  std::int64_t own = sizeof(std::int64_t);  // whether a value is not finite
  for (std::size_t i = 0; i < network.layer_count(); ++i) {
    auto* const weighted = dynamic_cast<WeightedLayer*>(&network.layer(i));
    for (const Param* const param : network.layer(i).params()) {
      const std::int64_t size = param->value.size();
      const bool is_weight = weighted != nullptr && param == &weighted->weight().latent();
      const std::int64_t channels = is_weight ? weighted->weight().axes().channel.extent : size;
      const Range part = piece_of(channels, 0, ranks);
      const std::int64_t floats = size / channels * part.size();
      traffic.gradients += kFloat * (size - floats);
      own += is_weight && weighted->weight().binarized() ? kFloat * part.size() + weighted->weight().code_bytes(part) : kFloat * floats;
    }
  }
  traffic.weights = own * (ranks - 1);
  traffic.waits = 2;  // for gradients, for weights
  return traffic;
}

// Numbers that a pass through a network's batch normalisation exchanges, and how often.
struct Statistics {
  std::int64_t doubles = 0;
  std::int64_t exchanges = 0;
};

Statistics pass_statistics(Sequential& network) {
  Statistics statistics;
  for (std::size_t i = 0; i < network.layer_count(); ++i) {
    if (dynamic_cast<BatchNorm2d*>(&network.layer(i)) == nullptr) continue;
    statistics.doubles += 2 * network.layer(i).params().front()->value.size();
    ++statistics.exchanges;
  }
  return statistics;
}

}  // namespace

RankTraffic rank_traffic(const TrainerOptions& options, int ranks) {
  Sequential generator = make_generator(options.network);
  Sequential discriminator = make_discriminator(options.network);
  const std::int64_t d_steps = options.d_steps;
  const std::int64_t g_steps = options.g_steps;
  const RankTraffic of_d = update_traffic(discriminator, ranks);
  const RankTraffic of_g = update_traffic(generator, ranks);
  const Statistics in_d = pass_statistics(discriminator);
  const Statistics in_g = pass_statistics(generator);
  // A discriminator step passes forward through the generator, and twice through the discriminator both ways; a generator step through both
  // both ways, but for the first one's forward through the generator.
  const std::int64_t passes_d = 4 * d_steps + 2 * g_steps;
  const std::int64_t passes_g = d_steps + 2 * g_steps - 1;
  const std::int64_t losses = 2 * d_steps + g_steps;
  constexpr std::int64_t kLossDoubles = 2;

  RankTraffic traffic;
  traffic.gradients = d_steps * of_d.gradients + g_steps * of_g.gradients;
  traffic.weights = d_steps * of_d.weights + g_steps * of_g.weights;
  const std::int64_t doubles = passes_d * in_d.doubles + passes_g * in_g.doubles + losses * kLossDoubles;
  traffic.statistics = (ranks - 1) * static_cast<std::int64_t>(sizeof(double)) * doubles;
  traffic.waits = d_steps * of_d.waits + g_steps * of_g.waits + passes_d * in_d.exchanges + passes_g * in_g.exchanges + losses;
  return traffic;
}

double traffic_seconds(const RankTraffic& traffic, int ranks, double bandwidth, double latency) {
  const double hops = std::ceil(std::log2(static_cast<double>(ranks)));
  return static_cast<double>(traffic.bytes()) / bandwidth + static_cast<double>(traffic.waits) * hops * latency;
}

}  // namespace pbgen
