// The axis of a chart: its range and where its round numbers are.
#pragma once

#include <string>
#include <vector>

namespace pbgen {

struct Tick {
  double value = 0.0;
  std::string label;
};

struct ChartAxis {
  double low = 0.0;
  double high = 1.0;
  bool log = false;
  std::vector<Tick> ticks;  // rising, within [low, high]

  // 0 at low, 1 at high, clamped to [0, 1]; NaN where value is not finite, or not positive on a logarithmic axis.
  double position(double value) const;
};

// Whether the range ends at the data or at the round numbers around them.
enum class AxisEnds { at_data, at_ticks };

// Ticks at 1, 2 or 5 times a power of ten (logarithmic: at powers of ten, in short ranges at 2 and 5 times them too), about
// wanted_ticks >= 2 of them; large ones are labelled in k (thousand) and M (million).  Ranges that are empty, not finite or
// (logarithmic) not positive are replaced by ones that can be drawn.
ChartAxis make_axis(double low, double high, bool log, int wanted_ticks, AxisEnds ends);

}  // namespace pbgen
