// All 16 sets of one-bit deconvolutions, with the discriminator in float and in one bit: what the paper trained for its claim
// that Algorithm 1 finds in O(n) trials what a search finds in O(2^n).  Its Settings A to H are eight of these 32, of seven sets.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/check.h"
#include "gan/accounting.h"
#include "tools/lib/cli/args.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/html/line_chart.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/paper/pieces/strategy.h"
#include "tools/lib/paper/trial_table.h"

namespace pbgen {
namespace {

constexpr LayerSet kWholeDiscriminator{1, 2, 3, 4};
constexpr std::array kDiscriminators{LayerSet{}, kWholeDiscriminator};
constexpr std::array kThresholds{0.25, 0.5, 1.0, 2.0};

std::string label_of(LayerSet generator, LayerSet discriminator) {
  return generator.to_string() + (discriminator.empty() ? "" : " and D");
}

const char* words(LayerSet discriminator) { return discriminator.empty() ? "float" : "one bit"; }

std::vector<ComparedTrial> compared(const Experiment& experiment) {
  std::vector<ComparedTrial> rows;
  for (const LayerSet discriminator : kDiscriminators) {
    for (const LayerSet generator : all_generator_settings()) {
      const Setting setting{generator, discriminator};
      rows.push_back({label_of(generator, discriminator), trial_of(experiment, setting), setting == Setting{} ? "" : "none", setting});
    }
  }
  return rows;
}

std::vector<Trial> exhaustive_trials(const Experiment& experiment) { return trials_of(experiment, compared(experiment)); }

int count_of(LayerSet layers) {
  int count = 0;
  for (int layer = 1; layer <= 4; ++layer) count += layers.contains(layer) ? 1 : 0;
  return count;
}

// Asks the table; what all parts of the page have in common.
class AllSettings {
 public:
  AllSettings(const Experiment& experiment, const TrialTable& table) : experiment_(experiment), table_(table) {}

  double swd(LayerSet generator, LayerSet discriminator) const { return table_.swd(label_of(generator, discriminator)); }
  ScoreOf scores(LayerSet discriminator) const {
    return [this, discriminator](LayerSet generator) { return swd(generator, discriminator); };
  }
  // Against Setting A.
  double ratio(LayerSet generator, LayerSet discriminator) const { return swd(generator, discriminator) / swd({}, {}); }
  // The same where a run that diverged counts as worse than any other.
  double harm(LayerSet generator, LayerSet discriminator) const {
    const double value = ratio(generator, discriminator);
    return std::isnan(value) ? HUGE_VAL : value;
  }
  bool passes(LayerSet generator, LayerSet discriminator) const { return ratio(generator, discriminator) <= kAcceptedRatio; }
  double bytes(LayerSet generator) const { return static_cast<double>(generator_bytes(experiment_, {generator, {}})); }

  // Layer numbers by falling redundancy: the generator's rows come first, and layer 0 is the linear one.
  std::vector<int> order() const {
    std::vector<LayerRow> rows = layer_table(experiment_.network());
    rows.resize(5);
    std::vector<int> layers;
    for (const std::size_t row : redundancy_order(rows, false)) layers.push_back(static_cast<int>(row));
    return layers;
  }

 private:
  const Experiment& experiment_;
  const TrialTable& table_;
};

// A row for each set of layers; its marks are those of the front over both discriminators, since the file is the generator's alone.
Table settings_table(const AllSettings& search) {
  const std::vector<LayerSet> settings = all_generator_settings();
  std::vector<double> bytes;
  std::vector<double> distances;
  for (const LayerSet discriminator : kDiscriminators) {
    for (const LayerSet generator : settings) {
      bytes.push_back(search.bytes(generator));
      distances.push_back(search.swd(generator, discriminator));
    }
  }
  const std::vector<bool> front = pareto_front(bytes, distances);
  Table table{{"layers", "setting", "SWD, D float", "times A", "SWD, D one bit", "times A", "generator", "on the front with D"}, {}};
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const LayerSet layers = settings[i];
    std::string letters;
    for (const LayerSet discriminator : kDiscriminators) {
      const std::string name = setting_name({layers, discriminator});
      if (name.size() == 1) letters += concat(letters.empty() ? "" : ", ", name);
    }
    std::string marks;
    for (std::size_t d = 0; d < kDiscriminators.size(); ++d)
      if (front[d * settings.size() + i]) marks += concat(marks.empty() ? "" : ", ", words(kDiscriminators[d]));
    std::vector<std::string>& cells = table.rows.emplace_back(std::vector<std::string>{layers.to_string(), letters});
    for (const LayerSet discriminator : kDiscriminators) {
      cells.push_back(figure_text(search.swd(layers, discriminator), 4));
      cells.push_back(figure_text(search.ratio(layers, discriminator), 2));
    }
    cells.push_back(format_bytes(static_cast<std::int64_t>(search.bytes(layers))));
    cells.push_back(marks);
  }
  return table;
}

// Points with a gap after each: a chart joins neighbours only.
void add_point(Series& series, double x, double y) {
  series.x.insert(series.x.end(), {x, x});
  series.y.insert(series.y.end(), {y, std::nan("")});
}

std::string front_chart(const AllSettings& search) {
  std::vector<Series> series{{"D float", {}, {}}, {"D one bit", {}, {}}, {"front", {}, {}}};
  std::vector<std::pair<double, double>> points;
  for (std::size_t d = 0; d < kDiscriminators.size(); ++d) {
    for (const LayerSet layers : all_generator_settings()) {
      points.emplace_back(search.bytes(layers) / 1000.0, search.swd(layers, kDiscriminators[d]));
      add_point(series[d], points.back().first, points.back().second);
    }
  }
  std::sort(points.begin(), points.end());
  std::vector<double> x;
  std::vector<double> y;
  for (const auto& [kilobytes, swd] : points) {
    x.push_back(kilobytes);
    y.push_back(swd);
  }
  const std::vector<bool> front = pareto_front(x, y);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!front[i]) continue;
    series[2].x.push_back(x[i]);
    series[2].y.push_back(y[i]);
  }
  ChartOptions options;
  options.title = "Distance against size, all 32 settings";
  options.x_label = "generator, kB";
  options.y_label = "SWD, mean over levels";
  options.width = 660.0;
  options.height = 360.0;
  options.log_x = true;
  options.log_y = true;
  return line_chart(series, options);
}

struct Choices {
  Table table;
  int agree = 0;
  int most_trials = 0;  // of Algorithm 1
};

Choices strategies(const AllSettings& search) {
  Choices choices;
  choices.table.header = {"D", "T", "Algorithm 1 chooses", "degrades by", "trials", "the search chooses", "degrades by", "trials",
                          "the same"};
  const auto percent = [](double share) { return std::isfinite(share) ? fixed_text(100.0 * share, 0) + "%" : std::string("-"); };
  for (const LayerSet discriminator : kDiscriminators) {
    const ScoreOf swd = search.scores(discriminator);
    for (const double threshold : kThresholds) {
      const Strategy chosen = algorithm_1(swd, search.order(), threshold);
      const Strategy best = exhaustive_search(swd, [&](LayerSet layers) { return search.bytes(layers); }, threshold);
      const bool same = chosen.layers == best.layers;
      choices.agree += same ? 1 : 0;
      choices.most_trials = std::max(choices.most_trials, chosen.trials);
      std::vector<std::string>& cells = choices.table.rows.emplace_back(std::vector<std::string>{words(discriminator), percent(threshold)});
      for (const Strategy& strategy : {chosen, best})
        cells.insert(cells.end(), {strategy.layers.to_string(), percent(strategy.degradation), concat(strategy.trials)});
      cells.emplace_back(same ? "yes" : "no");
    }
  }
  return choices;
}

// The paper's claims about settings that it does not show.
Table claims(const AllSettings& search) {
  Table table{{"the paper says", "D", "here, one seed"}, {}};
  for (const LayerSet discriminator : kDiscriminators) {
    int pairs = 0;
    int good_pairs = 0;
    int with_4 = 0;
    int failed_with_4 = 0;
    double lowest_with_4 = HUGE_VAL;
    double highest_without_4 = 0.0;
    int several = 0;
    int as_the_worst = 0;
    for (const LayerSet layers : all_generator_settings()) {
      const double harm = search.harm(layers, discriminator);
      if (layers.contains(4)) lowest_with_4 = std::fmin(lowest_with_4, harm);
      else highest_without_4 = std::fmax(highest_without_4, harm);
      if (count_of(layers) < 2) continue;
      if (layers.contains(4)) {
        ++with_4;
        failed_with_4 += search.passes(layers, discriminator) ? 0 : 1;
      } else if (count_of(layers) == 2) {
        ++pairs;
        good_pairs += search.passes(layers, discriminator) ? 1 : 0;
      }
      double worst = 0.0;
      for (int layer = 1; layer <= 4; ++layer)
        if (layers.contains(layer)) worst = std::fmax(worst, search.harm({layer}, discriminator));
      ++several;
      as_the_worst += harm <= kAcceptedRatio * worst && harm >= worst / kAcceptedRatio ? 1 : 0;
    }
    const char* const d = words(discriminator);
    table.rows.push_back({"any two of layers 1 to 3 together do no harm", d, concat(good_pairs, " of ", pairs, " pairs")});
    table.rows.push_back({"any of layers 1 to 3 together with 4 fails", d, concat(failed_with_4, " of ", with_4, " settings")});
    const std::string lowest = times_text(lowest_with_4);
    table.rows.push_back({"layer 4 is what matters", d,
                          concat("lowest SWD with it ", lowest, " A's, highest without ", times_text(highest_without_4))});
    table.rows.push_back({"layers together are as good as the worst of them", d,
                          concat(as_the_worst, " of ", several, " settings of several")});
  }
  int alike = 0;
  for (const LayerSet layers : all_generator_settings())
    alike += search.passes(layers, {}) == search.passes(layers, kWholeDiscriminator) ? 1 : 0;
  table.rows.push_back({"D in one bit makes no failure a success, nor the reverse", "both", concat(alike, " of 16 settings")});
  return table;
}

void make_exhaustive(const Experiment& experiment, const TrialBook& trials, PieceFolder& folder) {
  const TrialTable table(experiment, trials, compared(experiment));
  const AllSettings search(experiment, table);
  const Choices choices = strategies(search);
  const std::vector<LayerRow> rows = layer_table(experiment.network());
  std::string order;
  for (const int layer : search.order())
    order += concat(order.empty() ? "" : ", ", layer, " (", rows[static_cast<std::size_t>(layer)].redundancy(), ")");

  folder.page().paragraph(
      "The paper trained all 16 sets of one-bit deconvolutions, shows seven of them, and says of the others that they lead to the same "
      "conclusion. It claims that Algorithm 1, which binarizes one layer at a time in the order of redundancy and stops at the first "
      "that costs more than a threshold, replaces the search through all 2^n. Here are all 16, with the discriminator in float and in "
      "one bit, and both searches on their scores.");
  folder.page().paragraph(concat("Algorithm 1 chooses what the search through all settings chooses in ", choices.agree, " of ",
                                 choices.table.rows.size(), " cases, with at most ", choices.most_trials, " trials against 16."),
                          "verdict");
  folder.page().paragraph(table.seed_note(), "note");
  folder.page().heading("The settings", 3);
  table.save(folder);
  folder.table("settings", settings_table(search));
  folder.chart("front", front_chart(search),
               "The front: no other of the 32 has a smaller file at no larger a distance. The file is the generator's; how its "
               "discriminator was trained costs nothing there.");
  folder.page().heading("What the paper says of settings that it does not show", 3);
  folder.table("claims", claims(search));
  folder.page().paragraph(concat("Harm, and failure, begin where the SWD is more than ", fixed_text(kAcceptedRatio, 2),
                                 " times Setting A's: the paper finds 0.067 not significantly different from 0.044."),
                          "note");
  folder.page().heading("Algorithm 1 against the search", 3);
  folder.table("strategies", choices.table);
  folder.page().paragraph(
      concat("Degradation is the SWD over that of the float generator with the same discriminator, less one; T is the threshold for it. ",
             "The order of redundancy is ", order, ". Algorithm 1 stops at the first layer that is above T alone, and takes the layers ",
             "before it together without measuring that; the search takes the smallest file whose own degradation is within T."),
      "note");
  folder.page().heading("Samples", 3);
  table.show_samples(folder);
}

}  // namespace

const Piece kExhaustivePiece{
    .command = "exhaustive",
    .title = "All 16 settings of the generator, with and without the discriminator",
    .summary = "all 32 settings, one seed: does Algorithm 1 choose what a search through all of them chooses?",
    .in_all_at_laptop = false,
    .trials = exhaustive_trials,
    .make = make_exhaustive,
};

}  // namespace pbgen
