// The losses against their textbook formulas, and far out where those overflow.
#include "gan/losses.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/rng.h"
#include "tests/support/refusal.h"

namespace pbgen {
namespace {

Tensor random_logits(std::int64_t batch) {
  Tensor logits({batch, 1, 1, 1});
  const CounterRng rng(5, Stream::test);
  for (std::int64_t i = 0; i < batch; ++i) logits.data()[i] = static_cast<float>(3.0 * rng.normal(static_cast<std::uint64_t>(i)));
  return logits;
}

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

double textbook(Loss loss, const std::vector<double>& x, double target) {
  double sum = 0.0;
  for (const double v : x) {
    if (loss == Loss::dcgan)
      sum -= target * std::log(sigmoid(v)) + (1.0 - target) * std::log(1.0 - sigmoid(v));
    else if (loss == Loss::wgan)
      sum += (1.0 - target) * v - target * v;
    else
      sum += 0.5 * (v - target) * (v - target);
  }
  return sum / static_cast<double>(x.size());
}

TEST(Losses, ValuesGradientsAndMeanOutputsFollowTheFormulas) {
  for (const Loss loss : {Loss::dcgan, Loss::lsgan, Loss::wgan}) {
    for (const double target : {0.0, 1.0, 0.9}) {
      const Tensor logits = random_logits(24);
      Tensor gradient(logits.shape());
      gradient.data()[0] = std::numeric_limits<float>::quiet_NaN();
      const LossResult result = loss_towards(loss, logits.view(), target, gradient.view());
      std::vector<double> x(logits.data(), logits.data() + 24);
      EXPECT_NEAR(result.loss, textbook(loss, x, target), 1e-12);
      double mean_output = 0.0;
      for (const double v : x) mean_output += (loss == Loss::dcgan ? sigmoid(v) : v) / 24.0;
      EXPECT_NEAR(result.mean_output, mean_output, 1e-12);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double kept = x[i];
        x[i] = kept + 1e-5;
        const double above = textbook(loss, x, target);
        x[i] = kept - 1e-5;
        const double below = textbook(loss, x, target);
        x[i] = kept;
        ASSERT_NEAR(gradient.data()[i], (above - below) / 2e-5, 1e-8) << loss_name(loss) << " towards " << target;
      }
    }
  }
}

TEST(Losses, CrossEntropyIsExactFarOut) {
  for (const float logit : {1e4f, -1e4f, 100.0f, -100.0f}) {
    for (const double target : {0.0, 1.0}) {
      Tensor logits({8, 1, 1, 1});
      std::fill_n(logits.data(), 8, logit);
      Tensor gradient(logits.shape());
      const LossResult result = loss_towards(Loss::dcgan, logits.view(), target, gradient.view());
      const bool right = (logit > 0.0f) == (target == 1.0);
      EXPECT_NEAR(result.loss, right ? 0.0 : std::fabs(logit), 1e-12);
      const double slope = right ? 0.0 : target == 1.0 ? -0.125 : 0.125;
      EXPECT_NEAR(gradient.data()[3], slope, 1e-43);
      EXPECT_NEAR(result.mean_output, logit > 0.0f ? 1.0 : 0.0, 1e-12);
    }
  }
}

TEST(Losses, NaNReachesTheLoss) {
  for (const Loss loss : {Loss::dcgan, Loss::lsgan, Loss::wgan}) {
    Tensor logits = random_logits(8);
    logits.data()[5] = std::numeric_limits<float>::quiet_NaN();
    Tensor gradient(logits.shape());
    EXPECT_TRUE(std::isnan(loss_towards(loss, logits.view(), 1.0, gradient.view()).loss));
  }
}

TEST(Losses, GradientMayReplaceTheLogits) {
  Tensor logits = random_logits(16);
  Tensor gradient(logits.shape());
  const LossResult apart = loss_towards(Loss::dcgan, logits.view(), 1.0, gradient.view());
  const LossResult in_place = loss_towards(Loss::dcgan, logits.view(), 1.0, logits.view());
  EXPECT_EQ(apart.loss, in_place.loss);
  EXPECT_TRUE(std::equal(gradient.data(), gradient.data() + 16, logits.data()));
}

TEST(Losses, NamesAreReadBackAndOthersRefused) {
  for (const Loss loss : {Loss::dcgan, Loss::lsgan, Loss::wgan}) EXPECT_EQ(parse_loss(loss_name(loss)), loss);
  EXPECT_EQ(expect_refusal(ErrorKind::usage, "", [] { parse_loss("hinge"); }), "loss hinge: expected dcgan, lsgan or wgan");
}

TEST(Losses, TargetsOutsideZeroToOneAreRefused) {
  Tensor logits({8, 1, 1, 1});
  for (const double target : {-0.1, 1.1, std::nan("")})
    EXPECT_THROW(loss_towards(Loss::lsgan, logits.view(), target, logits.view()), std::logic_error) << target;
}

TEST(Losses, OtherShapesAreRefused) {
  Tensor logits({8, 2, 1, 1});
  EXPECT_THROW(loss_towards(Loss::dcgan, logits.view(), 1.0, logits.view()), std::logic_error);
}

}  // namespace
}  // namespace pbgen
