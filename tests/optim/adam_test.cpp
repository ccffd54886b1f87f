// Adam against its formula in double precision.
#include "optim/adam.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/cpu.h"
#include "core/base/parallel.h"
#include "core/base/rng.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

void fill_random(AlignedBuffer<float>& values, std::uint32_t which, double sd) {
  const CounterRng rng(3, Stream::test, which);
  for (std::int64_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(sd * rng.normal(static_cast<std::uint64_t>(i)));
}

// Each test runs on each path that this machine has.
class AdamTest : public OnEachPath {};
INSTANTIATE_TEST_SUITE_P(Paths, AdamTest, testing::ValuesIn(kIsas), isa_of_test);

TEST_P(AdamTest, FollowsTensorFlowsFormula) {
  const AdamOptions options{1e-3, 0.5, 0.999, 1e-8};
  Param a("a", {7, 5});
  Param b("b", {3});
  fill_random(a.value, 1, 0.02);
  fill_random(b.value, 2, 0.02);
  Adam adam({&a, &b}, options);
  struct Naive {
    Param* param;
    std::vector<double> w, m, v, g;
  };
  std::vector<Naive> naive;
  for (Param* const param : {&a, &b}) {
    const std::size_t size = static_cast<std::size_t>(param->value.size());
    naive.push_back({param, {param->value.begin(), param->value.end()}, std::vector<double>(size), std::vector<double>(size), {}});
  }
  for (int t = 1; t <= 20; ++t) {
    // Tiny gradients now and then, where eps is felt.
    fill_random(a.gradient, 100 + static_cast<std::uint32_t>(t), t % 3 == 0 ? 1e-7 : 1.0);
    fill_random(b.gradient, 200 + static_cast<std::uint32_t>(t), 1e-7);
    for (Naive& n : naive) n.g.assign(n.param->gradient.begin(), n.param->gradient.end());
    adam.step();
    const double rate = options.lr * std::sqrt(1.0 - std::pow(options.beta2, t)) / (1.0 - std::pow(options.beta1, t));
    for (Naive& n : naive) {
      for (std::size_t i = 0; i < n.w.size(); ++i) {
        const double g = n.g[i];
        n.m[i] = options.beta1 * n.m[i] + (1.0 - options.beta1) * g;
        n.v[i] = options.beta2 * n.v[i] + (1.0 - options.beta2) * g * g;
        n.w[i] -= rate * n.m[i] / (std::sqrt(n.v[i]) + options.eps);
        // Each update is right to some 1e-6 of at most lr * 1.5, each sum of w to half an ulp of 0.05.
        ASSERT_NEAR(n.param->value[static_cast<std::int64_t>(i)], n.w[i], t * (1.5e-9 + 0x1p-29)) << n.param->name << " step " << t;
      }
    }
  }
  EXPECT_EQ(adam.step_count(), 20);
  for (std::size_t p = 0; p < 2; ++p) {
    for (std::size_t i = 0; i < naive[p].m.size(); ++i) {
      EXPECT_NEAR(adam.moments()[p].first[static_cast<std::int64_t>(i)], naive[p].m[i], 2e-6);
      EXPECT_NEAR(adam.moments()[p].second[static_cast<std::int64_t>(i)], naive[p].v[i], 2e-6);
    }
  }
}

TEST_P(AdamTest, ResumesToTheSameBytes) {
  Param straight("w", {100});
  Param resumed("w", {100});
  fill_random(straight.value, 1, 1.0);
  fill_random(resumed.value, 1, 1.0);
  Adam through({&straight}, {});
  Adam before({&resumed}, {});
  const auto step = [](Adam& adam, Param& param, std::uint32_t t) {
    fill_random(param.gradient, 10 + t, 1.0);
    adam.step();
  };
  for (std::uint32_t t = 0; t < 6; ++t) step(through, straight, t);
  for (std::uint32_t t = 0; t < 3; ++t) step(before, resumed, t);
  Adam after({&resumed}, {});
  after.set_step_count(before.step_count());
  std::copy(before.moments()[0].first.begin(), before.moments()[0].first.end(), after.moments()[0].first.begin());
  std::copy(before.moments()[0].second.begin(), before.moments()[0].second.end(), after.moments()[0].second.begin());
  for (std::uint32_t t = 3; t < 6; ++t) step(after, resumed, t);
  EXPECT_TRUE(std::equal(straight.value.begin(), straight.value.end(), resumed.value.begin()));
}

TEST_P(AdamTest, UsesGradientsUpAndIgnoresTheThreadCount) {
  const EagerScope eager;
  Param one("w", {70001});
  Param three("w", {70001});
  for (Param* const param : {&one, &three}) {
    set_thread_count(param == &one ? 1 : 3);
    fill_random(param->value, 1, 1.0);
    Adam adam({param}, {});
    for (std::uint32_t t = 0; t < 4; ++t) {
      fill_random(param->gradient, 2 + t, 1.0);
      EXPECT_EQ(adam.step(), nullptr);
      EXPECT_TRUE(std::all_of(param->gradient.begin(), param->gradient.end(), [](float g) { return g == 0.0f; }));
    }
  }
  EXPECT_TRUE(std::equal(one.value.begin(), one.value.end(), three.value.begin()));
}

TEST_P(AdamTest, NamesTheFirstParameterThatIsNotFinite) {
  const EagerScope eager;
  for (const float broken : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    for (const std::int64_t at : {0, 1023, 1024, 4999}) {
      Param a("a", {10});
      Param b("b", {5000});
      Param c("c", {3});
      Adam adam({&a, &b, &c}, {});
      EXPECT_EQ(adam.step(), nullptr);
      b.value[at] = broken;
      c.value[0] = broken;
      EXPECT_EQ(adam.step(), &b) << broken << " at " << at;
    }
  }
}

TEST_P(AdamTest, LateStepsUseTheFullRate) {
  // beta^t has vanished after 10^9 steps: a constant gradient then moves a weight by lr.
  Param param("w", {1});
  Adam adam({&param}, {});
  adam.set_step_count(1000000000);
  adam.moments()[0].first[0] = 1.0f;
  adam.moments()[0].second[0] = 1.0f;
  param.gradient[0] = 1.0f;
  adam.step();
  EXPECT_NEAR(param.value[0], -2e-4, 1e-10);
}

TEST(AdamContract, ImpossibleOptionsAreRefused) {
  Param param("w", {1});
  EXPECT_THROW(Adam({&param}, {-1.0, 0.5, 0.999, 1e-8}), std::logic_error);
  EXPECT_THROW(Adam({&param}, {1.0, 1.0, 0.999, 1e-8}), std::logic_error);
  EXPECT_THROW(Adam({&param}, {1.0, 0.5, -0.1, 1e-8}), std::logic_error);
  EXPECT_THROW(Adam({&param}, {1.0, 0.5, 0.999, 0.0}), std::logic_error);
}

// Counts that no vector divides, weights that leave the finite numbers, gradients that are 0 or tiny.
TEST(AdamPaths, AllGiveTheSameBytes) {
  const Isa before = isa();
  const int threads = thread_count();
  set_thread_count(1);
  for (const std::int64_t count : {1, 7, 15, 16, 17, 31, 1023, 5000}) {
    std::vector<std::vector<float>> expected;
    std::vector<bool> expected_broken;
    for (const Isa path : machine_paths()) {
      set_isa(path);
      Param param("w", {count});
      fill_random(param.value, 1, 0.02);
      Adam adam({&param}, {});
      std::vector<std::vector<float>> results;
      std::vector<bool> broken;
      for (std::uint32_t t = 0; t < 4; ++t) {
        fill_random(param.gradient, 10 + t, t == 1 ? 1e-20 : 1.0);
        param.gradient[count / 2] = t == 2 ? 0.0f : 1e-8f;
        if (t == 3) param.value[count - 1] = std::numeric_limits<float>::infinity();
        broken.push_back(adam.step() != nullptr);
        for (const AlignedBuffer<float>* const values :
             {&param.value, &param.gradient, &adam.moments()[0].first, &adam.moments()[0].second})
          results.emplace_back(values->begin(), values->end());
      }
      if (path == Isa::ref) {
        expected = results;
        expected_broken = broken;
      }
      EXPECT_EQ(results, expected) << count << " weights, " << name(path);
      EXPECT_EQ(broken, expected_broken) << count << " weights, " << name(path);
    }
    EXPECT_EQ(expected_broken, (std::vector<bool>{false, false, false, true}));
  }
  set_isa(before);
  set_thread_count(threads);
}

}  // namespace
}  // namespace pbgen
