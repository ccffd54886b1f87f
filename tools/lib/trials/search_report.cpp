#include "tools/lib/trials/search_report.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/check.h"
#include "core/files/file.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/html/html.h"
#include "tools/lib/html/line_chart.h"

namespace pbgen {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kMaxPictureBytes = 1 << 26;

std::string swd_text(double value) { return std::isfinite(value) ? fixed_text(value, 5) : "-"; }
std::string percent(double share) { return std::isfinite(share) ? fixed_text(100.0 * share, 1) + "%" : "-"; }
// For programs: all digits, empty where there is none.
std::string exact_text(double value) { return std::isfinite(value) ? value_text(value) : ""; }

std::string layer_name(int number) { return number == 0 ? "linear" : concat("deconv", number); }

std::string discriminator_layer_name(int number) { return concat("conv", number); }

std::string step_name(const SearchStep& step) {
  switch (step.kind) {
    case StepKind::baseline: return "baseline";
    case StepKind::generator: return "generator";
    case StepKind::together: return "together";
    case StepKind::layer:
    case StepKind::discriminator_layer: break;
  }
  const bool in_generator = step.kind == StepKind::layer;
  for (int layer = 0; layer < LayerSet::kLayers; ++layer)
    if ((in_generator ? step.setting.generator : step.setting.discriminator).contains(layer))
      return in_generator ? layer_name(layer) : discriminator_layer_name(layer);
  return "";
}

std::string redundancy_text(const SearchStep& step) { return step.redundancy ? std::to_string(*step.redundancy) : ""; }

// As --binarize-d takes it.
std::string discriminator_text(LayerSet layers) { return layers == LayerSet{1, 2, 3, 4} ? "all" : layers.to_string(); }

// Sizes of the levels of the trials' scores, finest first; empty where every trial diverged, which has none.
std::vector<int> level_sizes(const Search& search) {
  for (const SearchStep& step : search.steps)
    for (const TrialResult& trial : step.trials)
      if (!trial.sizes.empty()) return trial.sizes;
  return {};
}

// "at 64": the finest level.
std::string finest_name(const Search& search) {
  const std::vector<int> sizes = level_sizes(search);
  return sizes.empty() ? "at the finest level" : concat("at ", sizes.front());
}

std::string step_verdict(const Search& search, const SearchStep& step, const SearchOptions& options) {
  if (!step.degraded) return "what the others are compared with";
  const std::string verdict = verdict_text(*step.degraded, threshold_of(step, options));
  return judged_by(step.kind) == Distance::finest ? concat(finest_name(search), ' ', verdict) : verdict;
}

const SearchStep* step_of(const Search& search, StepKind kind) {
  const auto found = std::find_if(search.steps.begin(), search.steps.end(), [&](const SearchStep& step) { return step.kind == kind; });
  return found == search.steps.end() ? nullptr : &*found;
}

// Which of these layers ended its network's part of the search.
std::string stop_text(const Search& search, StepKind kind, const SearchOptions& options) {
  const auto stop = std::find_if(search.steps.begin(), search.steps.end(),
                                 [&](const SearchStep& step) { return step.kind == kind && step.degraded->exceeds; });
  if (stop == search.steps.end()) return "No layer exceeded the threshold. ";
  return concat("The search stopped at ", step_name(*stop), " (redundancy ", *stop->redundancy, "): ", step_verdict(search, *stop, options),
                ". ");
}

// The layers that had a place in an order, and hold floats.
std::string floats_text(const Search& search) {
  std::string names;
  const auto add = [&](const std::string& name) { names += concat(names.empty() ? "" : ", ", name); };
  for (const SearchLayer& layer : search.order)
    if (!search.chosen.generator.contains(layer.number)) add(layer_name(layer.number));
  for (const SearchLayer& layer : search.discriminator_order)
    if (!search.chosen.discriminator.contains(layer.number)) add(discriminator_layer_name(layer.number));
  return names;
}

struct Chart {
  StepKind alone;
  const char* title;
  const char* y_label;
  double threshold;
};

std::string chart(const Search& search, const Chart& which) {
  Series alone{"one layer", {}, {}, {}};
  Series together{"together", {}, {}, {}};
  for (const SearchStep& step : search.steps) {
    if (!step.degraded || step.degraded->diverged) continue;
    const bool of_several = step.kind == StepKind::generator || step.kind == StepKind::together;
    if (step.kind != which.alone && !(of_several && which.alone == StepKind::layer)) continue;
    Series& series = of_several ? together : alone;
    series.x.push_back(static_cast<double>(*step.redundancy));
    series.y.push_back(100.0 * step.degraded->swd);
    series.spread.push_back(100.0 * kMargin * step.degraded->error);
  }
  ChartOptions options;
  options.title = which.title;
  options.x_label = "degree of redundancy";
  options.y_label = which.y_label;
  options.width = 640.0;
  options.references = {{"threshold", 100.0 * which.threshold}};
  std::vector<Series> all;
  for (Series& series : {std::ref(alone), std::ref(together)})
    if (!series.x.empty()) all.push_back(series);
  return all.empty() ? "" : line_chart(all, options);
}

void add_samples(Html& page, const Search& search) {
  page.heading("Samples");
  page.begin_group("charts");
  for (const SearchStep& step : search.steps) {
    for (const TrialResult& trial : step.trials) {
      const auto samples = trial.samples();
      if (samples.empty()) continue;
      const auto& [iteration, path] = samples.back();
      const std::string score = trial.diverged ? "diverged" : concat("SWD ", swd_text(trial.generator.mean.mean));
      page.picture(read_file(path, kMaxPictureBytes), concat(step_name(step), ", ", trial.name, ", iteration ", iteration, ", ", score));
    }
  }
  page.end_group();
}

void add_commands(Html& page, const Search& search, const std::string& command) {
  page.heading("Commands");
  page.paragraph("The search; where it was stopped, or with another --threshold or more --seeds, it trains only what is missing:");
  page.code(command);
  page.paragraph("Each trial, in the order of the table:");
  std::string commands;
  for (const SearchStep& step : search.steps)
    for (const TrialResult& trial : step.trials) commands += trial.command + "\n";
  page.code(commands);
}

}  // namespace

Table search_csv(const Search& search, const SearchOptions& options) {
  Table table{{"step", "trial", "layers", "discriminator", "redundancy", "seed", "swd", "swd_sd"}, {}};
  const std::vector<int> sizes = level_sizes(search);
  for (const int size : sizes) table.header.push_back(concat("swd_", size));
  for (const char* const name :
       {"noise_floor", "judged_by", "degradation", "standard_error", "above_floor", "verdict", "seconds", "command"})
    table.header.emplace_back(name);
  for (const SearchStep& step : search.steps) {
    for (std::size_t i = 0; i < step.trials.size(); ++i) {
      const TrialResult& trial = step.trials[i];
      const Estimate& swd = trial.generator.mean;
      std::vector<std::string> row{step_name(step), trial.name, step.setting.generator.to_string(),
                                   discriminator_text(step.setting.discriminator)};
      row.insert(row.end(), {redundancy_text(step), value_text(options.first_seed + i), exact_text(swd.mean), exact_text(swd.sd)});
      for (std::size_t level = 0; level < sizes.size(); ++level)
        row.push_back(level < trial.generator.levels.size() ? exact_text(trial.generator.levels[level].mean) : "");
      row.push_back(exact_text(trial.noise_floor.mean.mean));
      const bool by_finest = judged_by(step.kind) == Distance::finest && !sizes.empty();
      row.push_back(by_finest ? concat("swd_", sizes.front()) : std::string("swd"));
      for (const double value : {step.degraded ? step.degraded->swd : kNan, step.degraded ? step.degraded->error : kNan,
                                 step.degraded ? step.degraded->above_floor : kNan})
        row.push_back(exact_text(value));
      row.push_back(step_verdict(search, step, options));
      row.push_back(fixed_text(trial.seconds, 1));
      row.push_back(trial.command);
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Table search_table(const Search& search, const SearchOptions& options) {
  Table table{{"step", "in one bit", "discriminator", "redundancy", "SWD", finest_name(search), "above the floor", "degradation"}, {}};
  for (const SearchStep& step : search.steps) {
    const std::string above_floor = percent(step.degraded ? step.degraded->above_floor : kNan);
    table.rows.push_back({step_name(step), step.setting.generator.to_string(), discriminator_text(step.setting.discriminator),
                          redundancy_text(step), swd_text(step.mean.swd.mean), swd_text(step.finest.swd.mean), above_floor,
                          step_verdict(search, step, options)});
  }
  return table;
}

std::string step_text(const Search& search, const SearchStep& step, const SearchOptions& options) {
  std::string text = step_name(step);
  const bool of_one = step.kind == StepKind::layer || step.kind == StepKind::discriminator_layer;
  if (of_one) text += concat(" (redundancy ", *step.redundancy, ")");
  text += concat(", Setting ", setting_name(step.setting), ": SWD ", swd_text(step.mean.swd.mean), ", ", finest_name(search), ' ',
                 swd_text(step.finest.swd.mean));
  if (step.degraded) text += ", " + step_verdict(search, step, options);
  return text;
}

std::string search_verdict(const Search& search, const SearchOptions& options) {
  const Setting& chosen = search.chosen;
  std::string text = chosen.generator.empty() ? std::string("No layer of the generator goes to one bit. ")
                                              : concat("Generator layers to go to one bit: ", chosen.generator.to_string(), ". ");
  text += stop_text(search, StepKind::layer, options);
  if (const SearchStep* const generator = step_of(search, StepKind::generator)) {
    text += concat("Trained together: ", step_verdict(search, *generator, options), ". ");
    if (generator->degraded->exceeds) text += "What they bear alone they do not bear together here: a lower --threshold chooses fewer. ";
  }
  if (step_of(search, StepKind::discriminator_layer) != nullptr) {
    text += chosen.discriminator.empty() ? std::string("No layer of the discriminator goes to one bit. ")
                                         : concat("Discriminator layers to go to one bit: ", chosen.discriminator.to_string(), ". ");
    text += stop_text(search, StepKind::discriminator_layer, options);
  }
  if (const SearchStep* const together = step_of(search, StepKind::together)) {
    text += concat("Both networks' together: ", step_verdict(search, *together, options), ". ");
    if (together->degraded->exceeds) text += "A lower --threshold or --d-threshold chooses fewer. ";
  }
  const std::string floats = floats_text(search);
  return text + (floats.empty() ? std::string("Nothing that was tried stays in float.") : concat("In float stay ", floats, "."));
}

std::vector<std::string> search_caveats(const Search& search, const SearchOptions& options) {
  std::vector<std::string> caveats;
  if (options.seeds == 1) {
    caveats.emplace_back(
        "One seed: how training varies is not known; standard errors are of repeated scoring alone. --seeds 3 tells more.");
  } else if (options.seeds == 2) {
    caveats.emplace_back("Two seeds: their standard errors are rough themselves. --seeds 3 tells more.");
  }
  const Measurement& baseline = search.baseline().mean;
  if (baseline.diverged > 0) {
    caveats.push_back(
        concat("Of the float baseline's ", baseline.seeds, " seeds ", baseline.diverged,
               " diverged: what the others scored flatters it, and every layer is compared with them alone. A lower --lr may help."));
  }
  for (const SearchStep& step : search.steps)
    if (step.degraded && !step.degraded->decided) caveats.push_back(concat(step_text(search, step, options), "."));
  if (std::isnan(baseline.floor))
    caveats.emplace_back("No images are held out (--holdout 0), so there is no noise floor.");
  return caveats;
}

std::string strategy_flags(const Search& search) {
  return concat("--binarize-g ", search.chosen.generator.to_string(), " --binarize-d ", discriminator_text(search.chosen.discriminator));
}

std::string search_report(const Search& search, const SearchOptions& options, const std::string& command) {
  const TrialResult& first = search.baseline().trials.front();
  Html page;
  page.heading("Which layers bear one bit: the paper's Algorithm 1", 1);
  const std::string outcome = search.complete               ? search_verdict(search, options)
                              : !search.no_answer.empty() ? "No answer: " + search.no_answer + "."
                                                          : "Not complete; the same command goes on.";
  page.paragraph(outcome, "verdict");
  if (search.complete) page.code(strategy_flags(search));
  for (const std::string& caveat : search_caveats(search, options)) page.paragraph(caveat, "warning");
  page.facts({{"threshold", concat("+", fixed_text(100.0 * options.threshold, 1), "%")},
              {"of the discriminator's layers", concat("+", fixed_text(100.0 * options.discriminator_threshold, 1), "%")},
              {"seeds", std::to_string(options.seeds)},
              {"iterations", std::to_string(first.iterations)},
              {"images a set", std::to_string(first.num_images)},
              {"scorings of each", std::to_string(first.repeats)},
              {"baseline's SWD", swd_text(search.baseline().mean.swd.mean)},
              {"noise floor", swd_text(search.baseline().mean.floor)},
              {"noise floor " + finest_name(search), swd_text(search.baseline().finest.floor)},
              {"the floor's spread", swd_text(search.baseline().mean.floor_spread)}});
  page.heading("Trials");
  page.table(search_table(search, options));
  page.paragraph(
      "SWD: the mean sliced Wasserstein distance over the levels, from images that were held out; beside it that of the finest level, the "
      "images' own size. degradation: SWD over the baseline's, less one, with its standard error; it decides. A layer of the discriminator "
      "is compared with the generator's chosen layers beside a float discriminator, at the finest level, where its harm shows. above the "
      "floor: the same of what both distances are above the noise floor, which "
      "is what two sets of real images are apart at the same count; near the floor it is mostly noise. A difference within the floor's "
      "own spread is no degradation. Where the threshold is within two standard errors of the degradation, it is not decided beyond the "
      "noise.",
      "note");
  const Chart charts[] = {
      {StepKind::layer, "The generator's layers", "mean SWD over the float baseline's, %", options.threshold},
      {StepKind::discriminator_layer, "The discriminator's layers", "SWD at the finest level over that with none of them, %",
       options.discriminator_threshold}};
  for (const Chart& which : charts) {
    const std::string svg = chart(search, which);
    if (!svg.empty())
      page.chart(svg, "Degradation against the degree of redundancy. Bars: two standard errors. Layers together stand at the generator's "
                      "lowest.");
  }
  add_samples(page, search);
  add_commands(page, search, command);
  return html_page("PBGen: search for layers", page.markup());
}

}  // namespace pbgen
