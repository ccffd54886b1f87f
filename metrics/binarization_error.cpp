// With y = Dk, q(b) = ||Db||^2 and p(b) = 2 <Db, y> / scale the squared distance at a given scale is
//
//   ||y||^2 + scale^2 (q - p),  and at its best scale  ||y||^2 - scale^2 p^2 / (4 q).
//
// b and -b have the same q and opposite p: half of the patterns, those with b_{c-1} = +1, and |p| decide.
//
// The bits of a pattern, from the lowest: lanes | rows | blocks | the fixed one.  p and q of lanes and rows alone are
// tabulated.  A block adds a constant to p, and to q a constant and a linear form in the lower signs, which is a number
// for each lane plus a number for each row: a pattern costs four additions, one product for each rule and no look at D.
// Blocks follow a Gray code: the next one's form is the last one's plus one row of D'D.
#include "metrics/binarization_error.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>

#include "core/base/check.h"
#include "core/base/parallel.h"

namespace pbgen {
namespace {

constexpr int kLaneBits = 3;
constexpr int kLanes = 1 << kLaneBits;
constexpr int kMostRowBits = 7;  // tables of 2^10 patterns: 16 KB, half of a level-1 cache
static_assert(kFewestSigns > kLaneBits);

constexpr double sign_of(std::uint32_t negatives, int j) { return (negatives >> j & 1) != 0 ? -1.0 : 1.0; }

// Two numbers side by side: baseline x86-64 has registers for that, and g++ 12 would leave the loop over patterns scalar.
using Pair = double __attribute__((vector_size(16)));
using PairBits = std::int64_t __attribute__((vector_size(16)));

Pair load_pair(const double* from) { return Pair{from[0], from[1]}; }
Pair magnitude(Pair value) { return reinterpret_cast<Pair>(reinterpret_cast<PairBits>(value) & std::numeric_limits<std::int64_t>::max()); }

// Rounds to multiples of a power of two so coarse that sums and differences of the values, up to 4 times the sum of their
// magnitudes, are exact: then neither the order of the patterns nor the length of a walk leaves a trace.
void round_to_exact_sums(std::span<double> values) {
  double bound = 0.0;
  for (const double value : values) bound += 4.0 * std::fabs(value);
  int exponent = 0;
  std::frexp(bound, &exponent);  // bound < 2^exponent
  for (double& value : values) value = std::ldexp(std::nearbyint(std::ldexp(value, 53 - exponent)), exponent - 53);
}

// p(b) = sum of linear_j b_j, q(b) = trace + sum over i < j of coupling_ij b_i b_j.
struct SignForms {
  int c_in;
  std::vector<double> linear;    // [c_in]
  std::vector<double> coupling;  // [c_in][c_in], symmetric, 0 on the diagonal
  double trace;
};

std::vector<double> output_of(const DeconvColumn& column) {
  std::vector<double> output(column.s_in, 0.0);
  for (int i = 0; i < column.s_in; ++i)
    for (int j = 0; j < column.c_in; ++j) output[i] += column.inputs[i * column.c_in + j] * column.weights[j];
  return output;
}

SignForms sign_forms(const DeconvColumn& column, std::span<const double> output, double scale) {
  const int c_in = column.c_in;
  // One array, since coupling and trace are added up together: [c_in][c_in], the trace behind.
  std::vector<double> square(c_in * c_in + 1, 0.0);
  std::vector<double> linear(c_in, 0.0);
  for (int i = 0; i < column.s_in; ++i) {
    const double* const row = column.inputs.data() + i * c_in;
    for (int j = 0; j < c_in; ++j) {
      linear[j] += 2.0 / scale * row[j] * output[i];
      square.back() += row[j] * row[j];
      for (int m = 0; m < c_in; ++m)
        if (m != j) square[j * c_in + m] += 2.0 * row[j] * row[m];
    }
  }
  round_to_exact_sums(linear);
  round_to_exact_sums(square);
  const double trace = square.back();
  square.pop_back();
  return {c_in, std::move(linear), std::move(square), trace};
}

// The patterns b_{c-1} = +1, block after block.
class Enumeration {
 public:
  explicit Enumeration(const SignForms& forms);
  void run();

  std::uint32_t least_distance() const { return least_pattern_; }   // of q - |p|
  std::uint32_t greatest_ratio() const { return greatest_pattern_; }  // of p^2 / q

 private:
  struct Extremes {
    double distance;  // least q - |p| of a block
    double excess;    // greatest p^2 - greatest_ratio_ * q
  };
  void flip(int bit);
  void spread_form();
  Extremes scan() const;
  void keep_least_distance();
  void keep_greatest_ratio();
  std::size_t table_size() const { return static_cast<std::size_t>(1) << low_bits_; }
  double product(std::size_t low) const { return low_product_[low] + block_product_; }
  double norm(std::size_t low) const { return low_norm_[low] + (row_norm_[low / kLanes] + lane_norm_[low % kLanes]); }

  const SignForms& forms_;
  int low_bits_;                      // of lanes and rows
  std::vector<double> low_product_;   // p of the low bits alone
  std::vector<double> low_norm_;      // q of the low bits alone, without the trace
  std::uint32_t block_ = 0;           // the pattern, its low bits 0
  double block_product_ = 0.0;        // p of the other bits alone
  double block_norm_ = 0.0;           // q of the other bits alone, with the trace
  std::vector<double> form_;          // [c_in]: what b_j = +1 adds to q with the other bits as they are
  std::array<double, kLanes> lane_norm_{};             // form_ summed over the signs of a lane
  std::array<double, 1 << kMostRowBits> row_norm_{};   // over those of a row, block_norm_ added

  double least_distance_ = std::numeric_limits<double>::infinity();
  std::uint32_t least_pattern_ = 0;
  double greatest_ratio_ = 0.0;
  std::uint32_t greatest_pattern_ = 0;
};

Enumeration::Enumeration(const SignForms& forms)
    : forms_(forms), low_bits_(std::min(forms.c_in - 1, kLaneBits + kMostRowBits)), low_product_(table_size()), low_norm_(table_size()),
      block_norm_(forms.trace), form_(forms.c_in, 0.0) {
  const int c_in = forms.c_in;
  for (std::uint32_t low = 0; low < table_size(); ++low) {
    for (int i = 0; i < low_bits_; ++i) {
      low_product_[low] += sign_of(low, i) * forms.linear[i];
      for (int j = 0; j < i; ++j) low_norm_[low] += sign_of(low, i) * sign_of(low, j) * forms.coupling[i * c_in + j];
    }
  }
  for (int j = low_bits_; j < c_in; ++j) {
    block_product_ += forms.linear[j];
    block_norm_ += form_[j];
    for (int i = 0; i < c_in; ++i) form_[i] += forms.coupling[j * c_in + i];
  }
}

// Changes a sign of the block.
void Enumeration::flip(int bit) {
  block_ ^= std::uint32_t{1} << bit;
  const double change = 2.0 * sign_of(block_, bit);
  block_product_ += change * forms_.linear[bit];
  block_norm_ += change * form_[bit];
  for (int i = 0; i < forms_.c_in; ++i) form_[i] += change * forms_.coupling[bit * forms_.c_in + i];
}

// From all signs +1 on, a bit at a time: patterns with the bit set are those without, less twice its part.
void Enumeration::spread_form() {
  lane_norm_[0] = 0.0;
  row_norm_[0] = block_norm_;
  for (int j = 0; j < kLaneBits; ++j) lane_norm_[0] += form_[j];
  for (int j = kLaneBits; j < low_bits_; ++j) row_norm_[0] += form_[j];
  for (int j = 0; j < low_bits_; ++j) {
    double* const sums = j < kLaneBits ? lane_norm_.data() : row_norm_.data();
    const int known = 1 << (j < kLaneBits ? j : j - kLaneBits);
    for (int i = 0; i < known; ++i) sums[known + i] = sums[i] - 2.0 * form_[j];
  }
}

Enumeration::Extremes Enumeration::scan() const {
  constexpr int kPairs = kLanes / 2;
  const double ratio = greatest_ratio_;
  Pair lane_norm[kPairs];
  Pair distance[kPairs];
  Pair excess[kPairs];
  for (int i = 0; i < kPairs; ++i) {
    lane_norm[i] = Pair{lane_norm_[2 * i], lane_norm_[2 * i + 1]};
    distance[i] = Pair{} + std::numeric_limits<double>::infinity();
    excess[i] = Pair{} - std::numeric_limits<double>::infinity();
  }
  const std::size_t rows = table_size() / kLanes;
  for (std::size_t row = 0; row < rows; ++row) {
#pragma GCC unroll 4
    for (int i = 0; i < kPairs; ++i) {
      const Pair p = load_pair(low_product_.data() + row * kLanes + 2 * i) + block_product_;
      const Pair q = load_pair(low_norm_.data() + row * kLanes + 2 * i) + (row_norm_[row] + lane_norm[i]);
      const Pair d = q - magnitude(p);
      const Pair e = p * p - ratio * q;
      distance[i] = d < distance[i] ? d : distance[i];
      excess[i] = e > excess[i] ? e : excess[i];
    }
  }
  Extremes extremes{distance[0][0], excess[0][0]};
  for (int i = 0; i < kLanes; ++i) {
    extremes.distance = std::min<double>(extremes.distance, distance[i / 2][i % 2]);
    extremes.excess = std::max<double>(extremes.excess, excess[i / 2][i % 2]);
  }
  return extremes;
}

void Enumeration::keep_least_distance() {
  for (std::uint32_t low = 0; low < table_size(); ++low) {
    const double distance = norm(low) - std::fabs(product(low));
    if (distance >= least_distance_) continue;
    least_distance_ = distance;
    least_pattern_ = block_ | low;
  }
}

void Enumeration::keep_greatest_ratio() {
  for (std::uint32_t low = 0; low < table_size(); ++low) {
    const double p = product(low);
    const double q = norm(low);
    if (!(q > 0.0 && p * p / q > greatest_ratio_)) continue;
    greatest_ratio_ = p * p / q;
    greatest_pattern_ = block_ | low;
  }
}

// A ratio p^2 / q is greater than r exactly where p^2 - r q > 0: no division but in the few blocks that hold a new record.
void Enumeration::run() {
  const std::uint32_t blocks = std::uint32_t{1} << (forms_.c_in - 1 - low_bits_);
  for (std::uint32_t step = 0; step < blocks; ++step) {
    if (step > 0) flip(low_bits_ + std::countr_zero(step));
    spread_form();
    const Extremes extremes = scan();
    if (extremes.distance < least_distance_) keep_least_distance();
    if (extremes.excess > 0.0) keep_greatest_ratio();
  }
}

std::vector<double> signed_sums(const DeconvColumn& column, std::uint32_t negatives) {
  std::vector<double> sums(column.s_in, 0.0);
  for (int i = 0; i < column.s_in; ++i)
    for (int j = 0; j < column.c_in; ++j) sums[i] += sign_of(negatives, j) * column.inputs[i * column.c_in + j];
  return sums;
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double distance(std::span<const double> output, std::span<const double> sums, double scale) {
  double sum = 0.0;
  for (std::size_t i = 0; i < output.size(); ++i) sum += (output[i] - scale * sums[i]) * (output[i] - scale * sums[i]);
  return std::sqrt(sum);
}

// The pattern or its opposite, whichever points along the output.
std::uint32_t along_output(const DeconvColumn& column, std::span<const double> output, std::uint32_t negatives) {
  const std::uint32_t all = ~std::uint32_t{0} >> (32 - column.c_in);
  return dot(signed_sums(column, negatives), output) < 0.0 ? negatives ^ all : negatives;
}

void check_column(const DeconvColumn& column) {
  check(column.c_in >= kFewestSigns && column.c_in <= kMostSigns, "c_in is ", column.c_in, ", expected ", kFewestSigns, " to ",
        kMostSigns);
  check(column.s_in >= 1, "s_in is ", column.s_in, ", expected at least 1");
  check_equal(column.inputs.size(), static_cast<std::size_t>(column.s_in) * column.c_in, "the number of inputs");
  check_equal(column.weights.size(), static_cast<std::size_t>(column.c_in), "the number of weights");
  const auto is_finite = [](double value) { return std::isfinite(value); };
  check(std::ranges::all_of(column.inputs, is_finite), "an input of the column is not finite");
  check(std::ranges::all_of(column.weights, is_finite), "a weight of the column is not finite");
  const auto is_zero = [](double weight) { return weight == 0.0; };
  check(!std::ranges::all_of(column.weights, is_zero), "all weights are 0, so that mean |k| is no scale");
}

BinarizationError checked_error(const DeconvColumn& column) {
  const std::vector<double> output = output_of(column);
  double scale = 0.0;
  std::uint32_t sign = 0;
  for (int j = 0; j < column.c_in; ++j) {
    scale += std::fabs(column.weights[j]) / column.c_in;
    if (column.weights[j] < 0.0) sign |= std::uint32_t{1} << j;
  }
  const SignForms forms = sign_forms(column, output, scale);
  Enumeration enumeration(forms);
  enumeration.run();

  BinarizationError error;
  error.output_norm = std::sqrt(dot(output, output));
  error.sign = {sign, scale, distance(output, signed_sums(column, sign), scale)};
  const std::uint32_t least = along_output(column, output, enumeration.least_distance());
  error.mean_scale = {least, scale, distance(output, signed_sums(column, least), scale)};
  const std::uint32_t greatest = along_output(column, output, enumeration.greatest_ratio());
  const std::vector<double> sums = signed_sums(column, greatest);
  const double norm = dot(sums, sums);
  const double best_scale = norm > 0.0 ? dot(sums, output) / norm : 0.0;
  error.best_scale = {greatest, best_scale, distance(output, sums, best_scale)};
  return error;
}

}  // namespace

BinarizationError binarization_error(const DeconvColumn& column) {
  check_column(column);
  return checked_error(column);
}

std::vector<BinarizationError> binarization_errors(std::span<const DeconvColumn> columns) {
  for (const DeconvColumn& column : columns) check_column(column);
  std::vector<BinarizationError> errors(columns.size());
  parallel_items(static_cast<std::int64_t>(columns.size()), [&](std::int64_t i) { errors[i] = checked_error(columns[i]); });
  return errors;
}

}  // namespace pbgen
