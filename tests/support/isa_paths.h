// The paths that tests run on: all that this machine has.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/cpu.h"

namespace pbgen {

// Those beside the definition; none on a machine without AVX2.
inline std::vector<Isa> fast_paths() {
  std::vector<Isa> paths;
  for (const Isa isa : kIsas)
    if (isa != Isa::ref && machine_supports(isa)) paths.push_back(isa);
  return paths;
}

inline std::vector<Isa> machine_paths() {
  std::vector<Isa> paths = fast_paths();
  paths.insert(paths.begin(), Isa::ref);
  return paths;
}

// Each test of such a suite runs on each path, and is skipped where the machine lacks it:
// INSTANTIATE_TEST_SUITE_P(Paths, MyTest, testing::ValuesIn(kIsas), isa_of_test).
class OnEachPath : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (!machine_supports(GetParam())) GTEST_SKIP() << "this processor has no " << name(GetParam());
    set_isa(GetParam());
  }
  void TearDown() override {
    set_isa(isa_before_);
    set_thread_count(threads_before_);
  }

 private:
  const Isa isa_before_ = isa();
  const int threads_before_ = thread_count();
};

inline std::string isa_of_test(const testing::TestParamInfo<Isa>& tested) { return name(tested.param); }

}  // namespace pbgen
