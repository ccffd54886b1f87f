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

std::string percent_text(double share) { return concat(share >= 0.0 ? "+" : "", fixed_text(100.0 * share, 1), "%"); }

}  // namespace

Measurement measurement(std::span<const TrialResult> seeds) {
  check(!seeds.empty(), "a measurement of no trials");
  Measurement measured;
  measured.seeds = static_cast<int>(seeds.size());
  std::vector<double> swd;
  std::vector<double> floor;
  std::vector<double> floor_variance;
  for (const TrialResult& trial : seeds) {
    measured.diverged += trial.diverged ? 1 : 0;
    swd.push_back(trial.generator.mean.mean);
    floor.push_back(trial.noise_floor.mean.mean);
    floor_variance.push_back(trial.noise_floor.mean.sd * trial.noise_floor.mean.sd);
  }
  measured.swd = sample_of(swd);
  // One figure has no spread of its own: that of repeated scoring takes its place.
  if (seeds.size() == 1 && measured.swd.n == 1 && seeds[0].repeats > 1) {
    measured.swd.sd = seeds[0].generator.mean.sd;
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
  const Comparison compared = compare(measurement(baseline).swd, before);
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
  std::vector<LayerRow> generator = layer_table(network);
  std::erase_if(generator, [](const LayerRow& row) { return row.network != "generator"; });
  std::vector<SearchLayer> order;
  // In the order of computation the linear layer is 0 and the deconvolutions are 1 to 4.
  for (const std::size_t i : redundancy_order(generator, with_linear)) order.push_back({static_cast<int>(i), generator[i].redundancy()});
  return order;
}

Setting Search::strategy() const { return chosen.empty() ? Setting{} : Setting{chosen, {1, 2, 3, 4}}; }

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
  // False where training was stopped.
  const auto take = [&](StepKind kind, const Setting& setting, std::optional<std::int64_t> redundancy) {
    auto results = train(step_trials(options, setting));
    if (!results) return false;
    SearchStep step{kind, setting, redundancy, std::move(*results), {}, {}};
    step.measured = measurement(step.trials);
    if (kind == StepKind::baseline && !std::isfinite(step.measured.swd.mean)) {
      const TrialResult& first = step.trials.front();
      fail(ErrorKind::diverged, first.folder, ": the float baseline has no distance to compare with (", first.failure,
           "); a lower --lr may help");
    }
    if (kind != StepKind::baseline) step.degraded = degradation(step.measured, search.baseline().measured, options.threshold);
    search.steps.push_back(std::move(step));
    return true;
  };
  if (!take(StepKind::baseline, {}, std::nullopt)) return search;
  search.no_answer = why_no_answer(search.baseline().trials);
  after_step(search);
  if (!search.no_answer.empty()) return search;
  std::optional<std::int64_t> lowest;
  std::vector<int> numbers;
  for (const SearchLayer& layer : search.order) numbers.push_back(layer.number);
  const LayerChoice choice = choose_layers(numbers, [&](int number) -> std::optional<bool> {
    const auto is_it = [&](const SearchLayer& layer) { return layer.number == number; };
    const SearchLayer& layer = *std::find_if(search.order.begin(), search.order.end(), is_it);
    if (!take(StepKind::layer, {{number}, {}}, layer.redundancy)) return std::nullopt;
    const bool passed = !search.steps.back().degraded->exceeds;
    if (passed) {
      search.chosen = search.chosen.with(number);
      lowest = layer.redundancy;
    }
    after_step(search);
    return passed;
  });
  if (!choice.complete) return search;
  if (!search.chosen.empty() && !take(StepKind::together, search.strategy(), lowest)) return search;
  search.complete = true;
  after_step(search);
  return search;
}

}  // namespace pbgen
