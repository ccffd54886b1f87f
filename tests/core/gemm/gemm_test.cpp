// The matrix product against its definition, on every path.
#include "core/gemm/gemm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <ostream>
#include <stdexcept>
#include <tuple>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kGuard = 12345.0f;

// An operand or a result as the caller may hold it: rows padded, the first element off every alignment, guards in
// between and around.
class Matrix {
 public:
  Matrix(std::int64_t rows, std::int64_t columns, std::int64_t padding, std::int64_t offset, float guard)
      : rows_(rows), columns_(columns), ld_(columns + padding), offset_(offset), storage_(offset + rows * ld_ + 16, guard) {}

  void fill_random(std::uint64_t seed) {
    const CounterRng rng(seed, Stream::test);
    for (std::int64_t i = 0; i < rows_; ++i)
      for (std::int64_t j = 0; j < columns_; ++j) at(i, j) = static_cast<float>(rng.uniform(i * columns_ + j, -1.0, 1.0));
  }
  void fill(float value) {
    for (std::int64_t i = 0; i < rows_; ++i) std::fill_n(data() + i * ld_, columns_, value);
  }

  float& at(std::int64_t i, std::int64_t j) { return storage_[offset_ + i * ld_ + j]; }
  float at(std::int64_t i, std::int64_t j) const { return storage_[offset_ + i * ld_ + j]; }
  float* data() { return storage_.data() + offset_; }
  const float* data() const { return storage_.data() + offset_; }
  std::int64_t ld() const { return ld_; }
  const std::vector<float>& storage() const { return storage_; }

  bool guards_stand(float guard) const {
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(storage_.size()); ++i) {
      const std::int64_t inside = i - offset_;
      const bool is_element = inside >= 0 && inside < rows_ * ld_ && inside % ld_ < columns_;
      if (!is_element && storage_[i] != guard) return false;
    }
    return true;
  }

 private:
  std::int64_t rows_;
  std::int64_t columns_;
  std::int64_t ld_;
  std::int64_t offset_;
  std::vector<float> storage_;
};

struct Problem {
  Transpose a_op;
  Transpose b_op;
  std::int64_t m;
  std::int64_t n;
  std::int64_t k;
  std::int64_t padding = 0;
  std::int64_t offset = 0;
  // What lies between the rows of A and B must not reach C, so it is NaN.
  Matrix a = a_op == Transpose::no ? Matrix(m, k, padding, offset, kNaN) : Matrix(k, m, padding, offset, kNaN);
  Matrix b = b_op == Transpose::no ? Matrix(k, n, padding, offset, kNaN) : Matrix(n, k, padding, offset, kNaN);

  void fill_random() {
    a.fill_random(1);
    b.fill_random(2);
  }
  Matrix result() const { return Matrix(m, n, padding, offset, kGuard); }
  void multiply(float beta, Matrix& c) const { gemm(a_op, b_op, m, n, k, a.data(), a.ld(), b.data(), b.ld(), beta, c.data(), c.ld()); }
  void multiply_ref(float beta, Matrix& c) const {
    gemm_ref(a_op, b_op, m, n, k, a.data(), a.ld(), b.data(), b.ld(), beta, c.data(), c.ld());
  }
  double a_at(std::int64_t i, std::int64_t p) const { return a_op == Transpose::no ? a.at(i, p) : a.at(p, i); }
  double b_at(std::int64_t p, std::int64_t j) const { return b_op == Transpose::no ? b.at(p, j) : b.at(j, p); }
};

void PrintTo(const Problem& g, std::ostream* out) {
  *out << (g.a_op == Transpose::yes ? "A^T " : "A ") << (g.b_op == Transpose::yes ? "B^T " : "B ") << g.m << "x" << g.n << "x" << g.k
       << " padding " << g.padding << " offset " << g.offset;
}

// Compares C with sums in double, within the contract's bound.
void expect_within_bound(const Problem& g, float beta, const Matrix& before, const Matrix& c) {
  const double unit = (static_cast<double>(g.k) + 8.0) * std::ldexp(1.0, -24);
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < g.m; ++i) {
    for (std::int64_t j = 0; j < g.n; ++j) {
      double sum = beta == 0.0f ? 0.0 : before.at(i, j);
      double magnitude = std::fabs(sum);
      for (std::int64_t p = 0; p < g.k; ++p) {
        const double term = g.a_at(i, p) * g.b_at(p, j);
        sum += term;
        magnitude += std::fabs(term);
      }
      wrong += !(std::fabs(c.at(i, j) - sum) <= unit * magnitude);
    }
  }
  EXPECT_EQ(wrong, 0) << "entries out of bound, beta " << beta << ", " << testing::PrintToString(g);
  EXPECT_TRUE(c.guards_stand(kGuard)) << testing::PrintToString(g);
}

void expect_parity(Problem g) {
  g.fill_random();
  Matrix c = g.result();
  c.fill(kNaN);
  g.multiply(0.0f, c);
  expect_within_bound(g, 0.0f, c, c);

  Matrix before = g.result();
  before.fill_random(3);
  c = before;
  g.multiply(1.0f, c);
  expect_within_bound(g, 1.0f, before, c);
}

constexpr Transpose kOps[] = {Transpose::no, Transpose::yes};

// Each test runs on each path that this machine has.
class Gemm : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, Gemm, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(Gemm, EveryShapeUpToTenIsRight) {
  for (std::int64_t m = 1; m <= 10; ++m)
    for (std::int64_t n = 1; n <= 10; ++n)
      for (std::int64_t k = 1; k <= 10; ++k)
        expect_parity({kOps[(m + n) % 2], kOps[(n + k) / 2 % 2], m, n, k, (m + k) % 3, (n + k) % 4});
}

TEST_P(Gemm, PowersOfTwoAndTheirNeighboursAreRight) {
  const std::int64_t sizes[] = {15, 16, 17, 31, 33, 63, 64, 65};
  for (const std::int64_t m : {6, 7, 12, 13, 64, 65})
    for (const std::int64_t n : sizes)
      for (const std::int64_t k : {7, 8, 9, 32, 65}) expect_parity({kOps[k % 2], kOps[(m + n) % 2], m, n, k});
}

TEST_P(Gemm, AllTransposesOfAwkwardShapesAreRight) {
  struct Shape {
    std::int64_t m, n, k;
  };
  const Shape shapes[] = {
      {1, 1, 3000},    // deep
      {5, 18, 1025},   // deep, edges everywhere
      {200, 33, 257},  // two blocks of rows, two blocks of k
      {195, 49, 513},
      {3, 1000, 5},    // wide
      {1000, 3, 5},    // tall
      {13, 700, 300},  // several blocks of columns
  };
  for (const Shape& s : shapes)
    for (const Transpose a_op : kOps)
      for (const Transpose b_op : kOps)
        for (const std::int64_t padding : {0, 5}) expect_parity({a_op, b_op, s.m, s.n, s.k, padding, padding == 0 ? 0 : 3});
}

TEST_P(Gemm, MisalignedPointersAreRight) {
  for (std::int64_t offset = 0; offset < 8; ++offset) expect_parity({kOps[offset % 2], kOps[offset / 2 % 2], 19, 37, 21, 1, offset});
}

TEST_P(Gemm, ManyBlocksOfColumnsUnderManyRowsAreRight) {
  expect_parity({Transpose::yes, Transpose::no, 199, 2100, 256});
}

TEST_P(Gemm, WithoutProductsCIsClearedOrKept) {
  Problem g{Transpose::no, Transpose::no, 7, 9, 0, 2, 1};
  Matrix c = g.result();
  c.fill(kNaN);
  g.multiply(0.0f, c);
  expect_within_bound(g, 0.0f, c, c);
  Matrix before = g.result();
  before.fill_random(3);
  c = before;
  g.multiply(1.0f, c);
  EXPECT_EQ(c.storage(), before.storage());
}

TEST_P(Gemm, AnEmptyResultIsLeftAlone) {
  float c = kGuard;
  gemm(Transpose::no, Transpose::no, 0, 4, 4, nullptr, 4, nullptr, 4, 0.0f, &c, 4);
  gemm(Transpose::no, Transpose::no, 4, 0, 4, nullptr, 4, nullptr, 4, 0.0f, &c, 4);
  EXPECT_EQ(c, kGuard);
}

TEST_P(Gemm, NonFiniteInputsReachExactlyTheirRowsAndColumns) {
  Problem g{Transpose::yes, Transpose::no, 20, 40, 30};
  g.fill_random();
  g.a.at(3, 7) = kNaN;                                      // row 7 of C
  g.b.at(5, 33) = std::numeric_limits<float>::infinity();  // column 33 of C
  Matrix c = g.result();
  g.multiply(0.0f, c);
  for (std::int64_t i = 0; i < 20; ++i)
    for (std::int64_t j = 0; j < 40; ++j) EXPECT_EQ(std::isfinite(c.at(i, j)), i != 7 && j != 33) << i << ", " << j;
}

TEST_P(Gemm, TheBitsDoNotDependOnTheThreads) {
  const EagerScope eager;
  const Problem problems[] = {
      {Transpose::yes, Transpose::no, 100, 300, 70},
      {Transpose::no, Transpose::yes, 64, 75, 2000},
      {Transpose::no, Transpose::no, 3, 3000, 100},
      {Transpose::no, Transpose::no, 1000, 5, 300},
      {Transpose::no, Transpose::no, 1, 16, 300},   // fewer tiles than threads
      {Transpose::no, Transpose::no, 12, 32, 300},
  };
  for (Problem g : problems) {
    g.fill_random();
    Matrix before = g.result();
    before.fill_random(3);
    std::vector<std::vector<float>> results;
    for (const int threads : {1, 2, 3, 7}) {
      set_thread_count(threads);
      Matrix c = before;
      g.multiply(1.0f, c);
      results.push_back(c.storage());
      EXPECT_EQ(results.front(), results.back()) << threads << " threads, " << testing::PrintToString(g);
    }
  }
}

// A leaf that ran in place of the reference, or the reverse, could not give both of these.
TEST_P(Gemm, TheChosenPathIsTheOneThatRuns) {
  Problem g{Transpose::no, Transpose::no, 30, 50, 400};
  g.fill_random();
  Matrix c = g.result();
  Matrix reference = g.result();
  g.multiply(0.0f, c);
  g.multiply_ref(0.0f, reference);
  EXPECT_EQ(c.storage() == reference.storage(), GetParam() == Isa::ref);
  expect_within_bound(g, 0.0f, c, c);
}

// Tiles differ, sums do not.
TEST_P(Gemm, AllPathsButTheReferenceGiveTheSameBytes) {
  if (GetParam() == Isa::ref) GTEST_SKIP() << "the reference adds in double";
  for (const Transpose a_op : kOps)
    for (const Transpose b_op : kOps)
      for (Problem g : {Problem{a_op, b_op, 67, 85, 600}, Problem{a_op, b_op, 12, 64, 1}, Problem{a_op, b_op, 197, 33, 257, 3, 1}}) {
        g.fill_random();
        Matrix c = g.result();
        c.fill_random(3);
        Matrix expected = c;
        g.multiply(1.0f, c);
        set_isa(fast_paths().front());
        g.multiply(1.0f, expected);
        set_isa(GetParam());
        EXPECT_EQ(c.storage(), expected.storage()) << testing::PrintToString(g);
      }
}

TEST_P(Gemm, AWrongCallIsRefused) {
  float a[64] = {};
  float b[64] = {};
  float c[64] = {};
  const auto call = [&](std::int64_t m, std::int64_t lda, std::int64_t ldb, float beta, std::int64_t ldc) {
    gemm(Transpose::no, Transpose::yes, m, 4, 5, a, lda, b, ldb, beta, c, ldc);
  };
  EXPECT_NO_THROW(call(3, 5, 5, 0.0f, 4));
  EXPECT_THROW(call(-1, 5, 5, 0.0f, 4), std::logic_error);
  EXPECT_THROW(call(3, 4, 5, 0.0f, 4), std::logic_error);
  EXPECT_THROW(call(3, 5, 4, 0.0f, 4), std::logic_error);
  EXPECT_THROW(call(3, 5, 5, 0.5f, 4), std::logic_error);
  EXPECT_THROW(call(3, 5, 5, kNaN, 4), std::logic_error);
  EXPECT_THROW(call(3, 5, 5, 0.0f, 3), std::logic_error);
}

}  // namespace
}  // namespace pbgen
