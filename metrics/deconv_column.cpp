#include "metrics/deconv_column.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"
#include "core/base/rng.h"

namespace pbgen {
namespace {

constexpr int kMaxSide = 64;  // entries of a draw: at most 64 * 64 + 64, below 2^16

// Solves gram x = right in place, gram [n][n] symmetric and positive definite, by Cholesky's factors.  Only the lower
// triangle is read.
void solve_positive_definite(std::vector<double> gram, int n, std::vector<double>& right) {
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j <= i; ++j) {
      double sum = gram[i * n + j];
      for (int p = 0; p < j; ++p) sum -= gram[i * n + p] * gram[j * n + p];
      check(i != j || sum > 0.0, "the inputs' columns or rows depend on one another: no weights are determined");
      gram[i * n + j] = i == j ? std::sqrt(sum) : sum / gram[j * n + j];
    }
  }
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < i; ++j) right[i] -= gram[i * n + j] * right[j];
    right[i] /= gram[i * n + i];
  }
  for (int i = n - 1; i >= 0; --i) {
    for (int j = i + 1; j < n; ++j) right[i] -= gram[j * n + i] * right[j];
    right[i] /= gram[i * n + i];
  }
}

std::vector<double> transposed_times(const DeconvColumn& column, const std::vector<double>& output) {
  std::vector<double> product(column.c_in, 0.0);
  for (int i = 0; i < column.s_in; ++i)
    for (int j = 0; j < column.c_in; ++j) product[j] += column.inputs[i * column.c_in + j] * output[i];
  return product;
}

// The k of least norm among those for which D k is nearest to output.
std::vector<double> weights_for(const DeconvColumn& column, std::vector<double> output) {
  const int s_in = column.s_in;
  const int c_in = column.c_in;
  const std::vector<double>& d = column.inputs;
  const bool is_wide = c_in >= s_in;
  const int n = is_wide ? s_in : c_in;
  std::vector<double> gram(n * n, 0.0);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j <= i; ++j)
      for (int p = 0; p < (is_wide ? c_in : s_in); ++p)
        gram[i * n + j] += is_wide ? d[i * c_in + p] * d[j * c_in + p] : d[p * c_in + i] * d[p * c_in + j];
  if (is_wide) {
    solve_positive_definite(std::move(gram), n, output);
    return transposed_times(column, output);
  }
  std::vector<double> weights = transposed_times(column, output);
  solve_positive_definite(std::move(gram), n, weights);
  return weights;
}

}  // namespace

std::string_view name(ColumnConstruction construction) {
  switch (construction) {
    case ColumnConstruction::gaussian: return "gaussian";
    case ColumnConstruction::rectified: return "rectified";
    case ColumnConstruction::desired_output: return "desired-output";
  }
  return "?";
}

DeconvColumn draw_column(ColumnConstruction construction, int s_in, int c_in, std::uint64_t seed, std::int64_t draw) {
  check(s_in >= 1 && s_in <= kMaxSide && c_in >= 1 && c_in <= kMaxSide, "a column of ", s_in, " pixels and ", c_in,
        " channels; expected 1 to ", kMaxSide, " of each");
  check(draw >= 0 && draw < std::int64_t{1} << 32, "draw is ", draw, ", expected 0 to 2^32 - 1");
  const CounterRng rng(seed, Stream::deconv_column, static_cast<std::uint32_t>(construction) << 16 | static_cast<std::uint32_t>(c_in));
  std::uint64_t index = static_cast<std::uint64_t>(draw) << 16;
  DeconvColumn column{s_in, c_in, std::vector<double>(s_in * c_in), std::vector<double>(c_in)};
  for (double& input : column.inputs) input = rng.normal(index++);
  if (construction == ColumnConstruction::desired_output) {
    std::vector<double> output(s_in);
    for (double& value : output) value = rng.normal(index++);
    column.weights = weights_for(column, std::move(output));
    return column;
  }
  for (double& weight : column.weights) weight = rng.normal(index++);
  if (construction == ColumnConstruction::rectified) {
    for (double& input : column.inputs) input = std::max(0.0, input);
    for (double& weight : column.weights) weight /= std::sqrt(static_cast<double>(c_in));
  }
  return column;
}

}  // namespace pbgen
