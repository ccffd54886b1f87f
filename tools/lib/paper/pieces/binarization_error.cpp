// Fig. 2: a small numerical example, here with every construction of metrics/deconv_column.h, since the paper does not say its own.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "core/base/check.h"
#include "metrics/binarization_error.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/progress.h"
#include "tools/lib/paper/piece.h"
#include "tools/lib/trials/verdict.h"

namespace pbgen {
namespace {

constexpr int kPixels = 20;  // s_i, the paper's
constexpr int kFewestChannels = 4;
constexpr std::uint64_t kSeed = 1;
constexpr const char* kCsv = "binarization_error";

struct Sizes {
  int most_channels;
  int draws;
};
Sizes sizes_of(Scale scale) { return scale == Scale::smoke ? Sizes{14, 10} : Sizes{28, 50}; }

struct Rule {
  std::string_view signs;
  std::string_view scale;
  BinaryWeights BinarizationError::*weights;

  std::string label() const { return concat(signs, ", ", scale); }
};
constexpr std::array kRules{Rule{"sign of k", "mean |k|", &BinarizationError::sign},
                            Rule{"best signs", "mean |k|", &BinarizationError::mean_scale},
                            Rule{"best signs", "best scale", &BinarizationError::best_scale}};
constexpr const Rule& kPaperRule = kRules[1];

std::string_view description(ColumnConstruction construction) {
  switch (construction) {
    case ColumnConstruction::gaussian:
      return "D and k of standard normal numbers. The output grows with c_i, and the distance with it; weights of variance 1/c_i "
             "would divide each distance by the root of c_i and leave the relative one as it is.";
    case ColumnConstruction::rectified:
      return "D as batch normalization and ReLU leave it, the positive part of standard normal numbers, and k normal of variance "
             "1/c_i: the output is as large at every c_i.";
    case ColumnConstruction::desired_output:
      return "The paper's argument to the letter: D and the desired output of standard normal numbers, and the k that makes the output: "
             "the smallest one where there are many, the one that comes nearest where there is none. Near redundancy 0 such weights are "
             "large; at 0 the distances at scale mean |k| are so heavy-tailed that they have no expectation, and their mean over draws "
             "tells little.";
  }
  return "";
}

// The columns that say which figure a row holds, and those that hold it.
const std::vector<std::string> kHeader{"construction", "c_i",   "redundancy",        "draws",    "seed", "signs",
                                       "scale",        "distance", "distance_error", "relative", "relative_error"};
constexpr std::size_t kKeyColumns = 7;

std::vector<std::string> key_of(ColumnConstruction construction, int c_in, int draws, const Rule& rule) {
  return {std::string(name(construction)), std::to_string(c_in),    std::to_string(c_in - kPixels), std::to_string(draws),
          std::to_string(kSeed),           std::string(rule.signs), std::string(rule.scale)};
}

std::optional<double> number_of(std::string_view cell) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// Rows that were computed, each under its key; a row that is not whole counts as none.
class Rows {
 public:
  explicit Rows(const Table& table) {
    if (table.header != kHeader) return;
    for (const std::vector<std::string>& row : table.rows) {
      if (row.size() != kHeader.size()) continue;
      if (!std::all_of(row.begin() + kKeyColumns, row.end(), [](const std::string& cell) { return number_of(cell).has_value(); })) continue;
      add(row);
    }
  }

  void add(const std::vector<std::string>& row) { rows_[{row.begin(), row.begin() + kKeyColumns}] = row; }
  const std::vector<std::string>* find(const std::vector<std::string>& key) const {
    const auto found = rows_.find(key);
    return found == rows_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::vector<std::string>, std::vector<std::string>> rows_;
};

void compute(ColumnConstruction construction, int c_in, int draws, Rows& rows) {
  std::vector<DeconvColumn> columns;
  for (int draw = 0; draw < draws; ++draw) columns.push_back(draw_column(construction, kPixels, c_in, kSeed, draw));
  const std::vector<BinarizationError> errors = binarization_errors(columns);
  for (const Rule& rule : kRules) {
    std::vector<double> distances;
    std::vector<double> relative;
    for (const BinarizationError& error : errors) {
      distances.push_back((error.*rule.weights).distance);
      relative.push_back(distances.back() / error.output_norm);
    }
    std::vector<std::string> row = key_of(construction, c_in, draws, rule);
    for (const Sample& sample : {sample_of(distances), sample_of(relative)}) {
      row.push_back(fixed_text(sample.mean, 6));
      row.push_back(fixed_text(sample.standard_error(), 6));
    }
    rows.add(row);
  }
}

bool is_complete(ColumnConstruction construction, int c_in, int draws, const Rows& rows) {
  return std::all_of(kRules.begin(), kRules.end(),
                     [&](const Rule& rule) { return rows.find(key_of(construction, c_in, draws, rule)) != nullptr; });
}

// The rows of these sizes that there are, in order.
Table table_of(const Sizes& sizes, const Rows& rows) {
  Table table{kHeader, {}};
  for (const ColumnConstruction construction : kColumnConstructions)
    for (int c_in = kFewestChannels; c_in <= sizes.most_channels; ++c_in)
      for (const Rule& rule : kRules)
        if (const auto* const row = rows.find(key_of(construction, c_in, sizes.draws, rule))) table.rows.push_back(*row);
  return table;
}

// What the folder lacks is computed and written: at once where it took longer to compute than it takes to write.
Table computed_table(const Sizes& sizes, const PieceFolder& folder) {
  Rows rows(folder.read_csv(kCsv));
  constexpr int kWrittenAtOnce = 18;  // c_i
  bool is_written = true;
  const int steps = static_cast<int>(kColumnConstructions.size()) * (sizes.most_channels - kFewestChannels + 1);
  Progress progress("binarization error", steps);
  std::int64_t done = 0;
  for (const ColumnConstruction construction : kColumnConstructions) {
    for (int c_in = kFewestChannels; c_in <= sizes.most_channels; ++c_in) {
      if (!is_complete(construction, c_in, sizes.draws, rows)) {
        compute(construction, c_in, sizes.draws, rows);
        is_written = c_in >= kWrittenAtOnce;
        if (is_written) folder.csv(kCsv, table_of(sizes, rows));
      }
      progress.update(++done, concat(name(construction), ", c_i ", c_in));
    }
  }
  progress.finish();
  Table table = table_of(sizes, rows);
  if (!is_written) folder.csv(kCsv, table);
  return table;
}

struct Curve {
  ColumnConstruction construction;
  const Rule* rule;
  std::vector<double> redundancy;
  std::vector<Sample> distance;
  std::vector<Sample> relative;
};

Sample sample_of_cells(std::string_view mean, std::string_view error, int draws) {
  return {*number_of(mean), *number_of(error) * std::sqrt(static_cast<double>(draws)), draws, 0};
}

// Read from the table's text, so that a piece that went on says what one in a single go does.
std::vector<Curve> curves_of(const Table& table, int draws) {
  std::vector<Curve> curves;
  for (const ColumnConstruction construction : kColumnConstructions) {
    for (const Rule& rule : kRules) {
      Curve curve{construction, &rule, {}, {}, {}};
      for (const std::vector<std::string>& row : table.rows) {
        if (row[0] != name(construction) || row[5] != rule.signs || row[6] != rule.scale) continue;
        curve.redundancy.push_back(*number_of(row[2]));
        curve.distance.push_back(sample_of_cells(row[7], row[8], draws));
        curve.relative.push_back(sample_of_cells(row[9], row[10], draws));
      }
      curves.push_back(std::move(curve));
    }
  }
  return curves;
}

// The paper's own border cuts the curves: up to redundancy 0, and from there on.
enum class Side { below, above };
constexpr std::array kSides{Side::below, Side::above};

std::string side_name(Side side, const Sizes& sizes) {
  const int last = sizes.most_channels - kPixels;
  return side == Side::below ? concat(kFewestChannels - kPixels, " to ", std::min(last, 0)) : concat("0 to ", last);
}
bool is_seen(Side side, const Sizes& sizes) { return side == Side::below || sizes.most_channels >= kPixels + 2; }

struct Trend {
  int direction = 0;  // 1: rises, -1: falls, 0: neither by kMargin standard errors of the slope
  std::string text;   // "rises, 4.23 to 7.95"
};

using Quantity = std::vector<Sample> Curve::*;

Trend trend_of(const Curve& curve, Quantity quantity, Side side) {
  const std::vector<Sample>& values = curve.*quantity;
  std::vector<double> x;
  std::vector<Sample> y;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (side == Side::below ? curve.redundancy[i] > 0.0 : curve.redundancy[i] < 0.0) continue;
    x.push_back(curve.redundancy[i]);
    y.push_back(values[i]);
  }
  const LinearFit fit = linear_fit(x, y);
  Trend trend;
  if (std::fabs(fit.slope) > kMargin * fit.slope_error) trend.direction = fit.slope > 0.0 ? 1 : -1;
  const int decimals = quantity == &Curve::distance ? 2 : 3;
  trend.text = concat(trend.direction > 0 ? "rises" : trend.direction < 0 ? "falls" : "no trend", ", ",
                      fixed_text(y.front().mean, decimals), " to ", fixed_text(y.back().mean, decimals));
  return trend;
}

bool falls_throughout(const Curve& curve, Quantity quantity, const Sizes& sizes) {
  return std::all_of(kSides.begin(), kSides.end(),
                     [&](Side side) { return !is_seen(side, sizes) || trend_of(curve, quantity, side).direction < 0; });
}

// "redundancy -16 to 0: rises, 4.31 to 8.48; redundancy 0 to 8: falls, 8.48 to 8.10"
std::string course(const Curve& curve, Quantity quantity, const Sizes& sizes) {
  std::string text;
  for (const Side side : kSides) {
    if (!is_seen(side, sizes)) continue;
    text += concat(text.empty() ? "" : "; ", "redundancy ", side_name(side, sizes), ": ", trend_of(curve, quantity, side).text);
  }
  return text;
}

int count_falling(const std::vector<Curve>& curves, Quantity quantity, const Sizes& sizes) {
  const auto falls = [&](const Curve& curve) { return falls_throughout(curve, quantity, sizes); };
  return static_cast<int>(std::count_if(curves.begin(), curves.end(), falls));
}

// How many of the curves with these signs have a relative distance that falls from redundancy 0 on: "5 of 6".
std::string falling_beyond_zero(const std::vector<Curve>& curves, std::string_view signs) {
  int all = 0;
  int falling = 0;
  for (const Curve& curve : curves) {
    if (curve.rule->signs != signs) continue;
    ++all;
    if (trend_of(curve, &Curve::relative, Side::above).direction < 0) ++falling;
  }
  return concat(falling, " of ", all);
}

void write_verdict(const std::vector<Curve>& curves, const Sizes& sizes, Html& page) {
  const int falling = count_falling(curves, &Curve::distance, sizes);
  const int falling_relative = count_falling(curves, &Curve::relative, sizes);
  std::string text = concat("The paper's curve falls from end to end. Here ", falling, " of ", curves.size(), " curves of the distance ",
                            "do, and ", falling_relative, " of ", curves.size(), " of the distance relative to the output's norm: three ",
                            "constructions of the layer, each with three choices of signs and scale. ");
  if (is_seen(Side::above, sizes)) {
    text += concat("From redundancy 0 on the relative distance falls in ", falling_beyond_zero(curves, kPaperRule.signs),
                   " curves of the best signs and in ", falling_beyond_zero(curves, kRules[0].signs), " of the weights' own signs. ");
  }
  text += concat("A curve rises or falls where the slope of a line through its points is beyond ", fixed_text(kMargin, 0),
                 " standard errors; each side of redundancy 0 has a line.");
  page.paragraph(text, "verdict");
  page.paragraph(concat("With the paper's choice (", kPaperRule.label(), "):"));
  for (const Curve& curve : curves) {
    if (curve.rule != &kPaperRule) continue;
    page.paragraph(concat(name(curve.construction), ". Distance, ", course(curve, &Curve::distance, sizes), ". Relative distance, ",
                          course(curve, &Curve::relative, sizes), "."));
  }
}

void write_trends(const std::vector<Curve>& curves, const Sizes& sizes, PieceFolder& folder) {
  Table table{{"construction", "signs and scale"}, {}};
  for (const std::string_view quantity : {"distance", "relative"})
    for (const Side side : kSides)
      if (is_seen(side, sizes)) table.header.push_back(concat(quantity, ", ", side_name(side, sizes)));
  for (const Curve& curve : curves) {
    std::vector<std::string> row{std::string(name(curve.construction)), curve.rule->label()};
    for (const Quantity quantity : {&Curve::distance, &Curve::relative})
      for (const Side side : kSides)
        if (is_seen(side, sizes)) row.push_back(trend_of(curve, quantity, side).text);
    table.rows.push_back(std::move(row));
  }
  folder.table("trends", table);
}

// One chart of a construction: a curve for each rule.
void write_chart(const std::vector<Curve>& curves, ColumnConstruction construction, Quantity quantity, std::string_view quantity_name,
                 std::string_view y_label, int draws, PieceFolder& folder) {
  std::vector<Series> all;
  double low = INFINITY;
  double high = 0.0;
  for (const Curve& curve : curves) {
    if (curve.construction != construction) continue;
    Series series;
    series.label = curve.rule->label();
    series.x = curve.redundancy;
    for (const Sample& sample : curve.*quantity) {
      series.y.push_back(sample.mean);
      series.spread.push_back(sample.standard_error());
      low = std::min(low, sample.mean);
      high = std::max(high, sample.mean);
    }
    all.push_back(std::move(series));
  }
  ChartOptions options;
  options.title = concat(name(construction), ": ", quantity_name);
  options.x_label = concat("degree of redundancy, c_i - ", kPixels);
  options.y_label = y_label;
  options.log_y = high > 8.0 * low;
  if (!options.log_y) options.y_min = 0.0;
  folder.chart(concat(name(construction), "-", quantity_name), line_chart(all, options),
               concat("Mean over ", draws, " draws of the layer, bars of one standard error."));
}

void make_binarization_error(const Experiment& experiment, const TrialBook&, PieceFolder& folder) {
  const Sizes sizes = sizes_of(experiment.scale);
  const std::vector<Curve> curves = curves_of(computed_table(sizes, folder), sizes.draws);
  Html& page = folder.page();
  write_verdict(curves, sizes, page);
  page.paragraph(concat("One output column D k of a deconvolution, s_i = ", kPixels, " pixels by c_i = ", kFewestChannels, " to ",
                        sizes.most_channels, " channels, against scale D b with all 2^c_i sign patterns b tried, for ", sizes.draws,
                        " layers drawn at each c_i. The distance is Euclidean; relative means divided by the norm of D k. mean |k| is the "
                        "scale that binary-weight networks train with, and sign of k their signs; best scale is the least squares one of "
                        "each pattern. It need not be negative: the opposite pattern is tried as well."));
  page.paragraph("The signs of many normal weights, drawn apart from D, leave sqrt(1 - 2 / pi) = 0.60 of the output, root mean square, "
                 "whatever D and its redundancy are: redundancy helps where signs are chosen by the output that they make.");
  page.paragraph("The paper prints no figure for its curve and does not say how D and k were made, so nothing of its stands beside "
                 "these. Its \"minimum average\" distance is read as the minimum over the patterns, averaged over layers.", "note");
  write_trends(curves, sizes, folder);
  for (const ColumnConstruction construction : kColumnConstructions) {
    page.heading(name(construction), 3);
    page.paragraph(description(construction));
    page.begin_group("charts");
    write_chart(curves, construction, &Curve::distance, "distance", "Euclidean distance", sizes.draws, folder);
    write_chart(curves, construction, &Curve::relative, "relative", "distance / norm of the output", sizes.draws, folder);
    page.end_group();
  }
}

}  // namespace

const Piece kBinarizationErrorPiece{
    .command = "binarization-error",
    .title = "Binarization error against redundancy: Fig. 2",
    .summary = "Fig. 2: all sign patterns of a small layer, s_i = 20, c_i = 4 to 28.",
    .in_all_at_laptop = true,
    .trials = nullptr,
    .make = make_binarization_error,
};

}  // namespace pbgen
