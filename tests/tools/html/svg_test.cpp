// Charts: axes, what becomes of gaps, long series and odd text; and the encodings that they are written in.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "tools/lib/cli/format.h"
#include "tools/lib/html/axes.h"
#include "tools/lib/html/encode.h"
#include "tools/lib/html/line_chart.h"
#include "tools/lib/html/svg.h"

namespace pbgen {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::string> labels_of(const ChartAxis& axis) {
  std::vector<std::string> labels;
  for (const Tick& tick : axis.ticks) labels.push_back(tick.label);
  return labels;
}

std::vector<double> counted(std::size_t n) {
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<double>(i);
  return values;
}

std::int64_t count_of(const std::string& text, const std::string& part) {
  std::int64_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

// The d attribute of the i-th path.
std::string path_of(const std::string& svg, int i) {
  std::size_t at = 0;
  for (int k = 0; k <= i; ++k) at = svg.find("<path d=\"", at) + 9;
  return svg.substr(at, svg.find('"', at) - at);
}

TEST(Encode, Base64MatchesRfc4648) {
  const std::vector<std::uint8_t> foobar = {'f', 'o', 'o', 'b', 'a', 'r'};
  const std::vector<std::string> expected = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (std::size_t n = 0; n <= foobar.size(); ++n) EXPECT_EQ(base64(std::span(foobar).first(n)), expected[n]);
  const std::vector<std::uint8_t> high = {0xfb, 0xff, 0xfe};
  EXPECT_EQ(base64(high), "+//+");
}

TEST(Encode, MarkupIsEscapedAndIsValidUtf8) {
  EXPECT_EQ(escape_markup("<a href=\"x\" id='y'>&</a>"), "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&lt;/a&gt;");
  EXPECT_EQ(escape_markup("ü\t\n"), "ü\t\n");
  EXPECT_EQ(escape_markup(std::string("a\0b\x1b\xe9<", 6)), "a\\x00b\\x1b\\xe9&lt;");
}

TEST(Encode, FixedTextRoundsAndHasNoNegativeZero) {
  EXPECT_EQ(fixed_text(1.25, 1), "1.2");
  EXPECT_EQ(fixed_text(-0.04, 1), "0.0");
  EXPECT_EQ(fixed_text(-0.06, 1), "-0.1");
  EXPECT_EQ(fixed_text(1e300, 0).size(), 301u);
  EXPECT_EQ(fixed_text(-kInfinity, 1), "-inf");
}

TEST(ChartAxis, TicksAreRoundNumbers) {
  EXPECT_EQ(labels_of(make_axis(0.0, 1.0, false, 5, AxisEnds::at_ticks)),
            (std::vector<std::string>{"0", "0.2", "0.4", "0.6", "0.8", "1.0"}));
  EXPECT_EQ(labels_of(make_axis(0.0, 20000.0, false, 4, AxisEnds::at_data)), (std::vector<std::string>{"0", "5k", "10k", "15k", "20k"}));
  EXPECT_EQ(labels_of(make_axis(-130.0, 500.0, false, 4, AxisEnds::at_ticks)),
            (std::vector<std::string>{"-200", "0", "200", "400", "600"}));
  EXPECT_EQ(labels_of(make_axis(0.0, 3e-5, false, 3, AxisEnds::at_data)), (std::vector<std::string>{"0", "1e-5", "2e-5", "3e-5"}));
  EXPECT_EQ(labels_of(make_axis(0.02, 40.0, true, 6, AxisEnds::at_ticks)), (std::vector<std::string>{"0.01", "0.1", "1", "10", "100"}));
  EXPECT_EQ(labels_of(make_axis(0.3, 4.0, true, 6, AxisEnds::at_ticks)), (std::vector<std::string>{"0.2", "0.5", "1", "2", "5"}));
}

TEST(ChartAxis, EndsCoverTheDataAndPositionsRise) {
  for (const bool log : {false, true}) {
    for (const double low : {1e-7, 0.013, 1.0, 77.0, 9.5e8}) {
      for (const double factor : {1.0, 1.01, 2.0, 35.0, 1e6}) {
        const double high = low * factor;
        const ChartAxis axis = make_axis(low, high, log, 5, AxisEnds::at_ticks);
        ASSERT_LE(axis.low, low) << log << " " << low << " " << high;
        ASSERT_GE(axis.high, high) << log << " " << low << " " << high;
        ASSERT_LT(axis.low, axis.high);
        ASSERT_GE(axis.ticks.size(), 2u) << log << " " << low << " " << high;
        ASSERT_LE(axis.ticks.size(), 10u) << log << " " << low << " " << high;
        for (std::size_t i = 1; i < axis.ticks.size(); ++i) {
          ASSERT_LT(axis.position(axis.ticks[i - 1].value), axis.position(axis.ticks[i].value));
          ASSERT_NE(axis.ticks[i - 1].label, axis.ticks[i].label) << log << " " << low << " " << high;
        }
      }
    }
  }
}

TEST(ChartAxis, ImpossibleRangesAreReplaced) {
  for (const double low : {kNan, kInfinity, -kInfinity, 0.0, -3.0, 1e308, 5e-324}) {
    for (const double high : {kNan, kInfinity, -kInfinity, 0.0, -3.0, 1e308, 5e-324}) {
      for (const bool log : {false, true}) {
        for (const AxisEnds ends : {AxisEnds::at_data, AxisEnds::at_ticks}) {
          const ChartAxis axis = make_axis(low, high, log, 4, ends);
          ASSERT_TRUE(std::isfinite(axis.low) && std::isfinite(axis.high) && axis.low < axis.high) << low << " " << high << " " << log;
          ASSERT_LE(axis.ticks.size(), 12u) << low << " " << high << " " << log;
        }
      }
    }
  }
}

// Where the text's <text> element stands: its y; NaN where it is not shown.
double row_of(const std::string& svg, const std::string& text) {
  const std::size_t at = svg.find(">" + text + "</text>");
  if (at == std::string::npos) return kNan;
  return std::stod(svg.substr(svg.rfind(" y=\"", at) + 4));
}

TEST(LineChart, LabelsOfTicksStandBelowOneAnotherWhereTheyWouldOverlap) {
  ChartOptions options;
  options.x_ticks = {{0.0, "first of them"}, {1.0, "second of them"}, {2.0, "third of them"}, {3.0, "fourth of them"}, {100.0, "far"}};
  const std::string svg = line_chart({{"", {0, 100}, {0, 1}}}, options);
  const double row = row_of(svg, "first of them");
  EXPECT_EQ(row_of(svg, "second of them"), row + 14.0);
  EXPECT_EQ(row_of(svg, "third of them"), row + 28.0);
  EXPECT_TRUE(std::isnan(row_of(svg, "fourth of them"))) << "there are three rows";
  EXPECT_EQ(row_of(svg, "far"), row);
  EXPECT_LE(row + 28.0, options.height);
}

TEST(LineChart, IsOneElementWithItsTextEscapedAndNothingOutside) {
  ChartOptions options;
  options.title = "a < b & \"c\"";
  options.x_label = "<x>";
  const std::string svg = line_chart({{"D<real>", {0, 1, 2}, {1, 2, 3}}}, options);
  EXPECT_TRUE(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
  EXPECT_NE(svg.find("a &lt; b &amp; &quot;c&quot;"), std::string::npos);
  EXPECT_NE(svg.find("D&lt;real&gt;"), std::string::npos);
  EXPECT_EQ(svg.find("<x>"), std::string::npos);
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_EQ(svg.find("href"), std::string::npos);
  EXPECT_EQ(svg.find("url("), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(count_of(svg, "<circle "), 3);
  EXPECT_EQ(svg, line_chart({{"D<real>", {0, 1, 2}, {1, 2, 3}}}, options));
}

TEST(LineChart, NonFiniteAndOnLogNonPositiveValuesAreGaps) {
  const std::vector<double> y = {1, kNan, 2, 3, kInfinity, 4, 5};
  EXPECT_EQ(count_of(path_of(line_chart({{"", counted(7), y}}, {}), 0), "M"), 3);
  ChartOptions log;
  log.log_y = true;
  EXPECT_EQ(count_of(path_of(line_chart({{"", counted(4), {1, 0, -1, 10}}}, log), 0), "M"), 2);
}

TEST(LineChart, WithoutAnyPointItSaysSo) {
  for (const std::vector<double>& y : {std::vector<double>{}, std::vector<double>{kNan, kNan}}) {
    const std::string svg = line_chart({{"a", counted(y.size()), y}}, {});
    EXPECT_NE(svg.find("no data"), std::string::npos);
    EXPECT_EQ(svg.find("<path"), std::string::npos);
  }
}

TEST(LineChart, LongSeriesAreThinnedButKeepTheirExtremes) {
  std::vector<double> y(100000, 0.5);
  y[31234] = 9.0;
  y[71234] = -9.0;
  ChartOptions options;
  options.max_points = 200;
  const std::string path = path_of(line_chart({{"", counted(y.size()), y}}, options), 0);
  EXPECT_LE(count_of(path, "L"), 201);
  // The same extremes in a series that need not be thinned reach the same heights.
  const std::string few = path_of(line_chart({{"", {0, 31234, 71234, 99999}, {0.5, 9.0, -9.0, 0.5}}}, options), 0);
  std::string high = few.substr(few.find('L') + 1);
  high = high.substr(high.find(','), high.find('L') - high.find(','));
  EXPECT_NE(path.find(high), std::string::npos) << "the peak" << high << " is lost";
}

TEST(LineChart, SmoothingDrawsTheAverageOverTheData) {
  ChartOptions options;
  options.smooth_points = 5;
  std::vector<double> y(50);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = i % 2 == 0 ? 1.0 : -1.0;
  const std::string svg = line_chart({{"", counted(50), y}}, options);
  EXPECT_EQ(count_of(svg, "<path "), 2);
  EXPECT_EQ(count_of(svg, "stroke-opacity"), 1);
}

TEST(MovingAverage, IsCentredAndSkipsWhatIsNotFinite) {
  EXPECT_EQ(moving_average({1, 2, 6, 4}, 3), (std::vector<double>{1.5, 3.0, 4.0, 5.0}));
  const std::vector<double> gap = moving_average({1, kNan, 3}, 3);
  EXPECT_EQ(gap[0], 1.0);
  EXPECT_TRUE(std::isnan(gap[1]));
  EXPECT_EQ(gap[2], 3.0);
}

TEST(LineChart, EndLabelsNeverOverlap) {
  std::vector<Series> all;
  for (int i = 0; i < 8; ++i) all.push_back({"curve " + std::to_string(i), {0, 1}, {0.0, 1.0 - 1e-3 * i}});
  const std::string svg = line_chart(all, {});
  std::vector<double> heights;
  for (std::size_t at = svg.find("font-weight:600\">curve"); at != std::string::npos; at = svg.find("font-weight:600\">curve", at + 1)) {
    heights.push_back(std::stod(svg.substr(svg.rfind("y=\"", at) + 3)));
  }
  ASSERT_EQ(heights.size(), 8u);
  std::sort(heights.begin(), heights.end());
  for (std::size_t i = 1; i < heights.size(); ++i) EXPECT_GE(heights[i] - heights[i - 1], 13.9);
}

TEST(LineChart, SpreadIsABarThatTheAxisCovers) {
  const std::string plain = line_chart({{"", {1, 2, 3}, {1, 2, 3}}}, {});
  const std::string svg = line_chart({{"", {1, 2, 3}, {1, 2, 3}, {0.0, 5.0, kNan}}}, {});
  EXPECT_EQ(count_of(svg, "<path "), count_of(plain, "<path ") + 1);
  EXPECT_NE(svg.find(">-4</text>"), std::string::npos);
  EXPECT_EQ(plain.find(">-4</text>"), std::string::npos);
  // Below what a logarithmic axis can show the bar ends at the axis.
  ChartOptions log;
  log.log_y = true;
  const std::string low = line_chart({{"", {1, 2}, {1, 10}, {2.0, 0.0}}}, log);
  EXPECT_NE(path_of(low, 1).find(concat("V", fixed_text(log.height - 26.0, 1))), std::string::npos) << path_of(low, 1);
  EXPECT_THROW(line_chart({{"", {1, 2}, {1, 2}, {1}}}, {}), std::logic_error);
}

TEST(LineChart, DashesAndGivenTicks) {
  Series dashed{"", {16, 64}, {1, 2}};
  dashed.dashed = true;
  ChartOptions options;
  options.log_x = true;
  options.x_ticks = {{8, "eight"}, {16, "sixteen"}, {32, "thirty-two"}, {64, "sixty-four"}};
  const std::string svg = line_chart({dashed}, options);
  EXPECT_EQ(count_of(svg, "stroke-dasharray=\"6 5\""), 1);
  EXPECT_EQ(svg.find("eight<"), std::string::npos);
  for (const char* label : {">sixteen<", ">thirty-two<", ">sixty-four<"}) EXPECT_NE(svg.find(label), std::string::npos) << label;
  EXPECT_EQ(svg.find(">20<"), std::string::npos);
}

TEST(LineChart, CoordinatesOfDifferentCountAndChartsWithoutRoomAreRefused) {
  EXPECT_THROW(line_chart({{"", {1, 2}, {1}}}, {}), std::logic_error);
  ChartOptions tiny;
  tiny.width = 40;
  EXPECT_THROW(line_chart({{"a long label", {1, 2}, {1, 2}}}, tiny), std::logic_error);
}

}  // namespace
}  // namespace pbgen
