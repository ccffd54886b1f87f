// Curves over a common horizontal axis.
#pragma once

#include <string>
#include <vector>

#include "tools/lib/html/svg.h"

namespace pbgen {

// Points (x[i], y[i]) in the order in which they are joined; x, y and spread are of one length, else std::logic_error.  A point
// that is not finite (on a logarithmic axis: not positive) is a gap.  An empty label is not shown.
struct Series {
  std::string label;
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> spread = {};  // of each y, a bar from y - spread to y + spread; 0 or NaN: none; empty: no bars at all
  bool dashed = false;              // for what is not measured here: a fit, a figure from elsewhere
};

// One <svg> element; each curve is named at its right end.  Short series (up to 40 points) have markers that tell their values.
std::string line_chart(const std::vector<Series>& all_series, const ChartOptions& options);

// The mean of up to `points` neighbours, centred (at the ends fewer: what there is), skipping what is not finite; NaN where
// the value itself is not finite.
std::vector<double> moving_average(const std::vector<double>& values, std::size_t points);

}  // namespace pbgen
