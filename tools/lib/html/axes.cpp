#include "tools/lib/html/axes.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/check.h"
#include "core/base/math.h"
#include "tools/lib/cli/format.h"

namespace pbgen {
namespace {

constexpr int kMaxPower = 300;

// mantissa * 10^power, correctly rounded where that many digits are exact.
double scaled(double mantissa, int power) {
  double factor = 1.0;
  for (int i = 0; i < std::abs(power); ++i) factor *= 10.0;
  return power < 0 ? mantissa / factor : mantissa * factor;
}

// The largest p with 10^p <= value.  value > 0.
int power_of_ten(double value) {
  int power = std::clamp(static_cast<int>(std::floor(log_of(value) / log_of(10.0))), -kMaxPower, kMaxPower);
  while (power < kMaxPower && scaled(1.0, power + 1) <= value) ++power;
  while (power > -kMaxPower && scaled(1.0, power) > value) --power;
  return power;
}

// value is a multiple of 10^power; largest is the greatest magnitude on its axis.
std::string tick_label(double value, int power, double largest) {
  if (value == 0.0) return "0";
  if (largest >= 1e9 || largest < 1e-4) {
    const int own = power_of_ten(std::fabs(value));
    const int decimals = std::clamp(own - power, 0, 6);
    return fixed_text(scaled(value, -own), decimals) + "e" + std::to_string(own);
  }
  const int unit = largest >= 1e6 && power >= 4 ? 6 : largest >= 1e4 && power >= 2 ? 3 : 0;
  const std::string suffix = unit == 6 ? "M" : unit == 3 ? "k" : "";
  return fixed_text(scaled(value, -unit), std::clamp(unit - power, 0, 17)) + suffix;
}

ChartAxis linear_axis(double low, double high, int wanted_ticks, AxisEnds ends) {
  const double rough = (high - low) / wanted_ticks;
  const int power = power_of_ten(rough);
  const double mantissa = rough / scaled(1.0, power);
  const double round = mantissa <= 1.0 ? 1.0 : mantissa <= 2.0 ? 2.0 : mantissa <= 5.0 ? 5.0 : 10.0;
  const double step = scaled(round, power);
  // A billionth of a step is rounding, not a further tick.
  const double first = ends == AxisEnds::at_ticks ? std::floor(low / step + 1e-9) : std::ceil(low / step - 1e-9);
  const double last = ends == AxisEnds::at_ticks ? std::ceil(high / step - 1e-9) : std::floor(high / step + 1e-9);
  const double largest = std::max(std::fabs(first), std::fabs(last)) * step;
  ChartAxis axis;
  for (double i = first; i <= last; i += 1.0) {
    const double value = scaled(i * round, power);
    axis.ticks.push_back({value, tick_label(value, round == 10.0 ? power + 1 : power, largest)});
  }
  axis.low = ends == AxisEnds::at_ticks ? scaled(first * round, power) : low;
  axis.high = ends == AxisEnds::at_ticks ? scaled(last * round, power) : high;
  return axis;
}

ChartAxis log_axis(double low, double high, int wanted_ticks, AxisEnds ends) {
  const int first = power_of_ten(low);
  const int last = power_of_ten(high) + 1;
  const bool fine = last - first <= std::max(1, wanted_ticks / 2);
  const int stride = std::max(1, (last - first + wanted_ticks - 1) / wanted_ticks);
  ChartAxis axis;
  for (int power = first; power <= last; power += stride) {
    for (const double mantissa : {1.0, 2.0, 5.0}) {
      if (mantissa > 1.0 && !fine) break;
      const double value = scaled(mantissa, power);
      axis.ticks.push_back({value, tick_label(value, power, value)});
    }
  }
  axis.log = true;
  axis.low = low;
  axis.high = high;
  if (ends == AxisEnds::at_ticks) {
    for (const Tick& tick : axis.ticks) {
      if (tick.value <= low) axis.low = tick.value;
    }
    for (auto tick = axis.ticks.rbegin(); tick != axis.ticks.rend(); ++tick) {
      if (tick->value >= high) axis.high = tick->value;
    }
  }
  std::erase_if(axis.ticks, [&](const Tick& tick) { return tick.value < axis.low || tick.value > axis.high; });
  return axis;
}

}  // namespace

double ChartAxis::position(double value) const {
  if (!std::isfinite(value) || (log && value <= 0.0)) return std::numeric_limits<double>::quiet_NaN();
  const double share = log ? log_of(value / low) / log_of(high / low) : (value - low) / (high - low);
  return std::clamp(share, 0.0, 1.0);
}

ChartAxis make_axis(double low, double high, bool log, int wanted_ticks, AxisEnds ends) {
  check(wanted_ticks >= 2, "wanted_ticks is ", wanted_ticks, ", expected at least 2");
  constexpr double kHuge = 1e290;
  if (log) {
    if (!(low > 1.0 / kHuge) || !(high >= low) || !(high < kHuge)) {
      low = 0.1;
      high = 10.0;
    } else if (high < low * 1.001) {
      low /= 2.0;
      high *= 2.0;
    }
    return log_axis(low, high, wanted_ticks, ends);
  }
  if (!(low > -kHuge) || !(high < kHuge) || !(low <= high)) {
    low = 0.0;
    high = 1.0;
  }
  const double magnitude = std::max(std::fabs(low), std::fabs(high));
  if (high - low <= 1e-9 * magnitude || magnitude < 1.0 / kHuge) {
    const double margin = magnitude < 1.0 / kHuge ? 1.0 : 0.1 * magnitude;
    low -= margin;
    high += margin;
  }
  return linear_axis(low, high, wanted_ticks, ends);
}

}  // namespace pbgen
