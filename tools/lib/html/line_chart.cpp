#include "tools/lib/html/line_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/check.h"
#include "tools/lib/cli/format.h"

namespace pbgen {
namespace {

constexpr std::size_t kMostMarkers = 40;

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void cover(double value, bool log) {
    if (!std::isfinite(value) || (log && value <= 0.0)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

struct Point {
  double x = 0.0;  // pixels
  double y = 0.0;
};

// The unbroken stretches of a curve, in pixels.
std::vector<std::vector<Point>> stretches(const ChartFrame& frame, const std::vector<double>& x, const std::vector<double>& y) {
  std::vector<std::vector<Point>> all;
  bool open = false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Point point{frame.px(x[i]), frame.py(y[i])};
    if (std::isnan(point.x) || std::isnan(point.y)) {
      open = false;
      continue;
    }
    if (!open) all.emplace_back();
    all.back().push_back(point);
    open = true;
  }
  return all;
}

// From every bin of neighbours the first highest and the first lowest, in their order; ends are kept.
std::vector<Point> thinned(const std::vector<Point>& points, std::size_t bin) {
  if (bin <= 2) return points;
  std::vector<Point> kept = {points.front()};
  for (std::size_t begin = 1; begin + 1 < points.size(); begin += bin) {
    const auto first = points.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = points.begin() + static_cast<std::ptrdiff_t>(std::min(begin + bin, points.size() - 1));
    auto [low, high] = std::minmax_element(first, last, [](const Point& a, const Point& b) { return a.y < b.y; });
    if (high < low) std::swap(low, high);
    kept.push_back(*low);
    if (high != low) kept.push_back(*high);
  }
  if (points.size() > 1) kept.push_back(points.back());
  return kept;
}

void add_curve(ChartFrame& frame, const std::vector<double>& x, const std::vector<double>& y, std::size_t max_points,
               std::string_view style) {
  const std::size_t bin = (2 * x.size() + max_points - 1) / max_points;
  std::string path;
  for (const std::vector<Point>& stretch : stretches(frame, x, y)) {
    const std::vector<Point> points = thinned(stretch, bin);
    path += concat("M", fixed_text(points[0].x, 1), ",", fixed_text(points[0].y, 1));
    if (points.size() == 1) path += "h0";  // with round caps: a dot
    for (std::size_t i = 1; i < points.size(); ++i) path += concat("L", fixed_text(points[i].x, 1), ",", fixed_text(points[i].y, 1));
  }
  if (path.empty()) return;
  frame.add(concat("<path d=\"", path, "\" fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\" ", style, "/>\n"));
}

// Six significant digits: what a reader wants to see beside a marker.
std::string value_text(double value) {
  const double magnitude = std::fabs(value);
  int decimals = 5;
  for (double limit = 10.0; decimals > 0 && magnitude >= limit; limit *= 10.0) --decimals;
  std::string text = fixed_text(value, decimals);
  if (text.find('.') != std::string::npos) text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

void add_markers(ChartFrame& frame, const Series& series, std::string_view colour) {
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    const Point point{frame.px(series.x[i]), frame.py(series.y[i])};
    if (std::isnan(point.x) || std::isnan(point.y)) continue;
    frame.add(concat("<circle cx=\"", fixed_text(point.x, 1), "\" cy=\"", fixed_text(point.y, 1), "\" r=\"3\" fill=\"", colour,
                     "\"><title>", value_text(series.x[i]), ": ", value_text(series.y[i]), "</title></circle>\n"));
  }
}

void add_spread(ChartFrame& frame, const Series& series, std::string_view colour) {
  constexpr double kHalfCap = 4.0;
  for (std::size_t i = 0; i < series.spread.size(); ++i) {
    const double px = frame.px(series.x[i]);
    const double high = frame.py(series.y[i] + series.spread[i]);
    if (!(series.spread[i] > 0.0) || std::isnan(px) || std::isnan(high)) continue;
    // A logarithmic axis cannot show what is not positive: the bar goes down to its end.
    const double shown = frame.py(series.y[i] - series.spread[i]);
    const double low = std::isnan(shown) ? frame.bottom() : shown;
    const std::string left = fixed_text(px - kHalfCap, 1);
    const std::string across = concat("h", fixed_text(2.0 * kHalfCap, 1));
    frame.add(concat("<path d=\"M", left, ",", fixed_text(high, 1), across, "M", left, ",", fixed_text(low, 1), across, "M",
                     fixed_text(px, 1), ",", fixed_text(high, 1), "V", fixed_text(low, 1), "\" fill=\"none\" stroke=\"", colour,
                     "\" stroke-opacity=\"0.7\"/>\n"));
  }
}

// Where the curve ends, in pixels; NaN where nothing of it can be drawn.
double last_y(const ChartFrame& frame, const std::vector<double>& y) {
  for (auto value = y.rbegin(); value != y.rend(); ++value) {
    if (!std::isnan(frame.py(*value))) return frame.py(*value);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

void cover_all(const std::vector<Series>& all_series, const ChartOptions& options, Range& x_range, Range& y_range) {
  for (const Series& series : all_series) {
    check_equal(series.y.size(), series.x.size(), "the count of a series' y");
    if (!series.spread.empty()) check_equal(series.spread.size(), series.x.size(), "the count of a series' spread");
    for (const double x : series.x) x_range.cover(x, options.log_x);
    for (const double y : series.y) y_range.cover(y, options.log_y);
    for (std::size_t i = 0; i < series.spread.size(); ++i) {
      y_range.cover(series.y[i] - series.spread[i], options.log_y);
      y_range.cover(series.y[i] + series.spread[i], options.log_y);
    }
  }
  for (const ReferenceLine& reference : options.references) y_range.cover(reference.y, options.log_y);
}

double widest_label(const std::vector<Series>& all_series, const ChartOptions& options) {
  double widest = 0.0;
  for (const Series& series : all_series) widest = std::max(widest, label_width(series.label));
  for (const ReferenceLine& reference : options.references) widest = std::max(widest, label_width(reference.label));
  return widest;
}

}  // namespace

std::vector<double> moving_average(const std::vector<double>& values, std::size_t points) {
  const std::size_t half = points / 2;
  std::vector<double> averages(values.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) continue;
    const std::size_t end = std::min(values.size(), i + half + 1);
    double sum = 0.0;
    double count = 0.0;
    for (std::size_t k = i > half ? i - half : 0; k < end; ++k) {
      if (!std::isfinite(values[k])) continue;
      sum += values[k];
      count += 1.0;
    }
    averages[i] = sum / count;
  }
  return averages;
}

std::string line_chart(const std::vector<Series>& all_series, const ChartOptions& options) {
  check(options.max_points >= 2, "max_points is ", options.max_points, ", expected at least 2");
  Range x_range;
  Range y_range;
  cover_all(all_series, options, x_range, y_range);
  const double widest = widest_label(all_series, options);
  const bool empty = !(x_range.low <= x_range.high && y_range.low <= y_range.high);
  if (options.y_min) y_range.low = *options.y_min;
  if (options.y_max) y_range.high = *options.y_max;

  const int x_ticks = std::max(2, static_cast<int>(options.width / 90.0));
  const int y_ticks = std::max(2, static_cast<int>(options.height / 55.0));
  ChartAxis x_axis = make_axis(x_range.low, x_range.high, options.log_x, x_ticks, AxisEnds::at_data);
  if (!options.x_ticks.empty()) {
    x_axis.ticks = options.x_ticks;
    std::erase_if(x_axis.ticks, [&](const Tick& tick) { return tick.value < x_axis.low || tick.value > x_axis.high; });
  }
  ChartFrame frame(options, std::move(x_axis),
                   make_axis(y_range.low, y_range.high, options.log_y, y_ticks, AxisEnds::at_ticks), widest > 0.0 ? widest + 14.0 : 0.0);
  if (empty) {
    frame.add_text((frame.left() + frame.right()) / 2.0, (frame.top() + frame.bottom()) / 2.0, "no data", "middle");
    return frame.finish();
  }

  std::vector<EndLabel> labels;
  for (const ReferenceLine& reference : options.references) {
    const double y = frame.py(reference.y);
    if (std::isnan(y)) continue;
    frame.add(concat("<line x1=\"", fixed_text(frame.left(), 1), "\" y1=\"", fixed_text(y, 1), "\" x2=\"", fixed_text(frame.right(), 1),
                     "\" y2=\"", fixed_text(y, 1), "\" class=\"reference\"/>\n"));
    if (!reference.label.empty()) labels.push_back({y, reference.label, ""});
  }
  for (std::size_t i = 0; i < all_series.size(); ++i) {
    const Series& series = all_series[i];
    const std::string_view colour = series_colour(i);
    const std::string_view dashes = series.dashed ? " stroke-dasharray=\"6 5\"" : "";
    const bool smooth = options.smooth_points > 1 && series.x.size() > options.smooth_points;
    const std::vector<double> trend = smooth ? moving_average(series.y, options.smooth_points) : series.y;
    if (smooth) add_curve(frame, series.x, series.y, options.max_points, concat("stroke=\"", colour, "\" stroke-opacity=\"0.3\""));
    add_curve(frame, series.x, trend, options.max_points, concat("stroke=\"", colour, "\" stroke-width=\"2\"", dashes));
    add_spread(frame, series, colour);
    if (series.x.size() <= kMostMarkers) add_markers(frame, series, colour);
    const double end = last_y(frame, trend);
    if (!series.label.empty() && !std::isnan(end)) labels.push_back({end, series.label, std::string(colour)});
  }
  add_end_labels(frame, std::move(labels));
  return frame.finish();
}

}  // namespace pbgen
