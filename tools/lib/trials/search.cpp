#include "tools/lib/trials/search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/check.h"
#include "gan/accounting.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/trials/search_decision.h"

namespace pbgen {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// The mean of what is finite; NaN where nothing is.
double finite_mean(const std::vector<double>& values) { return sample_of(values).mean; }

std::vector<SearchLayer> order_of(const NetworkConfig& network, std::string_view which, bool with_linear, int first_number) {
  std::vector<LayerRow> rows = layer_table(network);
  std::erase_if(rows, [&](const LayerRow& row) { return row.network != which; });
  const std::vector<std::size_t> sorted = redundancy_order(rows, with_linear);
  std::vector<SearchLayer> order;
  order.reserve(sorted.size());
  for (const std::size_t i : sorted) order.push_back({first_number + static_cast<int>(i), rows[i].redundancy()});
  return order;
}

// NaN of a trial that diverged, or without such a column.
Estimate estimate_of(const TrialScore& score, Distance distance) {
  if (distance == Distance::mean) return score.mean;
  return score.levels.empty() ? Estimate{kNan, kNan} : score.levels.front();
}

// The lowest redundancy of those chosen; nothing of none.
std::optional<std::int64_t> lowest_of(const std::vector<SearchLayer>& order, LayerSet chosen) {
  std::optional<std::int64_t> lowest;
  for (const SearchLayer& layer : order)
    if (chosen.contains(layer.number)) lowest = layer.redundancy;
  return lowest;
}

std::string percent_text(double share) { return concat(share >= 0.0 ? "+" : "", fixed_text(100.0 * share, 1), "%"); }

}  // namespace

Distance judged_by(StepKind kind) { return kind == StepKind::discriminator_layer ? Distance::finest : Distance::mean; }

Measurement measurement(std::span<const TrialResult> seeds, Distance distance) {
  check(!seeds.empty(), "a measurement of no trials");
  Measurement measured;
  measured.seeds = static_cast<int>(seeds.size());
  std::vector<double> swd;
  std::vector<double> floor;
  std::vector<double> floor_variance;
  for (const TrialResult& trial : seeds) {
    measured.diverged += trial.diverged ? 1 : 0;
    const Estimate noise = estimate_of(trial.noise_floor, distance);
    swd.push_back(estimate_of(trial.generator, distance).mean);
    floor.push_back(noise.mean);
    floor_variance.push_back(noise.sd * noise.sd);
  }
  measured.swd = sample_of(swd);
  // One figure has no spread of its own: that of repeated scoring takes its place.
  if (seeds.size() == 1 && measured.swd.n == 1 && seeds[0].repeats > 1) {
    measured.swd.sd = estimate_of(seeds[0].generator, distance).sd;
    measured.swd.n = seeds[0].repeats;
  }
  measured.floor = finite_mean(floor);
  const double variance = finite_mean(floor_variance);
  measured.floor_spread = std::isfinite(variance) ? std::sqrt(variance) : 0.0;
  return measured;
}

Degradation degradation(const Measurement& layers, const Measurement& baseline, double threshold) {
  check(std::isfinite(baseline.swd.mean), "a degradation against a baseline without a figure");
  const Comparison compared = compare(layers.swd, baseline.swd);
  Degradation result;
  result.diverged = layers.diverged > 0;
  result.swd = compared.ratio - 1.0;
  result.error = compared.ratio_error;
  const double room = baseline.swd.mean - baseline.floor;
  result.above_floor = room > 0.0 ? compared.difference / room : kNan;
  result.within_floor = compared.difference <= baseline.floor_spread;
  if (result.diverged) {
    result.exceeds = result.decided = true;
    return result;
  }
  result.exceeds = exceeds(result.swd, threshold) && !result.within_floor;
  result.decided = std::fabs(result.swd - threshold) > kMargin * result.error;
  return result;
}

std::string why_no_answer(std::span<const TrialResult> baseline) {
  std::vector<double> untrained;
  double variance = 0.0;
  for (const TrialResult& trial : baseline) {
    if (trial.diverged || !std::isfinite(trial.untrained.mean.mean)) continue;
    untrained.push_back(trial.untrained.mean.mean);
    if (std::isfinite(trial.untrained.mean.sd)) variance += trial.untrained.mean.sd * trial.untrained.mean.sd;
  }
  if (untrained.empty()) return "";
  Sample before = sample_of(untrained);
  // As measurement() has it: one figure's spread is that of repeated scoring.
  if (before.n == 1 && baseline[0].repeats > 1) {
    before.sd = std::sqrt(variance);
    before.n = baseline[0].repeats;
  }
  const Comparison compared = compare(measurement(baseline, Distance::mean).swd, before);
  const double noise = std::isfinite(compared.difference_error) ? kMargin * compared.difference_error : 0.0;
  if (compared.difference < -noise) return "";
  return concat("the float baseline, SWD ", fixed_text(before.mean + compared.difference, 5),
                ", is not better than a generator before its first update, SWD ", fixed_text(before.mean, 5),
                ": what a layer costs cannot be told; train longer (--iterations or --epochs, with another --out)");
}

std::string verdict_text(const Degradation& degradation, double threshold) {
  if (degradation.diverged) return "training diverged: exceeds every threshold";
  const std::string bound = percent_text(threshold);
  std::string text = percent_text(degradation.swd);
  if (std::isfinite(degradation.error)) text += concat(" +- ", fixed_text(100.0 * degradation.error, 1), "%");
  text += degradation.exceeds ? ": exceeds " + bound : degradation.swd <= threshold ? ": within " + bound : ": counts as none";
  if (degradation.swd > 0.0 && degradation.within_floor) text += ", for it is within the noise floor's own spread";
  if (std::isnan(degradation.error)) {
    text += "; its error is not known: --seeds or --swd-repeats above 1 tell";
  } else if (!degradation.decided) {
    text += "; not decided beyond the noise: more --seeds";
  }
  return text;
}

std::vector<SearchLayer> search_order(const NetworkConfig& network, bool with_linear) {
  // In the order of computation the linear layer is 0 and the deconvolutions are 1 to 4.
  return order_of(network, "generator", with_linear, 0);
}

std::vector<SearchLayer> discriminator_search_order(const NetworkConfig& network) { return order_of(network, "discriminator", false, 1); }

double threshold_of(const SearchStep& step, const SearchOptions& options) {
  return step.kind == StepKind::discriminator_layer ? options.discriminator_threshold : options.threshold;
}

std::vector<Trial> step_trials(const SearchOptions& options, const Setting& setting) {
  std::vector<Trial> trials;
  for (int i = 0; i < options.seeds; ++i) {
    const std::uint64_t seed = options.first_seed + static_cast<std::uint64_t>(i);
    trials.push_back({concat(setting_name(setting), "-seed", seed), options.training});
    Trial& trial = trials.back();
    trial.config.network().binarized = setting;
    trial.config.trainer.seed = seed;
  }
  return trials;
}

Search search_layers(const SearchOptions& options,
                     const std::function<std::optional<std::vector<TrialResult>>(const std::vector<Trial>&)>& train,
                     const std::function<void(const Search&)>& after_step) {
  Search search;
  search.order = search_order(options.training.network(), options.with_linear);
  search.discriminator_order = discriminator_search_order(options.training.network());
  std::size_t compared_with = 0;  // the step
  // False where training was stopped.
  const auto take = [&](StepKind kind, const Setting& setting, std::optional<std::int64_t> redundancy) {
    auto results = train(step_trials(options, setting));
    if (!results) return false;
    SearchStep step{kind, setting, redundancy, std::move(*results), {}, {}, {}};
    step.mean = measurement(step.trials, Distance::mean);
    step.finest = measurement(step.trials, Distance::finest);
    if (kind == StepKind::baseline && !std::isfinite(step.mean.swd.mean)) {
      const TrialResult& first = step.trials.front();
      fail(ErrorKind::diverged, first.folder, ": the float baseline has no distance to compare with (", first.failure,
           "); a lower --lr may help");
    }
    if (kind != StepKind::baseline) {
      const Distance distance = judged_by(kind);
      step.degraded = degradation(step.measured(distance), search.steps[compared_with].measured(distance), threshold_of(step, options));
    }
    search.steps.push_back(std::move(step));
    return true;
  };
  // Tries layers in their order; false where training was stopped.
  const auto choose = [&](StepKind kind, const std::vector<SearchLayer>& order, LayerSet& chosen, LayerSet beside) {
    std::vector<int> numbers;
    numbers.reserve(order.size());
    for (const SearchLayer& layer : order) numbers.push_back(layer.number);
    return choose_layers(numbers, [&](int number) -> std::optional<bool> {
             const auto is_it = [&](const SearchLayer& layer) { return layer.number == number; };
             const SearchLayer& layer = *std::find_if(order.begin(), order.end(), is_it);
             const Setting setting = kind == StepKind::layer ? Setting{{number}, {}} : Setting{beside, {number}};
             if (!take(kind, setting, layer.redundancy)) return std::nullopt;
             const bool passed = !search.steps.back().degraded->exceeds;
             if (passed) chosen = chosen.with(number);
             after_step(search);
             return passed;
           }).complete;
  };

  if (!take(StepKind::baseline, {}, std::nullopt)) return search;
  search.no_answer = why_no_answer(search.baseline().trials);
  after_step(search);
  if (!search.no_answer.empty()) return search;
  if (!choose(StepKind::layer, search.order, search.chosen.generator, {})) return search;
  const std::optional<std::int64_t> lowest = lowest_of(search.order, search.chosen.generator);
  if (!search.chosen.generator.empty()) {
    const auto is_generator = [&](const SearchStep& step) { return step.setting == search.chosen; };
    if (std::none_of(search.steps.begin(), search.steps.end(), is_generator)) {
      if (!take(StepKind::generator, search.chosen, lowest)) return search;
      after_step(search);
    }
    const auto reference = std::find_if(search.steps.begin(), search.steps.end(), is_generator);
    // Where training of the generator's layers together diverged there is nothing to compare with, and the discriminator stays in float.
    if (std::isfinite(reference->mean.swd.mean)) {
      compared_with = static_cast<std::size_t>(reference - search.steps.begin());
      if (!choose(StepKind::discriminator_layer, search.discriminator_order, search.chosen.discriminator, search.chosen.generator))
        return search;
      compared_with = 0;
      if (!search.chosen.discriminator.empty() && !take(StepKind::together, search.chosen, lowest)) return search;
    }
  }
  search.complete = true;
  after_step(search);
  return search;
}

}  // namespace pbgen
