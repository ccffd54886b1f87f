// Whether a claim holds, by a margin over the spread of the seeds: the statistics of all pieces, in one place.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pbgen {

// One quantity of runs that differ in nothing but their seed.
struct Sample {
  double mean = 0.0;   // NaN where n is 0
  double sd = 0.0;     // over the runs, with n - 1; 0 where n is below 2 (then it is not known)
  int n = 0;           // runs that have a figure
  int without = 0;     // runs that have none: they diverged
  double standard_error() const;  // of the mean: sd / sqrt(n); NaN where n is below 2
};
// Values that are not finite count as runs without a figure.
Sample sample_of(std::span<const double> values);
// A figure from elsewhere, as a single run: nothing is known of its spread.
Sample printed_figure(double value);

// a against b, seen as independent groups.  Errors are standard errors, NaN where one of the groups has fewer than two runs.
struct Comparison {
  double difference = 0.0;        // a - b
  double difference_error = 0.0;  // Welch: sqrt(sd_a^2 / n_a + sd_b^2 / n_b)
  double ratio = 0.0;             // a / b
  double ratio_error = 0.0;       // to first order
  double reference = 0.0;         // b's mean
  double reference_error = 0.0;
  int runs = 0;                   // of the smaller group
};
Comparison compare(const Sample& a, const Sample& b);
// The sum of weights[i] * y[i] in place of a - b; without a ratio.  weights and y are of one length, else std::logic_error.
Comparison contrast(std::span<const double> weights, std::span<const Sample> y);

// kMargin standard errors decide.  With three runs against three, equal in truth, a difference goes beyond them in 12 of 100
// cases (Student, 4 degrees of freedom): one verdict that holds is an indication, no proof.
inline constexpr double kMargin = 2.0;

// How many runs each group would have to have for a difference as large as this one, and runs as different as these, to go beyond the
// margin four times in five: runs * ((kMargin + 0.84) error / difference)^2, 0.84 being the normal distribution's four fifths.  NaN where
// the error is not known or the difference is 0.
double runs_to_tell(const Comparison& comparison);
// "12"; "over 1000"; "-" where it is not known.
std::string runs_to_tell_text(const Comparison& comparison);

// no_figure: all runs of a group diverged.
enum class Verdict { holds, does_not_hold, cannot_be_told, one_seed, no_figure };
// "holds", "does not hold", "cannot be told", "one seed, no verdict", "no figure".
std::string_view verdict_text(Verdict verdict);

// a < b: the difference is beyond the margin below 0, beyond it above 0, or neither.
Verdict is_lower(const Comparison& comparison);
// a > b.
Verdict is_higher(const Comparison& comparison);
// a <= factor * b, by the error of a - factor * b.
Verdict is_at_most(const Comparison& comparison, double factor);
// a >= factor * b.
Verdict is_at_least(const Comparison& comparison, double factor);
// |a - b| <= share * b, b > 0: an equality cannot be shown, being no further apart than that can.
Verdict is_near(const Comparison& comparison, double share);
// Holds where both hold, does not where one does not.
Verdict both(Verdict a, Verdict b);

// "0.053 +- 0.002", the mean and its standard error; with one run only the mean, with none "no figure".
std::string sample_text(const Sample& sample, int decimals);

// "+0.0123 +- 0.0036"; with fewer than two runs in a group only the difference.
std::string difference_text(const Comparison& comparison);
// "1.52 +- 0.08 times"; with fewer than two runs in a group only the ratio.
std::string ratio_text(const Comparison& comparison);

// Least squares, every point with the same weight.
struct LinearFit {
  double slope = 0.0;
  double slope_error = 0.0;  // from the spread of each point's runs; NaN where a point has fewer than two
  double intercept = 0.0;
  double r2 = 0.0;           // share of y's variation that the line explains; 1 for two points; NaN where y does not vary
};
// Two points at least, of which two x differ, and of one length with y, else std::logic_error.  NaN where a y has no figure.
LinearFit linear_fit(std::span<const double> x, std::span<const Sample> y);

// The middle one of three points against the straight line through the outer two: a is its y, b the line's.  Curvature is all
// that is left of three points once a line is fitted, so this is the test of it.  x rises or falls, else std::logic_error.
Comparison middle_against_chord(std::span<const double, 3> x, std::span<const Sample, 3> y);

}  // namespace pbgen
