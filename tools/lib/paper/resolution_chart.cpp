#include "tools/lib/paper/resolution_chart.h"

#include <limits>

#include "core/base/check.h"
#include "tools/lib/html/line_chart.h"

namespace pbgen {

std::string resolution_chart(const std::vector<ResolutionCurve>& curves, const std::vector<int>& sizes, std::string_view title,
                             bool log_y) {
  std::vector<Series> all;
  for (const ResolutionCurve& curve : curves) {
    Series& series = all.emplace_back();
    series.label = curve.label;
    series.dashed = curve.dashed;
    for (std::size_t level = sizes.size(); level-- > 0;) {
      series.x.push_back(sizes[level]);
      series.y.push_back(level < curve.levels.size() ? curve.levels[level] : std::numeric_limits<double>::quiet_NaN());
      if (!curve.spread.empty()) series.spread.push_back(curve.spread[level]);
    }
  }
  ChartOptions options;
  options.title = title;
  options.x_label = "resolution";
  options.y_label = "SWD";
  options.log_x = true;
  options.log_y = log_y;
  if (!log_y) options.y_min = 0.0;
  for (auto size = sizes.rbegin(); size != sizes.rend(); ++size) options.x_ticks.push_back({static_cast<double>(*size), side_text(*size)});
  return line_chart(all, options);
}

std::string side_text(int size) { return concat(size, "x", size); }

}  // namespace pbgen
