// Charts as SVG: no scripts, no references to anything outside, readable on light and on dark pages.
//
// Numbers are written with a fixed count of decimals: the same data give the same bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/lib/html/axes.h"

namespace pbgen {

// A dashed horizontal line that a curve is to be compared with.
struct ReferenceLine {
  std::string label;
  double y = 0.0;
};

struct ChartOptions {
  std::string title;
  std::string x_label;
  std::string y_label;
  double width = 520.0;  // of the whole picture, in pixels
  double height = 300.0;
  bool log_x = false;
  bool log_y = false;
  // In place of round numbers, rising: resolutions, widths.  Those beyond the data are left out.
  std::vector<Tick> x_ticks;
  // The vertical axis covers the data and these; what lies beyond a fixed end is drawn at the edge.
  std::optional<double> y_min;
  std::optional<double> y_max;
  std::vector<ReferenceLine> references;
  // > 1: a moving average over so many neighbouring points is drawn over the data, which become faint.
  std::size_t smooth_points = 0;
  // Longer series are thinned out: of each bin of neighbours the lowest and the highest stay.
  std::size_t max_points = 400;
};

// Colours that stay apart for colour-blind eyes, in turn: Okabe and Ito 2008 without its yellow, the blue lighter so that it
// is readable on dark pages too, and a purple, so that eight settings have a colour each.
std::string_view series_colour(std::size_t i);

// Title, axes, grid and labels of any chart; the chart draws between them.
class ChartFrame {
 public:
  // label_width: pixels kept free to the right of the plot, for labels.
  ChartFrame(const ChartOptions& options, ChartAxis x, ChartAxis y, double label_width);

  double left() const { return left_; }
  double right() const { return right_; }
  double top() const { return top_; }
  double bottom() const { return bottom_; }
  // Pixels; NaN where the axis cannot show the value.
  double px(double x) const { return left_ + x_.position(x) * (right_ - left_); }
  double py(double y) const { return bottom_ - y_.position(y) * (bottom_ - top_); }

  // Markup, drawn in the order of the calls.
  void add(std::string_view markup) { body_ += markup; }
  // class_name: "title", "small" or empty.  anchor: start, middle or end.  The text is escaped here.
  void add_text(double px, double py, std::string_view text, std::string_view anchor = "start", std::string_view class_name = "");

  // The whole <svg> element.
  std::string finish() const;

 private:
  ChartOptions options_;
  ChartAxis x_;
  ChartAxis y_;
  double left_;
  double right_;
  double top_;
  double bottom_;
  std::string body_;
};

// A label at the end of what it names; y is where it would best be, in pixels.
struct EndLabel {
  double y = 0.0;
  std::string text;
  std::string colour;  // empty: that of the text
};

// Pixels that text takes, estimated for the charts' font.
double label_width(std::string_view text);

// Draws the labels to the right of the plot, pushed apart where they would overlap.
void add_end_labels(ChartFrame& frame, std::vector<EndLabel> labels);

}  // namespace pbgen
