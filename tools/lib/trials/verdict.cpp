#include "tools/lib/trials/verdict.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/check.h"
#include "tools/lib/cli/format.h"

namespace pbgen {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Significant digits rather than decimals: distances are small, losses are not.
std::string short_text(double value, int digits) {
  const double magnitude = std::fabs(value);
  int decimals = digits - 1;
  for (double limit = 1.0; decimals < 12 && magnitude > 0.0 && magnitude < limit; limit /= 10.0) ++decimals;
  for (double limit = 10.0; decimals > 0 && magnitude >= limit; limit *= 10.0) --decimals;
  return fixed_text(value, decimals);
}

// `value` < 0, given a standard error.
Verdict is_negative(double value, double error) {
  if (std::isnan(value)) return Verdict::no_figure;
  if (std::isnan(error)) return Verdict::one_seed;
  if (value < -kMargin * error) return Verdict::holds;
  return value > kMargin * error ? Verdict::does_not_hold : Verdict::cannot_be_told;
}

int fewest(std::span<const Sample> samples) {
  int runs = samples.empty() ? 0 : samples[0].n;
  for (const Sample& sample : samples) runs = std::min(runs, sample.n);
  return runs;
}

double squared_error(const Sample& sample) { return sample.standard_error() * sample.standard_error(); }

Comparison compare_means(double a, double a_squared_error, double b, double b_squared_error) {
  Comparison comparison;
  comparison.difference = a - b;
  comparison.difference_error = std::sqrt(a_squared_error + b_squared_error);
  comparison.ratio = a / b;
  comparison.ratio_error = std::sqrt(a_squared_error + comparison.ratio * comparison.ratio * b_squared_error) / std::fabs(b);
  comparison.reference = b;
  comparison.reference_error = std::sqrt(b_squared_error);
  return comparison;
}

// a - factor * b < 0.
Verdict is_below(const Comparison& comparison, double factor) {
  const double b_squared_error = comparison.reference_error * comparison.reference_error;
  const double a_squared_error = std::max(0.0, comparison.difference_error * comparison.difference_error - b_squared_error);
  return is_negative(comparison.difference + (1.0 - factor) * comparison.reference,
                     std::sqrt(a_squared_error + factor * factor * b_squared_error));
}

Verdict opposite(Verdict verdict) {
  return verdict == Verdict::holds ? Verdict::does_not_hold : verdict == Verdict::does_not_hold ? Verdict::holds : verdict;
}

}  // namespace

double Sample::standard_error() const { return n < 2 ? kNan : sd / std::sqrt(static_cast<double>(n)); }

Sample sample_of(std::span<const double> values) {
  Sample sample;
  double sum = 0.0;
  for (const double value : values) {
    if (!std::isfinite(value)) {
      ++sample.without;
      continue;
    }
    ++sample.n;
    sum += value;
  }
  sample.mean = sample.n == 0 ? kNan : sum / sample.n;
  if (sample.n < 2) return sample;
  double squares = 0.0;
  for (const double value : values) {
    if (std::isfinite(value)) squares += (value - sample.mean) * (value - sample.mean);
  }
  sample.sd = std::sqrt(squares / (sample.n - 1));
  return sample;
}

Sample printed_figure(double value) { return {value, 0.0, 1, 0}; }

Comparison compare(const Sample& a, const Sample& b) {
  Comparison comparison = compare_means(a.mean, squared_error(a), b.mean, squared_error(b));
  comparison.runs = std::min(a.n, b.n);
  return comparison;
}

Comparison contrast(std::span<const double> weights, std::span<const Sample> y) {
  check_equal(y.size(), weights.size(), "the count of a contrast's y");
  double sum = 0.0;
  double sum_squared_error = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    sum += weights[i] * y[i].mean;
    sum_squared_error += weights[i] * weights[i] * squared_error(y[i]);
  }
  Comparison comparison;
  comparison.difference = sum;
  comparison.difference_error = std::sqrt(sum_squared_error);
  comparison.ratio = kNan;
  comparison.ratio_error = kNan;
  comparison.runs = fewest(y);
  return comparison;
}

double runs_to_tell(const Comparison& comparison) {
  constexpr double kFourFifths = 0.8416;
  const double errors = (kMargin + kFourFifths) * comparison.difference_error / comparison.difference;
  if (!std::isfinite(errors)) return kNan;
  return std::max(2.0, std::ceil(comparison.runs * errors * errors));
}

std::string runs_to_tell_text(const Comparison& comparison) {
  constexpr double kMost = 1000.0;
  const double runs = runs_to_tell(comparison);
  return std::isnan(runs) ? "-" : runs > kMost ? concat("over ", static_cast<int>(kMost)) : concat(static_cast<int>(runs));
}

std::string_view verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::holds: return "holds";
    case Verdict::does_not_hold: return "does not hold";
    case Verdict::cannot_be_told: return "cannot be told";
    case Verdict::one_seed: return "one seed, no verdict";
    case Verdict::no_figure: break;
  }
  return "no figure";
}

Verdict is_lower(const Comparison& comparison) { return is_negative(comparison.difference, comparison.difference_error); }

Verdict is_higher(const Comparison& comparison) { return is_negative(-comparison.difference, comparison.difference_error); }

Verdict is_at_most(const Comparison& comparison, double factor) { return is_below(comparison, factor); }

Verdict is_at_least(const Comparison& comparison, double factor) { return opposite(is_below(comparison, factor)); }

Verdict is_near(const Comparison& comparison, double share) {
  return both(is_at_most(comparison, 1.0 + share), is_at_least(comparison, 1.0 - share));
}

Verdict both(Verdict a, Verdict b) {
  for (const Verdict unknown : {Verdict::no_figure, Verdict::one_seed, Verdict::does_not_hold, Verdict::cannot_be_told})
    if (a == unknown || b == unknown) return unknown;
  return Verdict::holds;
}

std::string sample_text(const Sample& sample, int decimals) {
  if (sample.n == 0) return "no figure";
  const std::string mean = fixed_text(sample.mean, decimals);
  return sample.n == 1 ? mean : concat(mean, " +- ", fixed_text(sample.standard_error(), decimals));
}

std::string difference_text(const Comparison& comparison) {
  if (std::isnan(comparison.difference)) return "no figure";
  std::string text = concat(comparison.difference < 0.0 ? "" : "+", short_text(comparison.difference, 3));
  if (!std::isnan(comparison.difference_error)) text += concat(" +- ", short_text(comparison.difference_error, 2));
  return text;
}

std::string ratio_text(const Comparison& comparison) {
  if (std::isnan(comparison.ratio)) return "no figure";
  std::string text = short_text(comparison.ratio, 3);
  if (!std::isnan(comparison.ratio_error)) text += concat(" +- ", short_text(comparison.ratio_error, 2));
  return text + " times";
}

LinearFit linear_fit(std::span<const double> x, std::span<const Sample> y) {
  check_equal(y.size(), x.size(), "the count of a fit's y");
  check(x.size() >= 2, "a line through ", x.size(), " points");
  const double n = static_cast<double>(x.size());
  double x_mean = 0.0;
  double y_mean = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    x_mean += x[i] / n;
    y_mean += y[i].mean / n;
  }
  double xx = 0.0;
  double xy = 0.0;
  double yy = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - x_mean) * (x[i] - x_mean);
    xy += (x[i] - x_mean) * (y[i].mean - y_mean);
    yy += (y[i].mean - y_mean) * (y[i].mean - y_mean);
  }
  check(xx > 0.0, "a line through points of one x");
  LinearFit fit;
  fit.slope = xy / xx;
  fit.intercept = y_mean - fit.slope * x_mean;
  fit.r2 = yy > 0.0 ? xy * xy / (xx * yy) : kNan;
  std::vector<double> weights;
  for (const double value : x) weights.push_back((value - x_mean) / xx);
  fit.slope_error = contrast(weights, y).difference_error;
  return fit;
}

Comparison middle_against_chord(std::span<const double, 3> x, std::span<const Sample, 3> y) {
  check((x[0] < x[1] && x[1] < x[2]) || (x[0] > x[1] && x[1] > x[2]), "the three x are ", x[0], ", ", x[1], ", ", x[2],
        ": expected rising or falling");
  const double first = (x[2] - x[1]) / (x[2] - x[0]);
  const double last = 1.0 - first;
  Comparison comparison = compare_means(y[1].mean, squared_error(y[1]), first * y[0].mean + last * y[2].mean,
                                        first * first * squared_error(y[0]) + last * last * squared_error(y[2]));
  comparison.runs = fewest(y);
  return comparison;
}

}  // namespace pbgen
