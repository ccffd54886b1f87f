// SWD by resolution: the form of the paper's Fig. 9, 11 and 16.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pbgen {

struct ResolutionCurve {
  std::string label;
  std::vector<double> levels;       // SWD of each level, finest first; shorter or NaN where there is no figure
  std::vector<double> spread = {};  // of each, drawn as bars; empty: none
  bool dashed = false;
};

// sizes: the levels' sides, finest first.  log_y: for curves that lie far apart; else the axis begins at 0.
std::string resolution_chart(const std::vector<ResolutionCurve>& curves, const std::vector<int>& sizes, std::string_view title, bool log_y);

// "32x32".
std::string side_text(int size);

}  // namespace pbgen
