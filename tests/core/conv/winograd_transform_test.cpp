// The matrices of Winograd's algorithm, in exact arithmetic: the very functions that the leaves run, over fractions.
#include "core/conv/winograd_transform.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdlib>
#include <numeric>
#include <vector>

namespace pbgen {
namespace {

using namespace winograd_transform;

struct Fraction {
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;
  bool operator==(const Fraction&) const = default;
};

Fraction reduced(std::int64_t numerator, std::int64_t denominator) {
  const std::int64_t divisor = std::gcd(std::abs(numerator), std::abs(denominator)) * (denominator < 0 ? -1 : 1);
  return {numerator / divisor, denominator / divisor};
}
Fraction operator+(Fraction x, Fraction y) {
  return reduced(x.numerator * y.denominator + y.numerator * x.denominator, x.denominator * y.denominator);
}
Fraction operator*(Fraction x, Fraction y) { return reduced(x.numerator * y.numerator, x.denominator * y.denominator); }

void PrintTo(const Fraction& x, std::ostream* out) { *out << x.numerator << "/" << x.denominator; }

struct Exact {
  using Value = Fraction;
  static Value from(Ratio c) { return reduced(c.numerator, c.denominator); }
  static Value add(Value x, Value y) { return x + y; }
  static Value subtract(Value x, Value y) { return x + Fraction{-1, 1} * y; }
  static Value scaled(Ratio c, Value x) { return from(c) * x; }
  static Value scaled_sum(Ratio c, Value x, Value y) { return from(c) * x + y; }
};

using Matrix = std::vector<std::vector<Fraction>>;  // [row][column]

// The matrix of a linear function of `columns` values.
template <class Function>
Matrix matrix_of(int rows, int columns, const Function& function) {
  Matrix matrix(static_cast<std::size_t>(rows), std::vector<Fraction>(static_cast<std::size_t>(columns)));
  for (int column = 0; column < columns; ++column) {
    std::array<Fraction, 6> in{};
    std::array<Fraction, 6> out{};
    in[static_cast<std::size_t>(column)] = {1, 1};
    function(in.data(), out.data());
    for (int row = 0; row < rows; ++row)
      matrix[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)] = out[static_cast<std::size_t>(row)];
  }
  return matrix;
}

Matrix transposed(const Matrix& matrix) {
  Matrix result(matrix[0].size(), std::vector<Fraction>(matrix.size()));
  for (std::size_t row = 0; row < matrix.size(); ++row)
    for (std::size_t column = 0; column < matrix[0].size(); ++column) result[column][row] = matrix[row][column];
  return result;
}

template <int parity>
struct Matrices {
  static constexpr int points = points_of(parity);
  static constexpr int taps = taps_of(parity);
  Matrix input = matrix_of(6, 6, [](const Fraction* x, Fraction* y) { transform_input<Exact, 1, 1>(x, y); });
  Matrix input_adjoint = matrix_of(6, 6, [](const Fraction* x, Fraction* y) { transform_input_adjoint<Exact, 1, 1>(x, y); });
  Matrix output = matrix_of(4, points, [](const Fraction* x, Fraction* y) { transform_output<Exact, parity, 1, 1>(x, y); });
  Matrix output_adjoint = matrix_of(points, 4, [](const Fraction* x, Fraction* y) { transform_output_adjoint<Exact, parity, 1, 1>(x, y); });
  Matrix weights = matrix_of(points, taps, [](const Fraction* x, Fraction* y) { transform_taps<Exact, parity, 1, 1>(x, y); });
  Matrix weights_adjoint =
      matrix_of(taps, points, [](const Fraction* x, Fraction* y) { transform_taps_adjoint<Exact, parity, 1, 1>(x, y); });
};

// y_m = sum over j of d_{m+j} g_j, for every pair of unit vectors: the algorithm is bilinear, so that this is all of it.
template <int parity>
void expect_correlation() {
  const Matrices<parity> m;
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t j = 0; j < static_cast<std::size_t>(m.taps); ++j)
      for (std::size_t row = 0; row < 4; ++row) {
        Fraction y;
        for (std::size_t p = 0; p < static_cast<std::size_t>(m.points); ++p) y = y + m.output[row][p] * (m.weights[p][j] * m.input[p][i]);
        EXPECT_EQ(y, (Fraction{i == row + j ? 1 : 0, 1})) << "output " << row << ", pixel " << i << ", tap " << j << ", parity " << parity;
      }
}

TEST(WinogradTransform, TheMatricesGiveTheCorrelationExactly) {
  expect_correlation<0>();
  expect_correlation<1>();
}

template <int parity>
void expect_adjoints() {
  const Matrices<parity> m;
  EXPECT_EQ(m.input_adjoint, transposed(m.input));
  EXPECT_EQ(m.output_adjoint, transposed(m.output));
  EXPECT_EQ(m.weights_adjoint, transposed(m.weights));
}

TEST(WinogradTransform, TheAdjointsAreTheTransposedMatrices) {
  expect_adjoints<0>();
  expect_adjoints<1>();
}

// With two taps the products at the first five points alone: B^T's rows of those must not read the sixth pixel.
TEST(WinogradTransform, TwoTapsReadFivePixels) {
  const Matrices<0> m;
  for (std::size_t row = 0; row < 5; ++row) EXPECT_EQ(m.input[row][5], Fraction{});
}

// The taps of both parities are the kernel's five, each once, and tap j of parity p joins output 2m + p to pixel m - 1 + j: with padding 1,
// 2(m - 1 + j) + tap - 1 = 2m + p.
TEST(WinogradTransform, TheTapsOfThePhasesAreTheKernels) {
  std::array<int, 5> seen{};
  for (const int parity : {0, 1})
    for (int j = 0; j < taps_of(parity); ++j) {
      const int tap = tap_of(parity, j);
      ASSERT_TRUE(tap >= 0 && tap < 5);
      ++seen[static_cast<std::size_t>(tap)];
      EXPECT_EQ(2 * (j - 1) + tap - 1, parity);
    }
  EXPECT_EQ(seen, (std::array<int, 5>{1, 1, 1, 1, 1}));
}

TEST(WinogradTransform, ConstantsOfActivationsAreExactInFloat) {
  for (const Ratio c : {kA, kB, kA2, kB2, kA3, kB3, kA2B2, kSum, kAB2, kBA2}) {
    EXPECT_TRUE(std::has_single_bit(static_cast<std::uint64_t>(c.denominator)));
    EXPECT_LT(c.numerator, 1 << 24);
  }
}

}  // namespace
}  // namespace pbgen
