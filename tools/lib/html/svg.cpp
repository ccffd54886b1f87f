#include "tools/lib/html/svg.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/cli/text_table.h"
#include "tools/lib/html/encode.h"

namespace pbgen {
namespace {

constexpr double kPixelsPerCharacter = 6.6;
constexpr double kLineHeight = 14.0;
constexpr double kLabelGap = 6.0;
constexpr int kMostLabelRows = 3;  // below the axis; a label that fits into none is left out

constexpr std::string_view kStyle =
    "<style>"
    ".chart text{font:12px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#555}"
    ".chart .title{font-size:14px;font-weight:600;fill:#222}"
    ".chart .grid{stroke:#e6e6e6}.chart .axis{stroke:#999}.chart .reference{stroke:#777;stroke-dasharray:5 4}"
    "@media screen and (prefers-color-scheme:dark){"
    ".chart text{fill:#b5b5b5}.chart .title{fill:#eee}"
    ".chart .grid{stroke:#333}.chart .axis{stroke:#777}.chart .reference{stroke:#999}}"
    "</style>";

std::string pixels(double value) { return fixed_text(value, 1); }

std::string line(double x1, double y1, double x2, double y2, std::string_view class_name) {
  return concat("<line x1=\"", pixels(x1), "\" y1=\"", pixels(y1), "\" x2=\"", pixels(x2), "\" y2=\"", pixels(y2), "\" class=\"",
                class_name, "\"/>\n");
}

double widest_label(const ChartAxis& axis) {
  double width = 0.0;
  for (const Tick& tick : axis.ticks) width = std::max(width, label_width(tick.label));
  return width;
}

// For each tick of a horizontal axis, the first row below it in which its label overlaps none before it, or kMostLabelRows.
std::vector<int> rows_of_labels(const ChartAxis& axis, double left, double right) {
  std::array<double, kMostLabelRows> free_from;
  free_from.fill(-right);
  std::vector<int> rows;
  for (const Tick& tick : axis.ticks) {
    const double middle = left + axis.position(tick.value) * (right - left);
    const double half = label_width(tick.label) / 2.0;
    int row = 0;
    while (row < kMostLabelRows && middle - half < free_from[static_cast<std::size_t>(row)]) ++row;
    if (row < kMostLabelRows) free_from[static_cast<std::size_t>(row)] = middle + half + kLabelGap;
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

std::string_view series_colour(std::size_t i) {
  static constexpr std::array<std::string_view, 8> kColours = {"#2484c6", "#d55e00", "#009e73", "#cc79a7",
                                                               "#e69f00", "#56b4e9", "#888888", "#8a63d2"};
  return kColours[i % kColours.size()];
}

double label_width(std::string_view text) { return kPixelsPerCharacter * static_cast<double>(text_width(text)); }

ChartFrame::ChartFrame(const ChartOptions& options, ChartAxis x, ChartAxis y, double label_width)
    : options_(options),
      x_(std::move(x)),
      y_(std::move(y)),
      left_(widest_label(y_) + (options.y_label.empty() ? 14.0 : 34.0)),
      right_(options.width - std::max(label_width, 16.0)),
      top_(options.title.empty() ? 12.0 : 34.0),
      bottom_(options.height - (options.x_label.empty() ? 26.0 : 44.0)) {
  const std::vector<int> label_rows = rows_of_labels(x_, left_, right_);
  if (!label_rows.empty()) bottom_ -= kLineHeight * std::min(*std::max_element(label_rows.begin(), label_rows.end()), kMostLabelRows - 1);
  check(right_ > left_ && bottom_ > top_, "a chart of ", options.width, " x ", options.height, " pixels leaves no room to draw");
  for (const Tick& tick : y_.ticks) {
    add(line(left_, py(tick.value), right_, py(tick.value), "grid"));
    add_text(left_ - 7.0, py(tick.value) + 4.0, tick.label, "end");
  }
  add(line(left_, bottom_, right_, bottom_, "axis"));
  for (std::size_t i = 0; i < x_.ticks.size(); ++i) {
    const double middle = px(x_.ticks[i].value);
    add(line(middle, bottom_, middle, bottom_ + 4.0, "axis"));
    if (label_rows[i] < kMostLabelRows) add_text(middle, bottom_ + 17.0 + kLineHeight * label_rows[i], x_.ticks[i].label, "middle");
  }
  if (!options.title.empty()) add_text(0.0, 16.0, options.title, "start", "title");
  if (!options.x_label.empty()) add_text((left_ + right_) / 2.0, options.height - 8.0, options.x_label, "middle");
  if (!options.y_label.empty()) {
    const std::string middle = pixels((top_ + bottom_) / 2.0);
    add(concat("<text transform=\"translate(12,", middle, ") rotate(-90)\" text-anchor=\"middle\">", escape_markup(options.y_label),
               "</text>\n"));
  }
}

void ChartFrame::add_text(double px, double py, std::string_view text, std::string_view anchor, std::string_view class_name) {
  add(concat("<text x=\"", pixels(px), "\" y=\"", pixels(py), "\""));
  if (anchor != "start") add(concat(" text-anchor=\"", anchor, "\""));
  if (!class_name.empty()) add(concat(" class=\"", class_name, "\""));
  add(concat(">", escape_markup(text), "</text>\n"));
}

std::string ChartFrame::finish() const {
  return concat("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" aria-label=\"", escape_markup(options_.title),
                "\" width=\"", pixels(options_.width), "\" height=\"", pixels(options_.height), "\" viewBox=\"0 0 ", pixels(options_.width),
                " ", pixels(options_.height), "\">\n", kStyle, "\n", body_, "</svg>\n");
}

void add_end_labels(ChartFrame& frame, std::vector<EndLabel> labels) {
  std::stable_sort(labels.begin(), labels.end(), [](const EndLabel& a, const EndLabel& b) { return a.y < b.y; });
  // Down until none overlaps, then up from the bottom where that pushed some out.
  double free_from = frame.top();
  for (EndLabel& label : labels) {
    label.y = std::max(label.y, free_from);
    free_from = label.y + kLineHeight;
  }
  double free_to = frame.bottom();
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    label->y = std::min(label->y, free_to);
    free_to = label->y - kLineHeight;
  }
  for (const EndLabel& label : labels) {
    frame.add(concat("<text x=\"", pixels(frame.right() + 7.0), "\" y=\"", pixels(label.y + 4.0), "\""));
    if (!label.colour.empty()) frame.add(concat(" style=\"fill:", label.colour, ";font-weight:600\""));
    frame.add(concat(">", escape_markup(label.text), "</text>\n"));
  }
}

}  // namespace pbgen
