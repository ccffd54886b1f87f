#include <array>
#include <cmath>

#include "core/base/check.h"
#include "gan/accounting.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/paper/claim.h"
#include "tools/lib/paper/pieces/settings_parts.h"
#include "tools/lib/paper/resolution_chart.h"

namespace pbgen {
namespace {

// Settings B to E binarize deconvolution 1 to 4 alone.  Figures are in this order.
constexpr std::string_view kLetters = "BCDE";
using Redundancies = std::array<double, 4>;
constexpr Redundancies kPrinted{496.0, 192.0, -128.0, -960.0};  // Table I

Redundancies redundancies_of(const NetworkConfig& network) {
  Redundancies all{};
  std::size_t found = 0;
  for (const LayerRow& row : layer_table(network)) {
    if (row.kind == LayerKind::deconv) all.at(found++) = static_cast<double>(row.redundancy());
  }
  check_equal(found, all.size(), "the count of deconvolutions");
  return all;
}

// What divides the network's redundancies so that they are the paper's; 1 where nothing does.
double scale_of(const Redundancies& redundancies) {
  const double scale = redundancies[0] / kPrinted[0];
  for (std::size_t i = 0; i < kPrinted.size(); ++i)
    if (redundancies[i] != scale * kPrinted[i]) return 1.0;
  return scale;
}

// SWD of B to E: one level of ours, our mean or the paper's.
struct Curve {
  std::string label;
  Redundancies x{};
  std::array<Sample, 4> y{};
  bool printed = false;
};

std::vector<Curve> curves_of(const Experiment& experiment, const std::vector<SettingScores>& all, const Redundancies& x) {
  std::vector<Curve> curves;
  const auto add = [&](const std::string& label, const auto& sample) {
    Curve curve{label, x, {}, false};
    for (std::size_t i = 0; i < kLetters.size(); ++i) curve.y[i] = sample(*find_setting(all, kLetters.substr(i, 1)));
    curves.push_back(std::move(curve));
  };
  const std::vector<int> sizes = level_sizes(experiment);
  for (std::size_t level = 0; level < sizes.size(); ++level)
    add(side_text(sizes[level]), [&](const SettingScores& scores) { return scores.levels[level]; });
  if (sizes.size() > 1) add("mean", [](const SettingScores& scores) { return scores.mean; });
  Curve printed{"paper", kPrinted, {}, true};
  for (std::size_t i = 0; i < kLetters.size(); ++i) printed.y[i] = printed_figure(printed_swd(kLetters.substr(i, 1)).value());
  curves.push_back(std::move(printed));
  return curves;
}

// The first `points` settings of B to E, redundancy rising.
Series series_of(const Curve& curve, std::size_t points) {
  Series series;
  series.label = curve.label;
  series.dashed = curve.printed;
  for (std::size_t i = points; i-- > 0;) {
    series.x.push_back(curve.x[i]);
    series.y.push_back(curve.y[i].mean);
    series.spread.push_back(curve.y[i].sd);
  }
  return series;
}

ChartOptions redundancy_options(const Redundancies& x, std::size_t points, double scale) {
  ChartOptions options;
  options.x_label = "redundancy of the layer in one bit";
  if (scale != 1.0) options.x_label += concat(", divided by ", scale);
  options.y_label = "SWD";
  for (std::size_t i = points; i-- > 0;) options.x_ticks.push_back({x[i], concat(kLetters.substr(i, 1), " ", fixed_text(x[i], 0))});
  return options;
}

// B, C and D with the straight line from D to B.
std::string linear_chart(const Curve& curve, const std::string& title, double scale) {
  ChartOptions options = redundancy_options(curve.x, 3, scale);
  options.title = title;
  Series measured = series_of(curve, 3);
  measured.dashed = false;
  Series line{"straight", {curve.x[2], curve.x[0]}, {curve.y[2].mean, curve.y[0].mean}};
  line.dashed = true;
  return line_chart({measured, line}, options);
}

struct Linearity {
  LinearFit fit;
  Comparison middle;     // C against the line from D to B
  Verdict falls = Verdict::no_figure;
  Verdict straight = Verdict::no_figure;
};

// `bend`: the share of the way from B to D that C may be off the straight line and still be almost on it.
Linearity linearity_of(const Curve& curve, double bend) {
  const std::span<const double, 3> x(curve.x.data(), 3);
  const std::span<const Sample, 3> y(curve.y.data(), 3);
  Linearity result;
  result.fit = linear_fit(x, y);
  result.middle = middle_against_chord(x, y);
  Comparison slope;
  slope.difference = result.fit.slope;
  slope.difference_error = result.fit.slope_error;
  result.falls = is_lower(slope);
  // C off the line by at most bend * (D - B), to either side.
  const double first = (x[2] - x[1]) / (x[2] - x[0]);
  const double last = 1.0 - first;
  result.straight = both(is_lower(contrast(std::array{-first + bend, 1.0, -last - bend}, y)),
                         is_higher(contrast(std::array{-first - bend, 1.0, -last + bend}, y)));
  return result;
}

double bend_of(const Curve& curve, const Comparison& middle) { return middle.difference / (curve.y[2].mean - curve.y[0].mean); }

Table linearity_table(const std::vector<Curve>& curves, double bend) {
  Table table{{"SWD", "slope per 100", "+-", "R^2", "C off the line D to B", "+-", "as share of D less B", "falls", "almost linear"}, {}};
  for (const Curve& curve : curves) {
    const Linearity result = linearity_of(curve, bend);
    const auto verdict = [&](Verdict found) { return curve.printed ? std::string("-") : std::string(verdict_text(found)); };
    table.rows.push_back({curve.label, known_text(100.0 * result.fit.slope, 5), known_text(100.0 * result.fit.slope_error, 5),
                          known_text(result.fit.r2, 3), known_text(result.middle.difference, 5),
                          known_text(result.middle.difference_error, 5), known_text(bend_of(curve, result.middle), 2),
                          verdict(result.falls), verdict(result.straight)});
  }
  return table;
}

std::vector<Claim> factor_claims(const std::vector<Curve>& curves) {
  std::vector<Claim> claims;
  for (const Curve& curve : curves) {
    if (curve.printed) continue;
    for (std::size_t i = 0; i < 3; ++i) {
      const Comparison here = compare(curve.y[3], curve.y[i]);
      const std::string letter(kLetters.substr(i, 1));
      claims.push_back({concat("E is more than 5 times ", letter, ", ", curve.label),
                        curve.label == "mean" ? printed_ratio("E", letter) : "", here, is_at_least(here, 5.0)});
    }
  }
  return claims;
}

}  // namespace

void add_redundancy(const Experiment& experiment, const std::vector<SettingScores>& dcgan, PieceFolder& folder) {
  Html& page = folder.page();
  page.heading("Distance against redundancy (Fig. 6)", 3);
  for (const char letter : kLetters) {
    if (experiment.has_setting({&letter, 1})) continue;
    page.paragraph("Left out: it needs Settings B, C, D and E.", "note");
    return;
  }
  const Redundancies own = redundancies_of(experiment.network());
  const double scale = scale_of(own);
  Redundancies x = own;
  for (double& value : x) value /= scale;
  const std::vector<Curve> curves = curves_of(experiment, dcgan, x);
  const Curve& printed = curves.back();
  const Curve& mean = curves[curves.size() - 2];
  const double bend = std::fabs(bend_of(printed, linearity_of(printed, 1.0).middle));

  const std::vector<Claim> factors = factor_claims(curves);
  const Linearity ours = linearity_of(mean, bend);
  page.paragraph(concat("SWD falls from D over C to B: ", verdict_text(ours.falls), "; almost linearly: ", verdict_text(ours.straight),
                        "."),
                 "verdict");
  page.begin_group("charts");
  ChartOptions options = redundancy_options(x, 4, scale);
  options.title = "SWD against redundancy (Fig. 6)";
  options.log_y = true;
  std::vector<Series> all;
  for (const Curve& curve : curves) all.push_back(series_of(curve, 4));
  std::string caption = "Fig. 6, on a logarithmic axis.";
  if (scale != 1.0)
    caption += concat(" This network's redundancies are ", scale,
                      " of the paper's and are divided by that, so that both stand at the same place.");
  caption += experiment.seeds > 1 ? " Bars: one standard deviation over the seeds." : " One seed.";
  folder.chart("figure6", line_chart(all, options), caption);
  folder.chart("figure6_linear", linear_chart(mean, "B, C and D, mean", scale), "Ours, where the paper sees a straight line.");
  folder.chart("figure6_paper", linear_chart(printed, "B, C and D, as the paper prints them", 1.0), "Table III against Table I.");
  page.end_group();
  folder.table("linearity", linearity_table(curves, bend));
  page.paragraph(
      concat("The paper: \"SWD decreases almost linearly with the increase of the degree of redundancy when it is non-negative\". It "
             "counts D among the non-negative ones, whose redundancy is ", fixed_text(kPrinted[2], 0), " in its own Table I. With the two "
             "that are, B and C, linearity cannot be tested at all: any two points are on a line. With D there are three, and the only "
             "test left is how far C is from the line through B and D. In the paper's averages it is off by ", fixed_text(100.0 * bend, 0),
             "% of the way from B to D, so that is what \"almost\" means here. Slopes are least squares through B, C and D."),
      "note");
  page.paragraph(concat("\"More than a 5 times increase\" under E. ", claim_summary(factors)), "verdict");
  folder.claims("redundancy_claims", factors);
}

}  // namespace pbgen
