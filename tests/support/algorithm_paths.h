// Layers with weights have several algorithms on each path: tests run with all of them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "core/base/cpu.h"
#include "core/conv/conv_algorithm.h"

namespace pbgen {

// Each test of such a suite runs with each algorithm on each path, and is skipped where the machine lacks the path:
// INSTANTIATE_TEST_SUITE_P(Paths, MyTest, testing::Combine(testing::ValuesIn(kConvAlgorithms), testing::ValuesIn(kIsas)), path_of_test).
class OnEachAlgorithmAndPath : public testing::TestWithParam<std::tuple<ConvAlgorithm, Isa>> {
 protected:
  void SetUp() override {
    const auto [algorithm, path] = GetParam();
    if (!machine_supports(path)) GTEST_SKIP() << "this processor has no " << name(path);
    set_conv_algorithm(algorithm);
    set_isa(path);
  }
  void TearDown() override {
    set_conv_algorithm(algorithm_before_);
    set_isa(isa_before_);
    set_thread_count(threads_before_);
  }

 private:
  const ConvAlgorithm algorithm_before_ = conv_algorithm();
  const Isa isa_before_ = isa();
  const int threads_before_ = thread_count();
};

inline std::string path_of_test(const testing::TestParamInfo<std::tuple<ConvAlgorithm, Isa>>& tested) {
  return std::string(name(std::get<0>(tested.param))) + "_" + name(std::get<1>(tested.param));
}

}  // namespace pbgen
