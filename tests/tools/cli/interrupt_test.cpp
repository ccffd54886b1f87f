// Signals that ask a tool to stop: what is noted, and that guards nest.
#include "tools/lib/cli/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>

#include "tests/support/signal_state.h"

namespace pbgen {
namespace {

class InterruptGuardTest : public testing::Test {
 private:
  PlainSignals plain_;
};

TEST_F(InterruptGuardTest, AnInnerGuardNeitherForgetsASignalNorLetsTheNextOnePass) {
  {
    const InterruptGuard outer;
    EXPECT_EQ(InterruptGuard::signal_received(), 0);
    {
      const InterruptGuard inner;
      EXPECT_EQ(InterruptGuard::signal_received(), 0);
    }
    std::raise(SIGTERM);  // the outer guard still stands: this process goes on
    EXPECT_EQ(InterruptGuard::signal_received(), SIGTERM);
    {
      const InterruptGuard inner;
      EXPECT_EQ(InterruptGuard::signal_received(), SIGTERM);
    }
  }
  EXPECT_EQ(InterruptGuard::signal_received(), SIGTERM);
  struct sigaction now = {};
  sigaction(SIGTERM, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
  const InterruptGuard next;
  EXPECT_EQ(InterruptGuard::signal_received(), 0);
}

TEST_F(InterruptGuardTest, AHangUpIsASignalUnlessItIsIgnored) {
  {
    const InterruptGuard guard;
    std::raise(SIGHUP);
    EXPECT_EQ(InterruptGuard::signal_received(), SIGHUP);
  }
  std::signal(SIGHUP, SIG_IGN);
  {
    const InterruptGuard guard;
    std::raise(SIGHUP);
    EXPECT_EQ(InterruptGuard::signal_received(), 0);
  }
}

// As `sh -c './tools/train_gan &'` leaves it.
TEST_F(InterruptGuardTest, AnInterruptIsHeededWhereAShellIgnoresIt) {
  std::signal(SIGINT, SIG_IGN);
  const InterruptGuard guard;
  std::raise(SIGINT);
  EXPECT_EQ(InterruptGuard::signal_received(), SIGINT);
}

TEST_F(InterruptGuardTest, TheSystemsRepeatedWordAboutCpuTimeIsNoSecondSignal) {
  const InterruptGuard guard;
  for (int i = 0; i < 3; ++i) std::raise(SIGXCPU);
  EXPECT_EQ(InterruptGuard::signal_received(), SIGXCPU);
  EXPECT_EQ(InterruptGuard::count(), 1);
}

TEST_F(InterruptGuardTest, APatientOneCountsTheSecondSignalAndTheFirstIsKept) {
  {
    const InterruptGuard outer;
    const InterruptGuard patient(3);
    std::raise(SIGINT);
    std::raise(SIGTERM);
    EXPECT_EQ(InterruptGuard::signal_received(), SIGINT);
    EXPECT_EQ(InterruptGuard::count(), 2);
  }
  EXPECT_EXIT(
      {
        const InterruptGuard outer;
        { const InterruptGuard patient(3); }
        std::raise(SIGINT);
        std::raise(SIGTERM);
      },
      testing::ExitedWithCode(128 + SIGTERM), "");
}

}  // namespace
}  // namespace pbgen
