// Our exp, log and tanh against libm in higher precision.
#include "core/base/math.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace pbgen {
namespace {

TEST(Math, DoubleExpAgreesWithLibm) {
  for (double x = -700.0; x < 700.0; x += 0.37) ASSERT_LE(std::fabs(exp_of(x) / std::exp(x) - 1.0), 1e-15) << x;
  EXPECT_EQ(exp_of(-1000.0), 0.0);
  EXPECT_TRUE(std::isinf(exp_of(1000.0)));
  EXPECT_TRUE(std::isnan(exp_of(std::numeric_limits<double>::quiet_NaN())));
}

TEST(Math, DoubleLogAgreesWithLibm) {
  for (double x = 1e-300; x < 1e300; x *= 1.7) ASSERT_LE(std::fabs(log_of(x) - std::log(x)), 4e-16 * std::fabs(std::log(x)) + 4e-16) << x;
  EXPECT_EQ(log_of(1.0), 0.0);
  EXPECT_EQ(log_of(0.0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(log_of(std::numeric_limits<double>::infinity()), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(log_of(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_TRUE(std::isnan(log_of(-1.0)));
}

TEST(Math, FloatExpStaysWithinItsStatedError) {
  for (float x = -87.0f; x < 88.0f; x += 0.013f) {
    const double truth = std::exp(static_cast<double>(x));
    ASSERT_LE(std::fabs(exp_of(x) - truth), 2e-7 * truth) << x;
  }
}

TEST(Math, FloatTanhStaysWithinItsStatedError) {
  for (float x = -20.0f; x < 20.0f; x += 0.0017f) {
    const double truth = std::tanh(static_cast<double>(x));
    ASSERT_LE(std::fabs(tanh_of(x) - truth), 3e-7 * std::fabs(truth) + 1e-30) << x;
  }
  EXPECT_EQ(tanh_of(0.0f), 0.0f);
  // A NaN with any low bits: exp_of alone would shift them into the exponent.
  EXPECT_TRUE(std::isnan(tanh_of(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_TRUE(std::isnan(tanh_of(std::bit_cast<float>(0x7fc00001u))));
}

}  // namespace
}  // namespace pbgen
