// The choice of a path: what is forced is what runs.
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/base/cpu.h"
#include "core/base/rng.h"
#include "core/conv/conv_kernels.h"
#include "core/gemm/gemm.h"
#include "tests/support/isa_paths.h"

namespace pbgen {
namespace {

// Whether gemm gives the reference's bits on a product where fused single precision cannot.
bool gemm_is_the_reference() {
  constexpr std::int64_t kSize = 48;
  const CounterRng rng(7, Stream::test);
  std::vector<float> a(kSize * kSize);
  std::vector<float> b(kSize * kSize);
  for (std::int64_t i = 0; i < kSize * kSize; ++i) {
    a[i] = static_cast<float>(rng.uniform(i));
    b[i] = static_cast<float>(rng.uniform(kSize * kSize + i));
  }
  std::vector<float> c(kSize * kSize);
  std::vector<float> reference(kSize * kSize);
  gemm(Transpose::no, Transpose::no, kSize, kSize, kSize, a.data(), kSize, b.data(), kSize, 0.0f, c.data(), kSize);
  gemm_ref(Transpose::no, Transpose::no, kSize, kSize, kSize, a.data(), kSize, b.data(), kSize, 0.0f, reference.data(), kSize);
  return c == reference;
}

struct Outcome {
  int exit_code;
  std::string output;
};

// Runs one test of this very program in a process of its own, with PBGEN_ISA set.
Outcome run_self(const std::string& forced_isa, const std::string& test) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = "PBGEN_ISA=" + forced_isa + " '" + self + "' --gtest_filter=" + test + " 2>&1";
  Outcome outcome{-1, ""};
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return outcome;
  char buffer[512];
  while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) outcome.output += buffer;
  const int status = pclose(pipe);
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  return outcome;
}

TEST(IsaTest, TheEnvironmentDecidesElseTheMachine) {
  const char* const variable = std::getenv("PBGEN_ISA");
  const std::string forced = variable == nullptr ? "" : variable;
  const std::string best = name(machine_paths().back());
  EXPECT_EQ(name(isa()), forced.empty() ? best : forced);
  EXPECT_EQ(gemm_is_the_reference(), isa() == Isa::ref);
}

TEST(IsaTest, TheVariableForcesAPathInANewProcess) {
  for (const Isa forced : machine_paths()) {
    const Outcome outcome = run_self(name(forced), "IsaTest.TheEnvironmentDecidesElseTheMachine");
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    EXPECT_NE(outcome.output.find("1 passed, 0 failed"), std::string::npos) << outcome.output;
  }
}

TEST(IsaTest, AnUnknownPathIsRefusedByName) {
  const Outcome outcome = run_self("sse9", "IsaTest.TheEnvironmentDecidesElseTheMachine");
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_NE(outcome.output.find("PBGEN_ISA=sse9: expected ref, avx2 or avx512"), std::string::npos) << outcome.output;
}

TEST(IsaTest, AChosenPathRuns) {
  const Isa before = isa();
  for (const Isa chosen : kIsas) {
    if (!machine_supports(chosen)) {
      EXPECT_THROW(set_isa(chosen), Error);
      continue;
    }
    set_isa(chosen);
    EXPECT_EQ(isa(), chosen);
    EXPECT_EQ(gemm_is_the_reference(), chosen == Isa::ref);
    EXPECT_EQ(conv_kernels().path == Isa::ref, chosen == Isa::ref);
  }
  set_isa(before);
}

}  // namespace
}  // namespace pbgen
